"""What to do when the database is missing, emptied, damaged or not ours."""

import tempfile
from datetime import datetime
from pathlib import Path

from db.boot.copies import (
    copied_at,
    is_whole_alone,
    list_copies,
    newest_good_copy,
    put_back,
    stamp,
)
from db.boot.examine import Facts, examine
from db.boot.marker import Marker
from db.boot.place import StorePlace
from db.errors import StoreRefusedError
from db.files import log_of, move_together, size_of
from db.notices import StoreNotice


def refuse_foreign(path: Path, facts: Facts, place: StorePlace) -> None:
    """Raise StoreRefusedError when the file is not ours to use; leave it untouched."""
    known = place.revisions.head
    params: dict[str, str | int] = {"path": str(path)}
    if facts.kind == "original":
        raise StoreRefusedError(StoreNotice("original_gymbro", params))
    if facts.kind == "foreign":
        raise StoreRefusedError(StoreNotice("foreign_database", params))
    if facts.kind == "ours" and facts.version > known:
        more = {"version": facts.version, "known": known, "backups": str(place.backups_dir)}
        raise StoreRefusedError(StoreNotice("newer_version", {**params, **more}))


def mend(
    place: StorePlace, path: Path, facts: Facts, marker: Marker | None, now: datetime
) -> list[StoreNotice]:
    """Bring back what can be brought back; return what was found and done, for a banner."""
    known_here = marker is not None and marker.path == str(path)
    if facts.kind == "damaged":
        if not known_here and not facts.has_our_header and not list_copies(place.backups_dir):
            params: dict[str, str | int] = {"path": str(path), "reason": facts.reason}
            raise StoreRefusedError(StoreNotice("not_a_database", params))
        return [_mend_damage(place, path, facts.reason, now)]
    if facts.kind == "empty" and (known_here or list_copies(place.backups_dir)):
        move_together(path, place.quarantine_dir / stamp(now))
        return [_bring_back(place, path, "emptied")]
    if facts.kind == "missing" and known_here:
        return [_bring_back(place, path, "removed")]
    return _hints_for_new(place, path, marker)


def _mend_damage(place: StorePlace, path: Path, reason: str, now: datetime) -> StoreNotice:
    quarantine = place.quarantine_dir / stamp(now)
    had_log = size_of(log_of(path)) > 0
    move_together(path, quarantine)
    params: dict[str, str | int] = {
        "path": str(path),
        "reason": reason,
        "quarantine": str(quarantine),
    }
    if had_log and _use_without_log(quarantine / path.name, path, place.revisions.head):
        return StoreNotice("restored_without_log", params)
    copy = newest_good_copy(place.backups_dir, place.revisions.head)
    if copy is None:
        return StoreNotice("damaged_no_copy", params)
    put_back(copy, path)
    return StoreNotice("restored", {**params, "copy": str(copy), "copied_at": copied_at(copy)})


def _use_without_log(damaged: Path, path: Path, known: int) -> bool:
    """Put the file back without its log when the file alone is whole: newer than any copy."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".alone-") as folder:
        alone = Path(folder) / path.name
        put_back(damaged, alone)
        if not is_whole_alone(alone, known):
            return False
        put_back(alone, path)
    return True


def _bring_back(place: StorePlace, path: Path, what: str) -> StoreNotice:
    params: dict[str, str | int] = {"path": str(path)}
    copy = newest_good_copy(place.backups_dir, place.revisions.head)
    if copy is None:
        return StoreNotice(f"{what}_no_copy", params)
    put_back(copy, path)
    params |= {"copy": str(copy), "copied_at": copied_at(copy)}
    return StoreNotice(f"{what}_restored", params)


def _hints_for_new(place: StorePlace, path: Path, marker: Marker | None) -> list[StoreNotice]:
    """Say that rows may be elsewhere: a new database where another one was used before."""
    if marker is not None and marker.path != str(path) and Path(marker.path).exists():
        params: dict[str, str | int] = {"path": str(path), "other": marker.path}
        return [StoreNotice("other_database_exists", params)]
    copies = list_copies(place.backups_dir)
    if copies:
        backups = {"backups": str(place.backups_dir), "copy": copies[0].name}
        return [StoreNotice("copies_exist", {"path": str(path), **backups})]
    return []


def examine_again(path: Path) -> Facts:
    """Return what is there after mending; a copy put back was checked already."""
    return examine(path, check=False)
