"""Checkup: every path, version and setting of this installation, what is wrong, what to do."""

import platform
import shutil
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries.consoles import consoles
from services.desktop.readiness import why_not
from services.foundation.errors import StoreError
from services.foundation.program import is_packaged
from services.foundation.redact import mask, redact
from services.journal.folder import ASIDE
from services.journal.records import rows_in
from services.journal.types import FOLDER as JOURNAL
from services.operator.presence import Running, find_running
from services.secrets.sealing import Place
from services.secrets.service import Secrets
from services.settings.env import read_session
from services.settings.types import Env

_NEEDED_MB = 200
_SECRET_WORDS = ("key", "secret", "password", "jwk")
# Two connections, one checkpointing while the other commits, could corrupt a file (SQLite's notes).
_WAL_RESET_FIXED = (3, 51, 3)


@dataclass(frozen=True, slots=True)
class Check:
    """One question about the installation."""

    name: str
    ok: bool
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """What doctor prints."""

    base_url: str
    running: Running | None
    versions: Mapping[str, str]
    paths: Mapping[str, str]
    database_source: str
    settings: Mapping[str, Any]  # secrets masked
    embedded_auth: Mapping[str, str]
    checks: tuple[Check, ...]


def examine(env: Env, console_version: str, *, show_secrets: bool = False) -> Checkup:
    """Return the checkup; nothing is changed and only the local disk is looked at."""
    running = find_running(env.data_dir)
    base_url = running.url if running and running.url else env.public_url
    return Checkup(
        base_url=base_url,
        running=running,
        versions=_versions(console_version),
        paths=_paths(env),
        database_source=env.database_source,
        settings=_plain(env),
        embedded_auth=_embedded_auth(env, base_url, show_secrets=show_secrets),
        checks=(
            _check_folder(env.data_dir),
            _check_space(env.data_dir),
            _check_database(env),
            _check_sqlite(),
            _check_host(env),
            _check_vault(env),
            _check_journal(env),
            _check_running(running),
            _check_window(),
        ),
    )


def _versions(console_version: str) -> dict[str, str]:
    return {
        "console": console_version,
        "installed": "packaged" if is_packaged() else "from source",
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in ("nicegui", "sqlmodel", "sqlalchemy", "httpx")},
    }


def _paths(env: Env) -> dict[str, str]:
    return {
        "program": str(Path(__file__).resolve().parents[2]),
        "python": sys.executable,
        "data": str(env.data_dir),
        "database": str(env.database_path or redact(env.database_url)),
        "runtime": str(env.runtime_dir),
        "backups": str(env.backups_dir),
        "logs": str(env.logs_dir),
        "secrets": str(env.secrets_dir),
    }


def _plain(value: Any, name: str = "") -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        items: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        return {key: _plain(item, key) for key, item in items.items()}
    if isinstance(value, tuple | list):
        return [_plain(item, name) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, str):
        return mask(value) if any(word in name for word in _SECRET_WORDS) else redact(value)
    return str(value) if isinstance(value, Path) else value


def _embedded_auth(env: Env, base_url: str, *, show_secrets: bool) -> dict[str, str]:
    found = {"url": base_url, "anon_key": "", "service_key": ""}
    if (env.secrets_dir / "vault.json").exists():
        try:
            secrets = Secrets(env.secrets_dir, Place.AUTO)  # reads, never moves
        except StoreError:  # its keyring is locked: named among the checks
            return found
        anon, service = (
            secrets.get("accounts/anon_key") or "",
            secrets.get("accounts/service_key") or "",
        )
        found["anon_key"] = anon  # public by design: every app carries it
        found["service_key"] = service if show_secrets else mask(service)
    return found


def _check_vault(env: Env) -> Check:
    if not (env.secrets_dir / "vault.json").exists():
        return Check("keys", ok=True, text="none are stored yet")
    try:
        place = Secrets(env.secrets_dir, Place.AUTO).place
    except StoreError as error:
        return Check("keys", ok=False, text=str(error))
    names = {Place.KEYRING: "the keyring of this system", Place.FILE: "vault.key, mode 0600"}
    return Check("keys", ok=True, text=f"sealed in vault.json; their key is in {names[place]}")


