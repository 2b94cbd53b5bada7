"""From a row of the original's E2E runs to a launch, a run and its cells."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlmodel import Session

from db.queries import imports as queries
from db.tables.e2e_runs import E2eCellRow, E2eLaunchRow, E2eRunRow
from services.accounts.types import UserType
from services.e2e.records import stored_key, to_cell
from services.e2e.rules import ERROR_MAX, STATUS_OF, text_of
from services.e2e.store import summed_up
from services.e2e.types import STATUS_CODES, CellStatus, Kind, RunStatus
from services.foundation.errors import InputError
from services.foundation.messages import Message, say
from services.foundation.redact import redact
from services.imports.cells import Cells
from services.imports.trip import Kept, Taken, Taker, Trip
from services.imports.types import Fate

IMPORTED = "import"
_RUN_ID = re.compile(r"[0-9A-Za-z_-]{1,32}")
_KINDS = (  # how an error word of the original begins, and what kind of end that is
    (("thinkingml:", "jsonseq:", "empty_reply", "upstream_empty"), Kind.STRUCTURE),
    (("sse_", "deadline_exceeded"), Kind.STREAM),
    (("fetch_models_failed", "no_mapped_models", "model_not_allowed"), Kind.CATALOGUE),
    (("messages_create_failed: HTTP 429", "rate_limit", "quota"), Kind.QUOTA),
    (("messages_create_failed: HTTP 401", "messages_create_failed: HTTP 403"), Kind.AUTH),
    (("messages_create_failed: HTTP 5", "provider_error", "upstream_"), Kind.SUPPLIER),
    (("messages_",), Kind.CLIENT),
)
_Row = Mapping[str, Any]


@dataclass(slots=True)
class ImportedRun:
    """What one original run becomes; it is a launch of its own (contract 16)."""

    launch: E2eLaunchRow
    run: E2eRunRow
    cells: list[E2eCellRow]
    reasons: list[Message]


class RunTaker(Taker):
    """Runs: numbered below every launch that is here, so that history stands left of it."""

    table = "e2e_mapped_model_runs"
    batch = 50

    def begin(self, session: Session, trip: Trip, rows: Sequence[Cells]) -> None:
        """Read which runs are here."""
        del rows
        self._known = queries.known_runs(session)
        self._unfinished = queries.unfinished_runs(session, IMPORTED, str(RunStatus.INTERRUPTED))
        self._oldest = trip.now - timedelta(days=trip.preferences.retention_e2e_days)

    def key(self, row: Cells) -> tuple[str, ...]:
        """Return its run_id."""
        run_id = row.text("run_id", 80)
        if not _RUN_ID.fullmatch(run_id):
            raise InputError("Its run_id is no plain id")
        return (run_id,)

    def first(self, trip: Trip, row: Cells) -> Taken:
        """The run as a launch of the service under test."""
        run_id = self.key(row)[0]
        if run_id in self._known:
            return Taken(Fate.KNOWN, (), run_id)
        one = read_run(row, trip.target.id, trip.target.api_base)
        if one.run.started_at < self._oldest:
            trip.note(
                say(
                    "Some runs are older than {days} days: the next clean-up deletes them, unless the"
                    " days of E2E runs are raised in Settings first",
                    days=trip.preferences.retention_e2e_days,
                )
            )

        def write(session: Session) -> str:
            number = queries.lowest_launch(session) - 1
            queries.insert_imported(session, number, one.launch, one.run, one.cells)
            return run_id

        return Taken(Fate.ADDED, one.reasons, write=write)

    def again(self, trip: Trip, row: Cells, kept: Kept) -> Taken:
        """A run that had not ended when it was taken gets its end now."""
        if kept.local_key not in self._unfinished or self.digest(row) == kept.digest:
            return super().again(trip, row, kept)
        one = read_run(row, trip.target.id, trip.target.api_base)
        if one.run.status == str(RunStatus.INTERRUPTED):
            return super().again(trip, row, kept)

        def write(session: Session) -> str:
            queries.replace_imported(session, one.launch, one.run, one.cells)
            return kept.local_key

        reasons = [say("It had not ended when it was taken"), *one.reasons]
        return Taken(Fate.CHANGED, reasons, write=write)


def read_run(row: Cells, target_id: int, target: str) -> ImportedRun:
    """Return the rows of one original run; raise InputError with the reason why there are none."""
    user_type = row.text("user_type", 40)
    if user_type not in tuple(UserType):
        raise InputError("Its user type {type} is not known", type=text_of(user_type, 40) or "''")
    started = row.moment("started_at") or row.moment("created_at")
    if started is None:
        raise InputError("It has no time")
    reasons: list[Message] = []
    results = _results(row, reasons)
    run = _run(row, started, target_id, target)
    cells = [_cell(result, run, started) for result in results]
    _count(run, cells)
    return ImportedRun(_launch(run, cells), run, cells, reasons)


def _results(row: Cells, reasons: list[Message]) -> list[_Row]:
    found, is_broken = row.parsed("results_json")
    if found is None:
        reasons.append(say("It holds no results"))
        return []
    if is_broken:
        reasons.append(say("Its results are no JSON"))
        return []
    if not isinstance(found, list):
        reasons.append(say("Its results are no list"))
        return []
    rows = [cast("_Row", item) for item in cast("list[object]", found) if isinstance(item, dict)]
    named = [row for row in rows if stored_key(str(row.get("model_key") or ""))]
    if lost := len(cast("list[object]", found)) - len(named):
        reasons.append(say("{n} of its results name no model", n=lost))
    return named


def _cell(result: _Row, run: E2eRunRow, at: datetime) -> E2eCellRow:
    kind, status = _verdict(result)
    judged = result.get("thinkingml_ok")
    return E2eCellRow(
        launch_no=0,
        run_id=run.run_id,
        target_id=run.target_id,
        user_type=run.user_type,
        model_key=stored_key(str(result["model_key"])),
        status_code=STATUS_CODES[status],
        kind=str(kind),
        success=kind is Kind.OK,
        at=at,
        error=text_of(redact(str(result.get("error") or "")), ERROR_MAX),
        thinkingml_ok=judged if isinstance(judged, bool) else None,
        thinkingml_reason=text_of(result.get("thinkingml_reason"), 200),
        latency_ms=_whole(result.get("latency_ms")),
        reply_len=_whole(result.get("reply_len")) or 0,
        result_mode_effective=text_of(result.get("result_mode_effective"), 40),
        request_id=text_of(result.get("request_id"), 200),
        message_id=text_of(result.get("message_id"), 200),
        conversation_id=text_of(result.get("conversation_id"), 200),
    )


def _verdict(result: _Row) -> tuple[Kind, CellStatus]:
    if result.get("success") is True and result.get("thinkingml_ok") is not False:
        return Kind.OK, CellStatus.OK
    is_judged_bad = result.get("thinkingml_ok") is False
    otherwise = Kind.STRUCTURE if is_judged_bad else Kind.CLIENT
    return verdict_of(str(result.get("error") or ""), otherwise)


def verdict_of(word: str, otherwise: Kind = Kind.CLIENT) -> tuple[Kind, CellStatus]:
    """Return what an error word of the original says (contract 14): it kept no kind of failure."""
    kind = next((kind for starts, kind in _KINDS if word.startswith(starts)), otherwise)
    return kind, STATUS_OF.get(kind, CellStatus.FAILED)


def _run(row: Cells, started: datetime, target_id: int, target: str) -> E2eRunRow:
    run_id, status = row.text("run_id", 32), row.text("status", 20)
    if status == "running" or status not in tuple(RunStatus):  # it never ended there
        status = str(RunStatus.INTERRUPTED)
    total = row.small("models_total") or 0
    good = min(row.small("models_success") or 0, total)
    return E2eRunRow(
        run_id=run_id,
        user_type=row.text("user_type", 20),
        auth_mode=text_of(row.text("auth_mode"), 20),
        prompt_text=text_of(row.text("prompt_text"), 2_000),
        prompt_mode=text_of(row.text("prompt_mode"), 20) or "server",
        result_mode=text_of(row.text("result_mode"), 20),
        models_total=total,
        models_success=good,
        models_failed=min(row.small("models_failed") or 0, total),
        started_at=started,
        finished_at=row.moment("finished_at"),
        duration_ms=row.small("duration_ms"),
        status=status,
        error_summary=text_of(row.text("error_summary"), ERROR_MAX),
        created_at=row.moment("created_at") or started,
        launch_id=run_id,
        launch_no=0,
        trigger=IMPORTED,
        target_id=target_id,
        target=target,
    )


def _count(run: E2eRunRow, cells: list[E2eCellRow]) -> None:
    """The results count, where there are any; else what the original had counted."""
    if cells:
        run.models_total = len(cells)
        run.models_success = sum(cell.success for cell in cells)
        run.models_failed = run.models_total - run.models_success


def _launch(run: E2eRunRow, cells: list[E2eCellRow]) -> E2eLaunchRow:
    return E2eLaunchRow(
        launch_id=run.launch_id,
        execution_id="",
        target_id=run.target_id,
        target=run.target,
        trigger=IMPORTED,
        status=run.status,
        started_at=run.started_at,
        finished_at=run.finished_at or run.started_at,
        error_summary=run.error_summary,
        **summed_up([to_cell(cell) for cell in cells]),
    )


def _whole(value: object) -> int | None:
    """A count or a time in milliseconds; what is none, or no sensible one, is not known."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**31 else None  # NaN is within no bounds
