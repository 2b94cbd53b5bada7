"""MirroredBooks: an operator's change goes to Supabase first, then here; what cannot go waits."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlmodel import Session

from db.engine import Database
from db.queries import outbox as outbox_queries
from services.audit.books import Books, Notes, record_change
from services.foundation.actor import current_actor
from services.foundation.clock import Clock
from services.foundation.errors import UpstreamError
from services.foundation.messages import Message
from services.outbox import rules
from services.outbox.service import Outbox
from services.outbox.types import Entry, Op, Outcome
from services.supabase.service import Supabase
from services.supabase.types import RemoteError
from services.sync import settling
from services.sync.local import read_local
from services.sync.types import LocalRow, SyncKind

_log = logging.getLogger(__name__)
T = TypeVar("T")
_SYNCED = frozenset(map(str, SyncKind))


@dataclass(frozen=True, slots=True)
class RowMove:
    """A row whose shared content an act changes; None where it is not there."""

    key: str
    before: LocalRow | None
    after: LocalRow | None

    @property
    def row(self) -> LocalRow:
        """The row as it is after the act, or was before it went."""
        found = self.after or self.before
        assert found is not None  # a move has a side
        return found


@dataclass(slots=True)
class _Answers:
    """What Supabase said to each move, before it is made here."""

    outcomes: list[tuple[RowMove, Outcome]] = field(default_factory=list[tuple[RowMove, Outcome]])
    forced: Sequence[RowMove] = ()  # only the key changed, which no table shows

    def take(self, move: RowMove) -> Outcome | None:
        """Return the answer to this very move, once; a new row's key may have changed since."""
        for index, (asked, outcome) in enumerate(self.outcomes):
            same_key = asked.key == move.key or (asked.before is None and move.before is None)
            if same_key and _contents(asked) == _contents(move):
                del self.outcomes[index]
                return outcome
        return None


class MirroredBooks(Books):
    """The door for models, mappings and prompts while Supabase is the authority."""

    def __init__(
        self, database: Database, clock: Clock, supabase: Supabase, outbox: Outbox
    ) -> None:
        """Keep the parts."""
        super().__init__(database, clock)
        self._supabase = supabase
        self._outbox = outbox
        self._gate = asyncio.Lock()

    async def write(
        self,
        kind: str,
        change: Callable[[Session], T],
        *,
        notes: Notes | None = None,
        secret: str = "",
    ) -> T:
        """Return the change's value once it is here; Supabase has it, or it waits in the outbox.

        Raise UpstreamError when Supabase refuses the row for good: then nothing is changed.
        """
        if kind not in _SYNCED or not self._supabase.is_configured:
            return await super().write(kind, change, notes=notes)
        async with self._gate:
            of = SyncKind(kind)
            is_forced = bool(secret) and self._supabase.view.pushes_api_keys
            moves = await self._database.write(
                partial(_rehearse, kind=of, change=change, is_forced=is_forced)
            )
            answers = _Answers() if not moves else await self._ask(of, moves, secret)
            answers.forced = [move for move in moves if _contents(move)[0] == _contents(move)[1]]
            value, is_queued = await self._database.write(self._making(of, change, answers, notes))
        self.recorded.emit(kind)
        if is_queued:
            await self._outbox.refresh()
            self._outbox.wake()
        return value

    async def _ask(self, kind: SyncKind, moves: Sequence[RowMove], secret: str) -> _Answers:
        """Return Supabase's answers; none for what cannot be asked now."""
        if self._outbox.is_closed_for(str(kind)) is not None:
            return _Answers()
        waiting = await self._database.read(
            lambda session: {
                move.key for move in moves if outbox_queries.row_of(session, str(kind), move.key)
            }
        )
        asked = [move for move in moves if move.key not in waiting]
        entries = [replace(to_push(kind, move), secret=secret) for move in asked]
        try:
            outcomes: Sequence[Outcome] = (
                await self._outbox.carrier(str(kind)).push(entries) if entries else ()
            )
        except RemoteError as error:
            if not (error.fault.is_passing or error.fault.needs_operator):
                raise UpstreamError(
                    "Supabase refuses it, so nothing was changed: {reason}",
                    permanent=True,
                    reason=error.message,
                ) from error
            _log.warning("a change waits for Supabase: %s", error)
            self._outbox.note_failure(str(kind), error)
            return _Answers()
        self._outbox.note_answer()
        self._supabase.note_answer()
        return _Answers(list(zip(asked, outcomes, strict=True)))

    def _making(
        self,
        kind: SyncKind,
        change: Callable[[Session], T],
        answers: _Answers,
        notes: Notes | None,
    ) -> Callable[[Session], tuple[T, bool]]:
        who, at = current_actor(), self._clock.now()

        def write(session: Session) -> tuple[T, bool]:
            before = read_local(session, [kind])[kind]
            value, _ = record_change(session, str(kind), change, who, at, notes)
            after = read_local(session, [kind])[kind]
            is_queued = False
            for move in (*moves_between(before, after), *answers.forced):
                outcome = answers.take(move)
                if outcome is not None and outcome.conflict is None:
                    _settle(session, kind, move, outcome)
                    continue
                queue(session, kind, move, at, None if outcome is None else outcome.conflict)
                is_queued = True
            session.flush()
            return value, is_queued

        return write


