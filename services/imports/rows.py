"""RowWork: one batch of rows, decided and written one by one; a bad one never stops the rest."""

import logging
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from sqlalchemy.exc import DataError, IntegrityError, StatementError
from sqlmodel import Session

from db.queries import imports as queries
from db.tables.imports import ImportedRow
from services.foundation.errors import InputError
from services.foundation.messages import Message, say
from services.imports.cells import Cells, row_key
from services.imports.trip import Kept, Taken, Taker, Trip, shown_name
from services.imports.types import Fate, Line
from services.secrets.service import Secrets

_log = logging.getLogger(__name__)
_ODD = (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError)


@dataclass(slots=True)
class BatchDone:
    """What became of a batch."""

    lines: list[Line] = field(default_factory=list[Line])
    fresh: set[str] = field(default_factory=set[str])  # keys of its rows
    secrets: dict[str, str] = field(default_factory=dict[str, str])  # to be put into their store
    incomplete: list[str] = field(default_factory=list[str])  # rows that wait for it


@dataclass(frozen=True, slots=True)
class RowWork:
    """Decides and writes rows of one table; may be run anew when the writer tries once more."""

    taker: Taker
    trip: Trip
    ledger: Mapping[str, Kept]
    secrets: Secrets
    seen: AbstractSet[str]  # keys of the batches before

    def batch(self, session: Session, *, rows: Sequence[Cells], before: int) -> BatchDone:
        """Return what became of the rows; `before` is how many of the table were read already."""
        if before == 0:
            self.taker.begin(session, self.trip, () if self.taker.batch else rows)
        done = BatchDone()
        for number, row in enumerate(rows, start=before + 1):
            done.lines.append(self._line(session, row, number, done))
        if not self.trip.is_rehearsal:
            self.taker.finish(session, self.trip)
        return done

    def _line(self, session: Session, row: Cells, number: int, done: BatchDone) -> Line:
        name = f"row {number}"
        try:
            key = row_key(*self.taker.key(row))
            name = shown_name(row)
            self._once(key, done)
            return self._taken(session, row, key, name, done)
        except InputError as error:
            return self._skipped(name, error.message)
        except (IntegrityError, DataError, StatementError) as error:
            if not isinstance(error, IntegrityError | DataError) and not isinstance(
                error.orig, _ODD
            ):
                raise  # the store itself refuses
            reason = str(error.orig)[:200]
            return self._skipped(name, say("The database refuses it: {reason}", reason=reason))
        except _ODD as error:
            _log.debug("a row of %s cannot be read", self.taker.table, exc_info=error)
            return self._skipped(
                name, say("It cannot be read: {reason}", reason=type(error).__name__)
            )

    def _once(self, key: str, done: BatchDone) -> None:
        if key in done.fresh or key in self.seen:
            raise InputError("The file holds it twice")
        done.fresh.add(key)

    def _skipped(self, name: str, why: Message) -> Line:
        return Line(self.taker.table, name, Fate.SKIPPED, (why,))

    def _taken(self, session: Session, row: Cells, key: str, name: str, done: BatchDone) -> Line:
        taker, trip = self.taker, self.trip
        kept = self.ledger.get(key)
        taken = taker.first(trip, row) if kept is None else taker.again(trip, row, kept)
        if trip.is_rehearsal:
            local_key = taken.local_key
            secrets = self._missing(row, kept, local_key)
        else:
            with session.begin_nested():
                local_key = taken.local_key if taken.write is None else taken.write(session)
                secrets = self._missing(row, kept, local_key)
                self._note(session, row, key, kept, taken, local_key, is_whole=not secrets)
        if taker.present is None or kept is None or local_key in taker.present:
            trip.settle(taker.table, row.whole("id"), local_key)
        fate, reasons = taken.fate, tuple(taken.reasons)
        if secrets:
            done.secrets |= secrets
            done.incomplete.append(key)
            if fate is Fate.KNOWN:
                fate = Fate.CHANGED
                reasons = (*reasons, say("It had no key here: that of the file is taken"))
        return Line(taker.table, name, fate, reasons)

    def _missing(self, row: Cells, kept: Kept | None, local_key: str) -> dict[str, str]:
        """Return the row's secrets the store has no value for, by their names there."""
        if kept is not None and kept.is_whole:
            return {}
        place = local_key or f"new {row.text('id', 40)}"  # in a rehearsal it has no number yet
        named = {name.replace("{id}", place): value for name, value in self.taker.secrets(row)}
        return {
            name: value for name, value in named.items() if value and not self.secrets.get(name)
        }

    def _note(  # noqa: PLR0913  # each is a fact of its own
        self,
        session: Session,
        row: Cells,
        key: str,
        kept: Kept | None,
        taken: Taken,
        local_key: str,
        *,
        is_whole: bool,
    ) -> None:
        """Note what became of the row, unless that is known."""
        if kept is not None and kept.is_whole and taken.fate is Fate.KNOWN:
            return
        queries.keep_row(
            session,
            ImportedRow(
                source=self.trip.source,
                table_name=self.taker.table,
                row_key=key,
                digest=self.taker.digest(row),
                local_key=local_key,
                counted=dict(taken.counted) or (dict(kept.counted) if kept else None) or None,
                is_whole=is_whole,
                taken_at=self.trip.now,
            ),
        )
