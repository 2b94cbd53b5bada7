"""SealingKey: where the key of the vault lives, the keyring of the system or a file of mode 0600."""

import base64
import logging
import secrets
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from services.foundation.errors import StoreError
from services.secrets.files import write_private

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_log = logging.getLogger(__name__)
SERVICE = "GymBro Console"
_PROMPT_S = 60.0  # the system may ask its user to unlock
_LEAST_PRIORITY = 1  # below it a backend is made for tests, or keeps plain text


class Place(StrEnum):
    """Where the key is kept."""

    AUTO = "auto"  # the keyring where there is one, for a vault that is new; else the file
    KEYRING = "keyring"
    FILE = "file"


class SealingKey:
    """Finds, makes and moves the key: `vault.key` holds it, or `vault.keyring` names its entry."""

    def __init__(self, folder: Path, wanted: Place) -> None:
        """Remember the folder and what the environment asks for."""
        self._file = folder / "vault.key"
        self._entry = folder / "vault.keyring"
        self._wanted = wanted

    @property
    def place(self) -> Place:
        """Where the key is now; AUTO before there is one."""
        if self._entry.exists():
            return Place.KEYRING
        return Place.FILE if self._file.exists() else Place.AUTO

    def read(self) -> bytes:
        """Return the key, made or moved to the wanted place first; raise StoreError without it."""
        place = self.place
        if place is Place.AUTO:
            return self._make()
        key = self._from_keyring() if place is Place.KEYRING else self._from_file()
        if place is Place.KEYRING:
            self._file.unlink(missing_ok=True)  # a move to the keyring was cut before this
        if self._wanted not in (place, Place.AUTO):
            self._move(key)
        return key

    def _make(self) -> bytes:
        key = secrets.token_bytes(32)
        if self._wanted is Place.FILE:
            self._to_file(key)
            return key
        try:
            self._to_keyring(key)
        except StoreError as error:
            if self._wanted is Place.KEYRING:
                raise
            _log.info("the key of the vault goes to a file: %s", error.message.params.get("reason"))
            self._to_file(key)
        return key

    def _move(self, key: bytes) -> None:
        """Keep the key at the wanted place, then take it away where it was."""
        if self._wanted is Place.KEYRING:
            self._to_keyring(key)
            self._file.unlink()
            return
        self._to_file(key)
        name = self._entry.read_text().strip()
        self._entry.unlink()
        _ask(lambda backend: backend.delete_password(SERVICE, name))

    # -- the file

    def _from_file(self) -> bytes:
        return base64.b64decode(self._file.read_bytes())

    def _to_file(self, key: bytes) -> None:
        write_private(self._file, base64.b64encode(key))

    # -- the keyring

    def _from_keyring(self) -> bytes:
        name = self._entry.read_text().strip()
        found = _ask(lambda backend: backend.get_password(SERVICE, name))
        if not found:
            raise StoreError(
                "The keyring of this system has no entry {name} of {service}, which opens the stored"
                " keys. Start as the user who made it, or move vault.json and vault.keyring away"
                " to start without stored keys",
                name=name,
                service=SERVICE,
            )
        return base64.b64decode(found)

    def _to_keyring(self, key: bytes) -> None:
        name, value = f"vault-{secrets.token_hex(8)}", base64.b64encode(key).decode()

        def keep(backend: "KeyringBackend") -> None:
            backend.set_password(SERVICE, name, value)

        _ask(keep)
        if _ask(lambda backend: backend.get_password(SERVICE, name)) != value:
            raise _unreachable("it did not give back what was kept")
        write_private(self._entry, name.encode())


def _ask(question: "Callable[[KeyringBackend], str | None]") -> str | None:
    """Return what the keyring answers; raise StoreError when there is none or it stays silent."""
    answers: list[str | None] = []
    failures: list[str] = []

    def work() -> None:
        try:
            answers.append(question(_backend()))
        except Exception as error:  # noqa: BLE001  # boundary: each backend has its own errors
            failures.append(f"{type(error).__name__}: {error}"[:300])

    asked = Thread(target=work, name="keyring", daemon=True)  # a prompt nobody answers ends here
    asked.start()
    asked.join(_PROMPT_S)
    if failures:
        raise _unreachable(failures[0])
    if not answers:
        raise _unreachable(f"no answer within {_PROMPT_S:.0f} s")
    return answers[0]


def _backend() -> "KeyringBackend":
    import keyring  # noqa: PLC0415  # 0.1 s: only where a key is there or is made

    backend = keyring.get_keyring()
    if backend.priority < _LEAST_PRIORITY:
        raise LookupError("this system offers no keyring")
    return backend


def _unreachable(reason: str) -> StoreError:
    return StoreError(
        "The keyring of this system cannot be used: {reason}. Unlock it and start again, or set"
        " SECRETS_STORE=file to keep the key in a file of mode 0600 where that is still possible",
        reason=reason,
    )
