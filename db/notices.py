"""StoreNotice: what the store found or did, as a code, its numbers and an English sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_BELOW = "The store is read-only: nothing new is kept. "

TEXTS: Mapping[str, str] = MappingProxyType(
    {
        # why the store is read-only
        "file_read_only": _BELOW + "The file {path} may not be written ({reason})."
        " Give this user the right to write it, then restart.",
        "folder_read_only": _BELOW + "The folder {path} may not be written ({reason})."
        " Give this user the right to write there, then restart.",
        "disk_low": _BELOW + "Only {free_mb} MB are free on the disk of {path};"
        " {needed_mb} MB are needed. Free some space, then restart.",
        # why it does not start
        "folder_unusable": "The folder {path} cannot be used: {reason}."
        " Choose another one with --data-dir, or give this user the right to write there.",
        "newer_version": "The database {path} has version {version}; this program knows up to {known}."
        " Install the newer GymBro Console again, or restore the copy made before the update"
        " from {backups}.",
        "newer_schema": "The database {path} has version {version}; this program knows up to {known}."
        " Install the newer GymBro Console again.",
        "original_gymbro": "The file {path} is a database of the original GymBro server."
        " It is never changed here: choose another path and use import to copy its rows.",
        "foreign_database": "The file {path} is a SQLite database of another program."
        " It is left untouched: choose another path with SQLITE_DB_PATH or --data-dir.",
        "not_a_database": "The file {path} is not a SQLite database ({reason}) and was never used here."
        " It is left untouched: choose another path with SQLITE_DB_PATH or --data-dir.",
        "foreign_schema": "The PostgreSQL database {path} already has tables of another program"
        " with our names ({tables}). Choose an empty database.",
        "tables_missing": "The database {path} lacks the tables {tables}, although its version"
        " is {version}. Restore a copy from {backups}, or move the file away to start anew.",
        "read_only_upgrade": "The database {path} has version {version} and must be brought to"
        " {known}, which is impossible now: {reason}",
        "copy_failed": "The database {path} was not upgraded, because no verified copy of it could"
        " be made in {backups} first: {reason}. Nothing was changed.",
        "migration_failed": "The database {path} could not be brought from version {version} to"
        " {known}: {reason}. Nothing was changed; a copy made before is {copy}.",
        "migration_undone": "The database {path} could not be brought from version {version} to"
        " {known}: {reason}. Nothing was changed.",
        "others_run": "The PostgreSQL database {path} must be brought to a newer version, but other"
        " consoles use it now. Stop them all, start this one, then start them again at its version.",
        "not_openable": "The database {path} cannot be opened: {reason}.",
        "not_reachable": "PostgreSQL at {path} cannot be reached: {reason}.",
        # what was found and done at start
        "restored": "The database {path} was damaged ({reason}). It was moved to {quarantine};"
        " the copy {copy} of {copied_at} took its place. Everything stored after that is missing.",
        "restored_without_log": "The write-ahead log of {path} was damaged or not its own ({reason})."
        " Both were moved to {quarantine}; the database goes on without its last changes.",
        "damaged_no_copy": "The database {path} was damaged ({reason}) and there is no good copy."
        " It was moved to {quarantine}; a new, empty one was started.",
        "salvaged": "The database {path} was damaged ({reason}) and there is no good copy. It was moved"
        " to {quarantine}; {rows} rows of {tables} tables could be read from it into a new one,"
        " {torn} tables only in part.",
        "removed_restored": "The database {path} was removed since the last start. The copy {copy}"
        " of {copied_at} took its place. Everything stored after that is missing.",
        "removed_no_copy": "The database {path} was removed since the last start and there is no"
        " good copy. A new, empty one was started.",
        "emptied_restored": "The database {path} was emptied since the last start. The copy {copy}"
        " of {copied_at} took its place. Everything stored after that is missing.",
        "emptied_no_copy": "The database {path} was emptied since the last start and there is no"
        " good copy. A new, empty one was started.",
        "other_database_exists": "The database {path} is new and empty, but {other} was used here"
        " before. If that is the one you want, set its path and restart.",
        "copies_exist": "The database {path} is new and empty, but {backups} holds copies of an"
        " earlier one, the newest {copy}. Restore it if its rows are missing here.",
        "put_back": "The copy {copy} took the place of the database {path}, as asked. The replaced one"
        " is {replaced}.",
        "put_back_held": "The copy {copy} took the place of the database {path}, as asked. The replaced"
        " one is {replaced}. Changes it had for Supabase: {count}. None is pushed before you have"
        " compared on the Sync page and let pushing go on.",
        "not_put_back": "The copy {copy} was not put back: {reason}. The database is the one it was.",
        "log_missing": "The last session did not end cleanly and the write-ahead log of {path} is"
        " gone: its last changes may be missing.",
        "network_disk": "The database {path} is on a network file system ({kind}), where SQLite is"
        " slow and less safe. Put the data folder on a local disk.",
        "upgraded": "The database was brought from version {version} to {known}."
        " A copy made before is {copy}.",
        # what is seen while it runs
        "file_gone": "The database file {path} was removed or replaced while in use."
        " Nothing is written any more: put the file back and restart.",
        "writer_dead": "The thread that writes the database has ended ({reason})."
        " Nothing is kept any more: restart the console.",
        "log_large": "The write-ahead log of {path} has grown to {size_mb} MB: another program holds"
        " the database open.",
        "space_low": "Only {free_mb} MB are free on the disk of {path}.",
        "refused_locked": "Nothing can be kept now: another program has locked the database {path}.",
        "refused_full": "Nothing can be kept now: the disk of {path} is full. Free some space.",
        "refused_readonly": "Nothing can be kept now: the database {path} may not be written.",
        "refused_io": "Nothing can be kept now: the disk of {path} reports a fault.",
        "refused_corrupt": "Nothing can be kept now: the database {path} is damaged. Restart, so that"
        " the newest good copy can take its place.",
        "refused_gone": "Nothing can be kept now: the database {path} cannot be reached.",
        "refused_other": "Nothing can be kept now: the database {path} refuses it.",
        "check_failed": "The check of {path} found damage ({reason}). Nothing is written any more:"
        " restart, so that the newest good copy can take its place.",
    }
)


@dataclass(frozen=True, slots=True)
class StoreNotice:
    """One thing an operator must know about the store; `text` is the key of its translation."""

    code: str
    params: Mapping[str, str | int] = field(default_factory=dict[str, str | int])

    @property
    def text(self) -> str:
        """The English template whose braces `params` fills."""
        return TEXTS[self.code]

    def __str__(self) -> str:
        """Return the English sentence."""
        return self.text.format(**self.params)
