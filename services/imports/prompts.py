"""Prompts of an original: each becomes one here; what is in use here stays in use."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlmodel import Session

from db.queries import mappings as mapping_queries
from db.queries import prompt_versions
from db.queries import prompts as queries
from db.tables.prompts import PromptRow
from services.foundation.errors import InputError
from services.foundation.inputs import copy_name
from services.foundation.messages import Message, say
from services.imports.catalogue import PROMPTS
from services.imports.cells import Cells
from services.imports.trip import Taken, Taker, Trip
from services.imports.types import Fate
from services.mapping import transfer
from services.mapping.edits import as_values, checked
from services.prompts import rules, seeds
from services.prompts.types import PromptEdit, PromptType

AUTHOR = "import"
_MAPPING = "__model_mapping"  # where the original kept a mapping of a prompt


class PromptTaker(Taker):
    """Prompts with their text as version 1."""

    table = PROMPTS
    book = "prompt"

    def begin(self, session: Session, trip: Trip, rows: Sequence[Cells]) -> None:
        """Read what is here, and which prompt of each type the file has in use."""
        here = queries.all_prompts(session)
        self.present = {str(row.id) for row in here}
        digests = prompt_versions.digests(session)
        self._here = {
            (row.name.casefold(), row.prompt_type, sha): row.id or 0
            for row in here
            for sha in digests.get(row.id or 0, {})
        }
        self._names: dict[str, list[str]] = {}
        for row in here:
            self._names.setdefault(row.prompt_type, []).append(row.name)
        self._stays = {row.prompt_type: row.name for row in here if _is_real(row)}
        self._wanted = self._newest_active(trip, rows)

    def first(self, trip: Trip, row: Cells) -> Taken:
        """A prompt of its own; made active where nothing real of its type is."""
        reasons: list[Message] = []
        kind = _type_of(row, reasons)
        values = self._values(row, reasons)
        mapping = _take_mapping(values)
        sha = prompt_versions.digest(values["content"], values.get("tools_json"))
        known = self._here.get((values["name"].casefold(), str(kind), sha))
        if known is not None:
            return Taken(Fate.KNOWN, reasons, str(known))
        taken = self._names.setdefault(str(kind), [])
        if values["name"].casefold() in {name.casefold() for name in taken}:
            values["name"] = copy_name(values["name"], taken, rules.NAME_MAX)
            reasons.append(
                say("Its name is in use for another text: it is {name} here", name=values["name"])
            )
        taken.append(values["name"])
        goes_live = self._goes_live(row, kind, reasons)
        made_at = row.moment("created_at") or trip.now

        def write(session: Session) -> str:
            stored = queries.add_prompt(
                session, {**values, "prompt_type": str(kind)}, made_at, AUTHOR
            )
            session.flush()
            number = stored.id or 0
            if goes_live:
                queries.activate_prompt(session, number, trip.now)
            if mapping is not None:
                _write_mapping(session, trip, number, mapping)
            return str(number)

        return Taken(Fate.ADDED, reasons, write=write)

    def _goes_live(self, row: Cells, kind: PromptType, reasons: list[Message]) -> bool:
        if not row.flag("is_active", default=False):
            return False
        if self._wanted.get(str(kind)) != row.whole("id"):
            reasons.append(say("A newer one of its type was in use there too: only that one is"))
            return False
        present = self._stays.get(str(kind))
        if present is not None:
            reasons.append(say("It was in use there; {name} stays in use here", name=present))
        return present is None

    def _newest_active(self, trip: Trip, rows: Sequence[Cells]) -> dict[str, int | None]:
        found: dict[str, tuple[Any, int]] = {}
        for row in rows:
            number = row.whole("id")
            if number is None or not row.flag("is_active", default=False):
                continue
            at = row.moment("updated_at") or row.moment("created_at") or trip.now
            kind = str(_type_of(row, []))
            found[kind] = max(found.get(kind, (at, number)), (at, number))
        return {kind: number for kind, (_, number) in found.items()}

    def _values(self, row: Cells, reasons: list[Message]) -> dict[str, Any]:
        tools, is_broken = row.parsed("tools_json")
        edit = PromptEdit(
            name=row.needed("name", rules.NAME_MAX),
            content=row.text("content", rules.CONTENT_MAX + 1),
            version=row.text("version", 50),
            category=row.text("category", 100),
            description=row.text("description", 5_000),
        )
        values = rules.checked_values(edit)
        values["tools_json"] = tools
        if is_broken or not isinstance(tools, list | dict | None):
            reasons.append(say("Its tools are no JSON list or object: kept as text"))
        elif tools is not None:
            try:
                rules.checked_values(PromptEdit(id=0, tools_json=tools))
            except InputError:
                values["tools_json"] = row.text("tools_json")
                reasons.append(say("One of its tools has no name: the tools are kept as text"))
        return values


def _is_real(row: PromptRow) -> bool:
    return row.is_active and not seeds.is_untouched(row)


def _type_of(row: Cells, reasons: list[Message]) -> PromptType:
    """Return the type; an unknown one is told from the tools, as the original did (contract 17)."""
    word = row.text("prompt_type", 40).strip()
    tools, _ = row.parsed("tools_json")
    fields: Mapping[str, Any] = cast("dict[str, Any]", tools) if isinstance(tools, dict) else {}
    if word == PromptType.TOOLS and set(fields) == {_MAPPING}:
        reasons.append(say("A mapping had made a tools prompt of it: it is a system prompt again"))
        return PromptType.SYSTEM
    if word in tuple(PromptType):
        return PromptType(word)
    if word:
        reasons.append(say("Its type {type} is not known here", type=word))
    return PromptType.TOOLS if rules.tools_of(tools) else PromptType.SYSTEM


def _take_mapping(values: dict[str, Any]) -> Mapping[str, Any] | None:
    """Take the mapping out of the tools, where there is one."""
    tools: Any = values.get("tools_json")
    if not isinstance(tools, dict) or _MAPPING not in tools:
        return None
    fields = dict(cast("dict[str, Any]", tools))
    found = fields.pop(_MAPPING)
    values["tools_json"] = fields or None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def _write_mapping(session: Session, trip: Trip, number: int, fields: Mapping[str, Any]) -> None:
    try:
        row = {**fields, "id": "", "scope_type": "prompt", "scope_key": str(number)}
        mapping = checked(transfer.to_edit(row))
    except InputError as error:
        trip.note(
            say("The mapping of prompt {id} was left: {reason}", id=number, reason=str(error))
        )
        return
    values = {**as_values(mapping), "source": "import"}
    mapping_queries.save_mapping(session, mapping.id, values, trip.now)