def _check_folder(path: Path) -> Check:
    existing = path
    while not existing.exists():
        existing = existing.parent
    probe = existing / ".gymbro-write-test"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        return Check(
            "data folder",
            ok=False,
            text=f"{path} cannot be written: {error.strerror}",
            advice="Choose another folder with --data-dir, or give this user the right to write.",
        )
    return Check("data folder", ok=True, text=f"{path} can be written")


def _check_space(path: Path) -> Check:
    existing = path
    while not existing.exists():
        existing = existing.parent
    free_mb = shutil.disk_usage(existing).free // 2**20
    return Check(
        "free space",
        ok=free_mb >= _NEEDED_MB,
        text=f"{free_mb} MB free",
        advice="" if free_mb >= _NEEDED_MB else f"At least {_NEEDED_MB} MB are needed.",
    )


def _check_database(env: Env) -> Check:
    path = env.database_path
    if path is None:
        return _check_postgres(env.database_url)
    if not path.exists():
        return Check("database", ok=True, text=f"{path} will be made at the first start")
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        try:
            answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            revision = connection.execute("PRAGMA user_version").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error as error:
        return Check(
            "database",
            ok=False,
            text=f"{path}: {error}",
            advice=f"Start the console: it moves a damaged file aside and restores the newest copy"
            f" from {env.backups_dir}.",
        )
    size_mb = path.stat().st_size / 2**20
    text = f"{path} ({size_mb:.1f} MB, version {revision}): {answer}"
    return Check("database", ok=answer == "ok", text=text)


def _check_postgres(url: str) -> Check:
    database = Database(url)
    try:
        found = database.read_now(consoles)
    except DatabaseUnavailableError as error:
        text = f"PostgreSQL {database.location}: {redact(str(error))}"
        return Check("database", ok=False, text=text, advice="Is the server started?")
    finally:
        database.close_now()
    names = [f"{one.address}{' (leads)' if one.leads else ''}" for one in found]
    text = f"PostgreSQL {database.location}; consoles now: {', '.join(names) or 'none'}"
    return Check("database", ok=True, text=text)


def _check_sqlite() -> Check:
    found = sqlite3.sqlite_version_info
    text = f"SQLite {sqlite3.sqlite_version}"
    if found < _WAL_RESET_FIXED:
        text += "; older than 3.51.3, safe here because one connection alone writes and checkpoints"
    return Check("sqlite", ok=found >= (3, 37, 0), text=text)


def _check_host(env: Env) -> Check:
    local = env.host in ("127.0.0.1", "localhost", "::1")
    return Check(
        "address",
        ok=True,
        text=f"listens on {env.host}:{env.port}"
        + ("" if local else "; whoever comes from another machine signs in (docs/security.md)"),
    )


def _check_journal(env: Env) -> Check:
    folder = env.runtime_dir / JOURNAL
    names = [path.name for path in folder.glob("*.json")] if folder.is_dir() else []
    aside = folder / ASIDE
    bad = len([path for path in aside.iterdir() if path.suffix == ".json"]) if aside.is_dir() else 0
    waiting = sum(rows_in(name) for name in names)
    text = f"{waiting} refused results wait to be written back, {bad} files put aside in {folder}"
    advice = "Run: python main.py replay" if waiting else ""
    return Check("journal", ok=not waiting, text=text, advice=advice)


def _check_window() -> Check:
    reason = why_not(read_session())
    text = f"--native is not possible: {reason}" if reason else "--native can be tried here"
    return Check("window", ok=True, text=text)


def _check_running(running: Running | None) -> Check:
    text = f"runs as process {running.pid} on {running.url}" if running else "is not running now"
    return Check("console", ok=True, text=text)
