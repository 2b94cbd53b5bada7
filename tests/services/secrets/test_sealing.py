"""Where the key of the vault lives: the keyring of the system, else a file of mode 0600."""

import base64
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import KeyringLocked

from services.foundation.errors import StoreError
from services.secrets import sealing
from services.secrets.sealing import Place
from services.secrets.service import Secrets

KEY = "sk-canary-5f2a"


class MemoryKeyring(KeyringBackend):
    """A keyring of this process."""

    priority = 5  # pyright: ignore[reportAssignmentType]  # a classproperty of the base

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}
        self.is_locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.is_locked:
            raise KeyringLocked("the collection is locked")
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.is_locked:
            raise KeyringLocked("the collection is locked")
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


@pytest.fixture
def ring() -> Iterator[MemoryKeyring]:
    before = keyring.get_keyring()
    ring = MemoryKeyring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def no_ring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())
    yield
    keyring.set_keyring(before)


def test_a_new_vault_takes_the_keyring_where_there_is_one(tmp_path: Path, ring: MemoryKeyring):
    secrets = Secrets(tmp_path, Place.AUTO)
    secrets.put("endpoint/1/api_key", KEY)
    assert secrets.place is Place.KEYRING
    assert len(ring.entries) == 1
    assert not (tmp_path / "vault.key").exists()
    [value] = ring.entries.values()
    on_disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert value.encode() not in on_disk
    assert KEY.encode() not in on_disk
    assert Secrets(tmp_path, Place.AUTO).get("endpoint/1/api_key") == KEY


@pytest.mark.usefixtures("no_ring")
def test_without_a_keyring_the_key_is_a_file_only_its_owner_reads(tmp_path: Path):
    secrets = Secrets(tmp_path, Place.AUTO)
    assert secrets.place is Place.FILE
    assert (tmp_path / "vault.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("no_ring")
def test_a_keyring_that_is_asked_for_and_missing_is_an_error(tmp_path: Path):
    with pytest.raises(StoreError, match=r"no keyring.*SECRETS_STORE=file"):
        Secrets(tmp_path, Place.KEYRING)
    assert list(tmp_path.iterdir()) == []


def test_a_vault_that_has_a_key_file_keeps_it(tmp_path: Path, ring: MemoryKeyring):
    Secrets(tmp_path, Place.FILE).put("a", KEY)
    again = Secrets(tmp_path, Place.AUTO)
    assert again.place is Place.FILE
    assert again.get("a") == KEY
    assert not ring.entries


def test_the_key_moves_to_the_keyring_and_back(tmp_path: Path, ring: MemoryKeyring):
    Secrets(tmp_path, Place.FILE).put("a", KEY)
    moved = Secrets(tmp_path, Place.KEYRING)
    assert (moved.place, moved.get("a"), len(ring.entries)) == (Place.KEYRING, KEY, 1)
    assert not (tmp_path / "vault.key").exists()
    back = Secrets(tmp_path, Place.FILE)
    assert (back.place, back.get("a"), len(ring.entries)) == (Place.FILE, KEY, 0)
    assert not (tmp_path / "vault.keyring").exists()


def test_a_move_cut_in_the_middle_is_finished_at_the_next_start(
    tmp_path: Path, ring: MemoryKeyring
):
    Secrets(tmp_path, Place.FILE).put("a", KEY)
    file = (tmp_path / "vault.key").read_bytes()
    Secrets(tmp_path, Place.KEYRING)
    (tmp_path / "vault.key").write_bytes(file)  # killed before it was taken away
    assert Secrets(tmp_path, Place.AUTO).get("a") == KEY
    assert not (tmp_path / "vault.key").exists()


def test_a_locked_keyring_says_what_to_do(tmp_path: Path, ring: MemoryKeyring):
    Secrets(tmp_path, Place.AUTO).put("a", KEY)
    ring.is_locked = True
    with pytest.raises(StoreError, match=r"the collection is locked.*Unlock it"):
        Secrets(tmp_path, Place.AUTO)
    ring.is_locked = False
    assert Secrets(tmp_path, Place.AUTO).get("a") == KEY


def test_an_entry_that_is_gone_says_what_to_do(tmp_path: Path, ring: MemoryKeyring):
    Secrets(tmp_path, Place.AUTO).put("a", KEY)
    ring.entries.clear()
    with pytest.raises(StoreError, match=r"has no entry vault-.*move vault.json"):
        Secrets(tmp_path, Place.AUTO)


def test_a_prompt_nobody_answers_ends(
    tmp_path: Path, ring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
):
    never = Event()
    monkeypatch.setattr(sealing, "_PROMPT_S", 0.05)
    monkeypatch.setattr(ring, "set_password", lambda *_: never.wait(5))
    assert Secrets(tmp_path, Place.AUTO).place is Place.FILE
    never.set()


def test_a_wrong_key_opens_nothing_and_destroys_nothing(tmp_path: Path):
    Secrets(tmp_path, Place.FILE).put("a", KEY)
    right, vault = (tmp_path / "vault.key").read_bytes(), (tmp_path / "vault.json").read_bytes()
    (tmp_path / "vault.key").write_bytes(base64.b64encode(bytes(32)))
    with pytest.raises(StoreError, match=r"cannot be opened with their key.*Restore both"):
        Secrets(tmp_path, Place.AUTO)
    assert (tmp_path / "vault.json").read_bytes() == vault
    (tmp_path / "vault.key").write_bytes(right)
    assert Secrets(tmp_path, Place.AUTO).get("a") == KEY
