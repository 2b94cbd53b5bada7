"""Endpoints and mappings of an original, and the models it blocked."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlsplit

from sqlmodel import Session

from db.queries import mappings as mapping_queries
from db.queries import models as queries
from db.tables.mappings import ModelMappingRow
from db.tables.models import BlockedModelRow
from services.foundation.errors import InputError
from services.foundation.inputs import copy_name
from services.foundation.messages import Message, say
from services.imports.cells import Cells
from services.imports.layout import BLOCKED
from services.imports.trip import PLANNED, Taken, Taker, Trip
from services.imports.types import Fate
from services.mapping import transfer
from services.mapping.edits import as_values, checked
from services.mapping.types import MappingEdit, Scope
from services.models import rows, rules
from services.models.types import DEMO_PROTOCOL, EndpointEdit

ENDPOINTS, PROMPTS = "ai_endpoints", "ai_prompts"
KEY_NAME = "endpoint/{id}/api_key"


class EndpointTaker(Taker):
    """Endpoints: one that is here under this name and address stays as it is."""

    table = ENDPOINTS
    book = "model"

    def begin(self, session: Session, trip: Trip, rows: Sequence[Cells]) -> None:
        """Read the endpoints that are here, and which one the file has as its default."""
        here = queries.all_endpoints(session)
        self.present = {str(row.id) for row in here}
        self._by_name = {(row.name.casefold(), row.base_url): row.id or 0 for row in here}
        self._by_remote = {(row.supabase_id, row.base_url): row.id or 0 for row in here}
        self._names = [row.name for row in here]
        self._keeps_default = any(
            row.is_default and row.provider_protocol != DEMO_PROTOCOL for row in here
        )
        self._default: int | None = None
        wanted = [row for row in rows if row.flag("is_default", default=False)]
        active = [row for row in wanted if row.flag("is_active", default=True)]
        self._wanted = active[0].whole("id") if active else None
        if len(wanted) > 1:
            trip.note(
                say("{n} endpoints of the file are its default: the first is taken", n=len(wanted))
            )

    def key(self, row: Cells) -> tuple[str, ...]:
        """Return the number Supabase gave it, else name and address."""
        remote = row.whole("supabase_id")
        if remote is not None:
            return ("supabase", str(remote))
        return (row.needed("name", 400), row.text("base_url", 800))

    def first(self, trip: Trip, row: Cells) -> Taken:
        """An endpoint of its own, under a name of its own, looked at for the first time."""
        edit, reasons = self._edit(row)
        values = rows.to_change(edit, None).values
        if row.text("api_key").strip() and not self.secrets(row):
            reasons.append(say("Its key cannot travel in a request and was left"))
        address = values["base_url"]
        here = self._by_name.get((values["name"].casefold(), address)) or self._by_remote.get(
            (row.whole("supabase_id") or PLANNED, address)
        )
        if here is not None:
            return Taken(Fate.KNOWN, reasons, str(here))
        if values["name"].casefold() in {name.casefold() for name in self._names}:
            values["name"] = copy_name(values["name"], self._names, rules.NAME_MAX)
            reasons.insert(
                0,
                say(
                    "Its name is in use for another address: it is {name} here", name=values["name"]
                ),
            )
        self._names.append(values["name"])
        is_default = row.whole("id") == self._wanted
        if is_default and self._keeps_default:
            reasons.append(say("It is the file's default; the default here stays"))

        def write(session: Session) -> str:
            stored = queries.save_endpoint(session, None, {**values, "is_default": False}, trip.now)
            if is_default and not self._keeps_default:
                self._default = stored.id
            return str(stored.id)

        return Taken(Fate.ADDED, reasons, write=write)

    def finish(self, session: Session, trip: Trip) -> None:
        """Make the file's default the default, where only the demo supplier is in its way."""
        if self._default is not None:
            queries.repair_default(session, trip.now, wanted=self._default)

    def _edit(self, row: Cells) -> tuple[EndpointEdit, list[Message]]:
        reasons: list[Message] = []
        models, description = self._models(row, reasons)
        base_url = row.text("base_url", 800).strip()
        is_local = rules.is_local_host(_host_of(base_url))
        if is_local:
            reasons.append(
                say("Its address is on this machine or a private network; that is allowed now")
            )
        timeout = row.small("timeout") or 60
        edit = EndpointEdit(
            name=" ".join(row.needed("name", rules.NAME_MAX).split()),
            base_url=base_url,
            provider_protocol=row.text("provider_protocol", 40) or "openai",
            model=row.text("model", rules.MODEL_MAX).strip(),
            model_list=models,
            is_active=row.flag("is_active", default=True),
            timeout=min(max(timeout, 1), rules.TIMEOUT_MAX_S),
            description=description,
            allows_local=is_local,
        )
        return edit, reasons

    def _models(self, row: Cells, reasons: list[Message]) -> tuple[tuple[str, ...], str]:
        description = row.text("description", 5_000)
        found, is_broken = row.parsed("model_list")
        if is_broken or not isinstance(found, list | None):
            reasons.append(
                say("Its list of models is no JSON list: its text is in the description")
            )
            text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
            return (), f"{description}\nmodel_list: {text}"[:5_000].strip()
        names = [one for one in cast("list[Any]", found or []) if isinstance(one, str)]
        return tuple(names[: rules.MODELS_MAX]), description

    def secrets(self, row: Cells) -> tuple[tuple[str, str], ...]:
        """Return the key, where it is one."""
        key = row.text("api_key").strip()
        try:
            return ((KEY_NAME, rules.plain_key(key)),) if key else ()
        except InputError:
            return ()


