"""RowsCarrier: writes endpoints and prompts, which Supabase numbers itself; safe to repeat."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from db.engine import Database
from db.queries import sync as queries
from services.foundation.clock import Clock
from services.foundation.messages import Message, say
from services.foundation.storing import stored
from services.outbox.types import Entry, Op, Outcome
from services.supabase.client import Remote
from services.supabase.types import Fault, RemoteError, Row
from services.sync import contents, settling
from services.sync.chunks import find_all
from services.sync.types import Content, RemoteRow, SyncKind

BULK_FROM = 2  # so many changes at once go as one upsert; a single one changes only its columns


@dataclass(frozen=True, slots=True)
class RowShape:
    """How one kind looks in its table."""

    kind: SyncKind
    table: str
    read: Callable[[Row], RemoteRow]
    columns: Callable[[Content, Row | None], dict[str, Any]]


SHAPES = {
    SyncKind.MODEL: RowShape(
        SyncKind.MODEL,
        "ai_model",
        contents.remote_model,
        lambda content, _row: contents.model_columns(content),
    ),
    SyncKind.PROMPT: RowShape(
        SyncKind.PROMPT, "ai_prompt", contents.remote_prompt, contents.prompt_columns
    ),
}


@dataclass(slots=True)
class _Case:
    """One entry with what is known of its remote row."""

    entry: Entry
    remote_id: str = ""
    base: Content | None = None  # what the push may replace; None: whatever is there
    row: Row | None = None
    is_ours: bool = False  # an insert of ours whose reply was lost

    @property
    def content(self) -> Content:
        return self.entry.payload.get("content", {})


class RowsCarrier:
    """Looks before it writes, so that it never writes over what somebody else changed."""

    def __init__(
        self,
        shape: RowShape,
        database: Database,
        clock: Clock,
        remote: Callable[[], Remote],
        secret_of: Callable[[Entry], str] = lambda _: "",
    ) -> None:
        """Keep the parts; `secret_of` gives the supplier's key where it is to travel."""
        self.kind = str(shape.kind)
        self._shape = shape
        self._database = database
        self._clock = clock
        self._remote = remote
        self._secret_of = secret_of

    async def push(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Return one outcome an entry; raise RemoteError when the server or a row refuses."""
        cases = [self._case(entry) for entry in entries]
        await self._identify(cases)
        outcomes: dict[int, Outcome] = {}
        inserts: list[_Case] = []
        updates: list[_Case] = []
        deletes: list[_Case] = []
        for case in cases:
            outcome = self._decide(case)
            if outcome is not None:
                outcomes[id(case)] = outcome
            elif case.entry.op is Op.DELETE:
                deletes.append(case)
            else:
                (inserts if case.row is None else updates).append(case)
        for done in (
            await self._insert(inserts),
            await self._update(updates),
            await self._delete(deletes),
        ):
            outcomes |= done
        return [outcomes[id(case)] for case in cases]

    def _case(self, entry: Entry) -> _Case:
        payload = entry.payload
        return _Case(entry, str(payload.get("remote_id") or ""), payload.get("expect"))

    async def _identify(self, cases: Sequence[_Case]) -> None:
        """Find each entry's remote row: by its link, its known id, or the moment of its insert."""
        keys = [case.entry.key for case in cases if case.entry.key]
        links = await stored(
            self._database.read(partial(queries.links_of, kind=self.kind, keys=keys))
        )
        for case in cases:
            link = links.get(case.entry.key)
            if link is not None:
                case.remote_id = link.remote_key
                case.base = case.base if case.base is not None else link.base_json
        known = [case for case in cases if case.remote_id]
        ids = list(dict.fromkeys(case.remote_id for case in known))
        rows = await find_all(self._remote(), self._shape.table, "id", ids)
        by_id = {str(row["id"]): row for row in rows}
        for case in known:
            case.row = by_id.get(case.remote_id)
        await self._find_lost([case for case in cases if not case.remote_id and case.entry.id])

    async def _find_lost(self, cases: Sequence[_Case]) -> None:
        """A replayed insert may have been stored before: its moment and name tell it apart."""
        stamps = [str(case.entry.payload.get("created_at") or "") for case in cases]
        wanted = [stamp for stamp in dict.fromkeys(stamps) if stamp]
        rows = await find_all(self._remote(), self._shape.table, "created_at", wanted)
        left = list(rows)
        for case in cases:
            found = next((row for row in left if _is_insert_of(case, row)), None)
            if found is not None:
                left.remove(found)
                case.row, case.remote_id, case.is_ours = found, str(found["id"]), True

    def _decide(self, case: _Case) -> Outcome | None:
        """Return the outcome of a push that needs no write, or None."""
        if case.row is None:
            return self._decide_absent(case)
        there = self._shape.read(case.row)
        is_delete = case.entry.op is Op.DELETE
        is_same = there.content == case.content and not self._secret_of(case.entry)
        if is_same and not is_delete:
            return Outcome(case.entry, self._agree(there.key, case.content))
        if self._may_replace(case, there):
            return None
        if is_delete:
            return _disputed(case, say("Deleted here, changed at Supabase meanwhile: choose"))
        return _disputed(case, say("Changed on both sides since the last sync: choose"))

    def _decide_absent(self, case: _Case) -> Outcome | None:
        if case.entry.op is Op.DELETE:
            return Outcome(case.entry, self._part())
        is_gone = case.remote_id and case.base is not None
        if is_gone and not case.entry.payload.get("restores"):
            return _disputed(case, say("Changed here, deleted at Supabase meanwhile: choose"))
        return None

    @staticmethod
    def _may_replace(case: _Case, there: RemoteRow) -> bool:
        return case.is_ours or (case.base is not None and there.content == case.base)

    async def _insert(self, cases: Sequence[_Case]) -> dict[int, Outcome]:
        if not cases:
            return {}
        sent = [self._new_row(case) for case in cases]
        names = sorted({name for row in sent for name in row})
        try:
            made = await self._remote().insert(
                self._shape.table, [{name: row.get(name) for name in names} for row in sent]
            )
        except RemoteError as error:
            if error.fault is not Fault.DUPLICATE or len(cases) > 1:
                raise
            return {id(cases[0]): await self._adopt(cases[0])}
        left = list(made)
        outcomes: dict[int, Outcome] = {}
        for case in cases:
            found = next((row for row in left if _is_insert_of(case, row)), left[0])
            left.remove(found)
            outcomes[id(case)] = Outcome(case.entry, self._agree(str(found["id"]), case.content))
        return outcomes

    async def _adopt(self, case: _Case) -> Outcome:
        """Return how an insert ends that the table refuses as a double of a row it has."""
        name = str(case.content.get("name"))
        for row in await self._remote().find(self._shape.table, "name", [name]):
            there = self._shape.read(row)
            if there.content == case.content:
                return Outcome(case.entry, self._agree(there.key, case.content))
        return _disputed(case, say("Supabase has another row of this name already: choose"))

    def _new_row(self, case: _Case) -> dict[str, Any]:
        stamp = case.entry.payload.get("created_at")
        row = self._shape.columns(case.content, None)
        if stamp:
            row |= {"created_at": stamp, "updated_at": self._now()}
        if secret := self._secret_of(case.entry):
            row["api_key"] = secret
        return contents.clean(row)

    async def _update(self, cases: Sequence[_Case]) -> dict[int, Outcome]:
        outcomes: dict[int, Outcome] = {}
        plain = [case for case in cases if not self._secret_of(case.entry)]
        bulk = plain if len(plain) >= BULK_FROM else []
        if bulk:
            await self._remote().upsert(self._shape.table, [self._whole_row(c) for c in bulk])
        for case in cases:
            is_missed = False
            if case not in bulk:
                is_missed = not await self._update_one(case)
            outcomes[id(case)] = (
                _disputed(case, say("Changed at Supabase at this very moment: choose"))
                if is_missed
                else Outcome(case.entry, self._agree(case.remote_id, case.content))
            )
        return outcomes

    async def _update_one(self, case: _Case) -> bool:
        """Return whether the row was still as it had been seen; only what differs is sent."""
        assert case.row is not None  # rows without one are inserted
        there = self._shape.read(case.row)
        after = self._shape.columns(case.content, case.row)
        before = self._shape.columns(there.content, case.row) if there.problem is None else {}
        values = {name: v for name, v in after.items() if v != before.get(name, object())}
        if secret := self._secret_of(case.entry):
            values["api_key"] = secret
        match: dict[str, Any] = {"id": case.row["id"]}
        if case.row.get("updated_at"):
            match["updated_at"] = case.row["updated_at"]
            values["updated_at"] = self._now()
        return bool(await self._remote().update(self._shape.table, contents.clean(values), match))

    def _whole_row(self, case: _Case) -> dict[str, Any]:
        assert case.row is not None
        there = self._shape.read(case.row)
        after = self._shape.columns(case.content, case.row)
        before = self._shape.columns(there.content, case.row) if there.problem is None else {}
        kept = {n: case.row.get(n) if v == before.get(n, object()) else v for n, v in after.items()}
        return contents.clean({"id": case.row["id"], **kept, "updated_at": self._now()})

    async def _delete(self, cases: Sequence[_Case]) -> dict[int, Outcome]:
        outcomes: dict[int, Outcome] = {}
        for case in cases:
            assert case.row is not None
            await self._remote().delete(self._shape.table, {"id": case.row["id"]})
            outcomes[id(case)] = Outcome(case.entry, self._part())
        return outcomes

    def _agree(self, remote_key: str, content: Content) -> Callable[[Any, str], None]:
        now, kind = self._clock.now(), self._shape.kind

        def settle(session: Any, local_key: str) -> None:
            settling.agree(session, kind, (local_key, remote_key), content, now)

        return settle

    def _part(self) -> Callable[[Any, str], None]:
        kind = self._shape.kind
        return lambda session, local_key: settling.part(session, kind, local_key)

    def _now(self) -> str:
        return contents.local_stamp(self._clock.now())


def _disputed(case: _Case, why: Message) -> Outcome:
    return Outcome(case.entry, conflict=why)


def _is_insert_of(case: _Case, row: Mapping[str, Any]) -> bool:
    """Return whether this row is what the entry inserted: same moment, same name."""
    stamp, found = case.entry.payload.get("created_at"), row.get("created_at")
    if not stamp or not isinstance(found, str) or row.get("name") != case.content.get("name"):
        return False
    try:
        return datetime.fromisoformat(str(stamp)) == datetime.fromisoformat(found)
    except (ValueError, TypeError):
        return False
