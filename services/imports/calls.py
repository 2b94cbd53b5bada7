"""Tests of prompts and logged conversations of an original."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from db.queries import imports as queries
from db.tables.load_runs import PromptTestRow
from db.tables.messages import ConversationLogRow
from services.accounts.types import UserType
from services.e2e.rules import text_of
from services.e2e.types import CellStatus, Kind
from services.foundation.errors import InputError
from services.foundation.messages import Message, say
from services.imports.catalogue import ENDPOINTS, PROMPTS
from services.imports.cells import Cells
from services.imports.runs import verdict_of
from services.imports.scrub import clean_json
from services.imports.trip import PLANNED, Taken, Taker, Trip
from services.imports.types import Fate

_SUFFIX = re.compile(r"\s*\[run_id=(?P<run>[^\s\]]{1,80}) index=(?P<index>\d{1,9})\]\s*\Z")
_WORDS = ("summary", "trace")
_TEXT_MAX = 200_000


class PromptTestTaker(Taker):
    """Rows of ai_prompt_tests: each a turn in the history of the simulator."""

    table = "ai_prompt_tests"
    batch = 200

    def begin(self, session: Session, trip: Trip, rows: Sequence[Cells]) -> None:
        """Reckon from when on calls are kept."""
        del session, rows
        self._oldest = trip.now - timedelta(days=trip.preferences.retention_load_days)

    def first(self, trip: Trip, row: Cells) -> Taken:
        """The call with its verdict, told from the error word as it is for runs."""
        reasons: list[Message] = []
        at = _moment(row)
        if at < self._oldest:
            trip.note(
                say(
                    "Some tests of prompts are older than {days} days: the next clean-up deletes them,"
                    " unless the days of load tests and dialogs are raised in Settings first",
                    days=trip.preferences.retention_load_days,
                )
            )
        test = self._test(trip, row, at, reasons)
        return Taken(Fate.ADDED, reasons, write=lambda session: queries.add_row(session, test))

    def _test(self, trip: Trip, row: Cells, at: datetime, reasons: list[Message]) -> PromptTestRow:
        message, facts = _message(row)
        success = row.flag("success", default=False)
        error = text_of(row.text("error"), 2_000)
        kind, verdict = (Kind.OK, CellStatus.OK) if success else verdict_of(error)
        number = row.whole("id") or 0
        return PromptTestRow(
            prompt_id=_place(trip, PROMPTS, row.whole("prompt_id"), reasons),
            endpoint_id=_place(trip, ENDPOINTS, row.whole("endpoint_id"), reasons),
            model=row.text("model", 300),
            request_message=message,
            response_message=row.text("response_message", _TEXT_MAX) or None,
            success=success,
            latency_ms=row.small("latency_ms"),
            total_ms=float(row.small("latency_ms") or 0),
            error=error,
            created_at=at,
            # The history is sorted by this id; what was taken stands below what was asked here.
            dialog_id=f"000_{at:%Y%m%d%H%M%S}_{trip.source[:6]}_{number}"[:40],
            turn=1,
            identity=str(UserType.PERMANENT),
            target_id=trip.target.id,
            target=trip.target.api_base,
            verdict=str(verdict),
            kind=str(kind),
            cause="unknown",
            facts=facts,
        )


class ConversationTaker(Taker):
    """Rows of conversation_logs, within the time they are kept here."""

    table = "conversation_logs"
    batch = 200

    def begin(self, session: Session, trip: Trip, rows: Sequence[Cells]) -> None:
        """Reckon from when on messages are kept."""
        del session, rows
        self._days = trip.preferences.retention_days
        self._oldest = trip.now - timedelta(days=self._days)

    def first(self, trip: Trip, row: Cells) -> Taken:
        """The line as it was, masked."""
        del trip
        reasons: list[Message] = []
        at = _moment(row)
        if at < self._oldest:
            raise InputError("It is older than the {days} days messages are kept", days=self._days)
        kind = row.text("kind", 20).strip()
        line = ConversationLogRow(
            user_id=row.text("user_id", 200),
            message_id=row.text("message_id", 32),
            conversation_id=row.text("conversation_id", 36),
            request_id=row.text("request_id", 200),
            kind=kind if kind in _WORDS else _WORDS[0],
            request_payload=row.text("request_payload", _TEXT_MAX),
            response_payload=row.text("response_payload", _TEXT_MAX),
            request_detail_json=_detail(row, "request_detail_json", reasons),
            response_detail_json=_detail(row, "response_detail_json", reasons),
            model_used=row.text("model_used", 300),
            latency_ms=row.small("latency_ms") or 0,
            status=row.text("status", 12),
            error_message=row.text("error_message", 20_000) or None,
            created_at=at,
        )
        return Taken(Fate.ADDED, reasons, write=lambda session: queries.add_row(session, line))


def _moment(row: Cells) -> datetime:
    at = row.moment("created_at")
    if at is None:
        raise InputError("It has no time")
    return at


def _message(row: Cells) -> tuple[str, dict[str, Any] | None]:
    """Return what was asked without the mark of a load test, and what the mark said."""
    text = row.text("request_message", _TEXT_MAX)
    found = _SUFFIX.search(text)
    if found is None:
        return text, None
    facts = {"original_run_id": found["run"], "original_index": int(found["index"])}
    return text[: found.start()], facts


def _place(trip: Trip, table: str, there: int | None, reasons: list[Message]) -> int:
    """Return the number of here; 0 where the row it points at was not taken."""
    if not there:
        return 0
    here = trip.place(table, there)
    if here is None:
        reasons.append(
            say("It points at row {id} of {table}, which was not taken", id=there, table=table)
        )
        return 0
    return 0 if here == PLANNED else here


def _detail(row: Cells, column: str, reasons: list[Message]) -> dict[str, Any] | None:
    found, is_broken = row.parsed(column)
    if found is None or (isinstance(found, dict) and not is_broken):
        return clean_json(found)
    if is_broken:
        reasons.append(say("{column} is no JSON: kept as text", column=column))
    return {"text": clean_json(found)}