def _host_of(base_url: str) -> str:
    try:
        return urlsplit(base_url).hostname or ""
    except ValueError:  # told by the check of the edit
        return ""


class MappingTaker(Taker):
    """Mappings: the one that is here under its scope and key stays."""

    table = "llm_model_mappings"
    book = "mapping"

    def begin(self, session: Session, trip: Trip, rows: Sequence[Cells]) -> None:
        """Read what is here, and which mapping the console itself began with."""
        del trip, rows
        self._here = {row.id: row for row in mapping_queries.all_mappings(session)}

    def key(self, row: Cells) -> tuple[str, ...]:
        """Return scope and key."""
        edit = transfer.to_edit(_mapping_fields(row, []))
        return (str(edit.scope_type), edit.scope_key)

    def first(self, trip: Trip, row: Cells) -> Taken:
        """A mapping that points at the endpoints and prompts as they are numbered here."""
        reasons: list[Message] = []
        edit = self._moved(trip, transfer.to_edit(_mapping_fields(row, reasons)), reasons)
        if edit.scope_type in (Scope.USER, Scope.PREMIUM_USER) and edit.is_active:
            edit = replace(edit, is_active=False)
            reasons.append(say("Mappings of users had no effect there: it is switched off"))
        mapping = checked(edit)
        values = as_values(mapping)
        present = self._here.get(mapping.id)
        if present is not None and not _is_seed(present):
            if any(getattr(present, name) != value for name, value in values.items()):
                reasons.append(say("One with this key is here and stays as it is"))
            return Taken(Fate.KNOWN, reasons, mapping.id)

        def write(session: Session) -> str:
            mapping_queries.save_mapping(
                session, mapping.id, {**values, "source": "import"}, trip.now
            )
            return mapping.id

        return Taken(Fate.ADDED if present is None else Fate.CHANGED, reasons, write=write)

    def _moved(self, trip: Trip, edit: MappingEdit, reasons: list[Message]) -> MappingEdit:
        """Return the edit with the numbers of here in place of those of the file."""
        metadata = dict(edit.metadata)
        there = metadata.get("preferred_endpoint_id")
        if there is not None:
            here = trip.place(ENDPOINTS, there if isinstance(there, int) else None)
            if here is None:
                del metadata["preferred_endpoint_id"]
                reasons.append(
                    say(
                        "Its preferred endpoint {id} was not taken and is left out",
                        id=str(there)[:40],
                    )
                )
            else:
                metadata["preferred_endpoint_id"] = here
        if edit.scope_type is Scope.PROMPT:
            number = int(edit.scope_key) if edit.scope_key.isdecimal() else None
            here = trip.place(PROMPTS, number)
            if here is None:
                raise InputError("The prompt {id} it is for was not taken", id=edit.scope_key)
            edit = replace(edit, scope_key=f"new {number}" if here == PLANNED else str(here))
        return replace(edit, metadata=metadata)


def _mapping_fields(row: Cells, reasons: list[Message]) -> dict[str, Any]:
    """Return the row as a file of mappings has it; a broken cell is kept as text in the metadata."""
    metadata, is_broken = row.parsed("metadata_json")
    text = str(metadata)[:2_000]
    kept: dict[str, Any] = (
        dict(cast("dict[str, Any]", metadata)) if isinstance(metadata, dict) else {}
    )
    if is_broken or not isinstance(metadata, dict | None):
        kept["metadata_text"] = text
        reasons.append(say("Its metadata are no JSON object: kept as text"))
    candidates, is_broken = row.parsed("candidates_json")
    if is_broken or not isinstance(candidates, list | None):
        kept["candidates_text"] = str(candidates)[:2_000]
        reasons.append(say("Its candidates are no JSON list: kept as text"))
        candidates = []
    names = [one for one in cast("list[Any]", candidates or []) if isinstance(one, str)]
    return {
        "id": row.text("id", 400),
        "scope_type": row.text("scope_type", 40).strip(),
        "scope_key": row.text("scope_key", 400).strip(),
        "name": row.text("name", 300),
        "default_model": row.text("default_model", 300),
        "candidates": names,
        "metadata": kept,
        "is_active": row.flag("is_active", default=True),
    }


def _is_seed(row: ModelMappingRow) -> bool:
    """Whether it is the mapping every console begins with, as it was written."""
    is_first = row.id == "global:global" and row.created_at == row.updated_at
    return is_first and row.source == "local" and row.name == "Default"


class BlockedTaker(Taker):
    """Names of the file blocked_models.json beside the database."""

    table = BLOCKED
    book = "blocked"

    def begin(self, session: Session, trip: Trip, rows: Sequence[Cells]) -> None:
        """Read what is blocked here."""
        del trip, rows
        self._here = set(queries.blocked_models(session))

    def key(self, row: Cells) -> tuple[str, ...]:
        """Return the name."""
        return (rules.plain_text(row.needed("name", 1_000), "blocked", rules.MODEL_MAX),)

    def first(self, trip: Trip, row: Cells) -> Taken:
        """One more blocked model."""
        name = self.key(row)[0]
        if name in self._here:
            return Taken(Fate.KNOWN, (), name)

        def write(session: Session) -> str:
            session.add(BlockedModelRow(name=name, created_at=trip.now))
            session.flush()
            return name

        return Taken(Fate.ADDED, write=write)
