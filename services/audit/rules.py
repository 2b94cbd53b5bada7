"""Pure: from the rows of a table before and after an act to what the log says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.audit.types import AuditAction
from services.foundation.redact import redact, redact_fields

Columns = Mapping[str, Any]
TEXT_MAX = 4_000  # characters of one value; prompts keep their texts as versions


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that an act created, changed or deleted; None where it was not there."""

    key: str
    before: Columns | None
    after: Columns | None

    @property
    def action(self) -> AuditAction:
        """The word for it."""
        if self.before is None:
            return AuditAction.CREATED
        return AuditAction.DELETED if self.after is None else AuditAction.CHANGED


def changes(before: Mapping[str, Columns], after: Mapping[str, Columns]) -> Iterator[RowChange]:
    """Yield every row that is not the same on both sides, in the order of the keys."""
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key), after.get(key)
        if old != new:
            yield RowChange(key, old, new)


def shown(values: Columns | None) -> dict[str, Any] | None:
    """Return what the log keeps of a row: secrets masked, long texts cut."""
    if values is None:
        return None
    safe = redact_fields({name: value for name, value in values.items() if not _is_plain(name)})
    return {name: _short(safe.get(name, value)) for name, value in values.items()}


def _is_plain(name: str) -> bool:
    """Names that sound like secrets and are none: a mapping's key is what clients ask for."""
    return name in ("scope_key", "pushes_api_keys") or name.endswith("_state")


def _short(value: Any) -> Any:
    if isinstance(value, str):
        text = redact(value)
        return text if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}…"
    return value
