"""Secrets: values encrypted in one file of mode 0600 under a key of the keyring or of a file."""

import base64
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from threading import RLock

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.foundation.errors import StoreError
from services.foundation.redact import mask
from services.secrets.files import alone, write_private
from services.secrets.sealing import Place, SealingKey

_log = logging.getLogger(__name__)


class Secrets:
    """Named values in `vault.json`, sealed with AES-256-GCM under a key kept apart from it."""

    def __init__(self, folder: Path, place: Place = Place.FILE, *, is_shared: bool = False) -> None:
        """Open or make the folder (mode 0700) and its key; raise StoreError when that cannot be.

        A shared folder is written by other consoles too: each change begins with what is there.
        """
        self._folder = folder
        self._is_shared = is_shared
        self.saved: Callable[[], None] = lambda: None  # told after each change, in its thread
        self._sealing = SealingKey(folder, place)
        self._lock = RLock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            with self._alone():
                self._key = AESGCM(self._sealing.read())
        except OSError as error:
            raise StoreError(
                "The folder for keys {path} cannot be used: {reason}",
                path=str(folder),
                reason=error.strerror or str(error),
            ) from error
        self._values = self._load()

    @property
    def place(self) -> Place:
        """Where the key of the vault is kept."""
        return self._sealing.place

    def get(self, name: str) -> str | None:
        """Return the value, or None when there is none."""
        with self._lock:
            return self._values.get(name)

    def put(self, name: str, value: str) -> None:
        """Keep the value durably; an empty one deletes it."""
        with self._lock, self._alone():
            if self._is_shared:
                self._values = self._load()
            if value:
                self._values[name] = value
            else:
                self._values.pop(name, None)
            self._save()
        self.saved()

    def reload(self) -> None:
        """Take what another console kept in the shared folder; raise StoreError."""
        if self._is_shared:
            with self._lock:
                self._values = self._load()

    def put_missing(self, values: Mapping[str, str]) -> int:
        """Keep, in one go, those values whose name holds none yet; return how many they were."""
        with self._lock, self._alone():
            if self._is_shared:
                self._values = self._load()
            new = {n: v for n, v in values.items() if v and not self._values.get(n)}
            if new:
                self._values |= new
                self._save()
        self.saved()
        return len(new)

    def delete(self, name: str) -> None:
        """Forget the value."""
        self.put(name, "")

    def masked(self, name: str) -> str:
        """Return the value as it may be shown, or an empty text."""
        value = self.get(name)
        return mask(value) if value else ""

    def known_values(self) -> list[str]:
        """Return every value, for the redaction of logs."""
        with self._lock:
            return list(self._values.values())

    def own_file(self, name: str, make: "bytes | None" = None) -> bytes:
        """Return the bytes of a file in the folder, made once (mode 0600) when it is missing."""
        path = self._folder / name
        with self._lock, self._alone():
            if not path.exists():
                write_private(path, make if make is not None else secrets.token_bytes(32))
            return path.read_bytes()

    def write_file(self, name: str, content: bytes) -> Path:
        """Replace a file in the folder atomically (mode 0600) and return its path."""
        path = self._folder / name
        with self._lock:
            write_private(path, content)
        self.saved()
        return path

    def _alone(self) -> AbstractContextManager[None]:
        return alone(self._folder / "vault.lock") if self._is_shared else nullcontext()

    def _load(self) -> dict[str, str]:
        path = self._folder / "vault.json"
        if not path.exists():
            return {}
        try:
            sealed = base64.b64decode(path.read_bytes())
            plain = self._key.decrypt(sealed[:12], sealed[12:], b"gymbro-vault-1")
        except (InvalidTag, ValueError) as error:
            raise StoreError(
                "The keys in {path} cannot be opened with their key ({place}). Restore both together, or"
                " move vault.json away to start without stored keys",
                place=str(self._sealing.place),
                path=str(path),
            ) from error
        return json.loads(plain)

    def _save(self) -> None:
        nonce = secrets.token_bytes(12)
        plain = json.dumps(self._values).encode()
        sealed = nonce + self._key.encrypt(nonce, plain, b"gymbro-vault-1")
        try:
            write_private(self._folder / "vault.json", base64.b64encode(sealed))
        except OSError as error:
            raise StoreError(
                "The key could not be saved: {reason}", reason=error.strerror or str(error)
            ) from error