def _rehearse(
    session: Session, *, kind: SyncKind, change: Callable[[Session], object], is_forced: bool
) -> list[RowMove]:
    """Return what the change would move, and undo it; raise whatever the change raises.

    `is_forced` counts the changed row as moved even when only its key changed, which is in no table.
    """
    before = read_local(session, [kind])[kind]
    savepoint = session.begin_nested()
    try:
        value = change(session)
        session.flush()
        key = str(getattr(value, "id", "")) if is_forced else ""
        after = read_local(session, [kind])[kind]
    finally:
        savepoint.rollback()
        session.expunge_all()
    moves = moves_between(before, after)
    if key in after and all(move.key != key for move in moves):
        moves.append(RowMove(key, before.get(key), after[key]))
    return moves


def moves_between(before: Mapping[str, LocalRow], after: Mapping[str, LocalRow]) -> list[RowMove]:
    """Return the rows whose shared content differs."""
    found: list[RowMove] = []
    for key in dict.fromkeys((*before, *after)):
        move = RowMove(key, before.get(key), after.get(key))
        if (move.before and move.before.content) != (move.after and move.after.content):
            found.append(move)
    return found


def to_push(kind: SyncKind, move: RowMove) -> Entry:
    """Return the push that carries the move over."""
    row = move.row
    return Entry(
        kind=str(kind),
        key="" if move.before is None and kind is not SyncKind.MAPPING else move.key,
        op=Op.DELETE if move.after is None else Op.SAVE,
        payload=payload_of(row),
        title=row.title,
    )


def payload_of(row: LocalRow) -> dict[str, object]:
    """Return what a push carries of a local row."""
    return {
        "content": dict(row.content),
        "created_at": row.created_at,
        "remote_id": row.remote_id,
    }


def queue(
    session: Session, kind: SyncKind, move: RowMove, at: datetime, conflict: Message | None
) -> None:
    """Keep the push for later, in the transaction of the change it belongs to."""
    entry = to_push(kind, move)
    values = {
        "title": entry.title[:320],
        "op": str(entry.op),
        "payload_json": dict(entry.payload),
        "state": "waiting" if conflict is None else "conflict",
        "reason_json": None if conflict is None else rules.as_json(conflict),
    }
    outbox_queries.put(session, str(kind), move.key, values, at)
    settling.mark(session, kind, move.key, settling.PENDING)


def _settle(session: Session, kind: SyncKind, move: RowMove, outcome: Outcome) -> None:
    if outcome.settle is not None:
        outcome.settle(session, move.key)
    outbox_queries.drop(session, str(kind), move.key)


def _contents(move: RowMove) -> tuple[object, object]:
    return (
        None if move.before is None else move.before.content,
        None if move.after is None else move.after.content,
    )
