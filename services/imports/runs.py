"""From a row of the original's E2E runs to a launch, a run and its cells."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from db.tables.e2e_runs import E2eCellRow, E2eLaunchRow, E2eRunRow
from services.accounts.types import UserType
from services.e2e.records import stored_key, to_cell
from services.e2e.rules import ERROR_MAX, STATUS_OF, text_of
from services.e2e.store import summed_up
from services.e2e.types import STATUS_CODES, CellStatus, Kind, RunStatus

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
    remark: str = ""


def read_run(row: _Row, target_id: int, target: str) -> ImportedRun:
    """Return the rows of one original run; raise ValueError with the reason why there are none."""
    run_id = str(row["run_id"] or "")
    if not _RUN_ID.fullmatch(run_id):
        raise ValueError("its run_id is no plain id")
    if row["user_type"] not in tuple(UserType):
        raise ValueError(f"its user type {text_of(str(row['user_type']), 40)!r} is not known")
    started = moment(row["started_at"]) or moment(row["created_at"])
    if started is None:
        raise ValueError("it has no time")
    results, remark = _results(row["results_json"])
    cells = [_cell(result, row, run_id, target_id, started) for result in results]
    run = _run(row, run_id, started, target_id, target, cells)
    return ImportedRun(_launch(run, cells), run, cells, remark)


def moment(value: object) -> datetime | None:
    """Return a stored time in UTC; one without a zone is UTC; None where it is none."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _results(stored: object) -> tuple[list[_Row], str]:
    if stored is None or stored == "":
        return [], "it holds no results"
    try:
        found = json.loads(stored) if isinstance(stored, str | bytes) else stored
    except ValueError:
        return [], "its results are no JSON"
    if not isinstance(found, list):
        return [], "its results are no list"
    rows = [cast("_Row", item) for item in cast("list[object]", found) if isinstance(item, dict)]
    named = [row for row in rows if stored_key(str(row.get("model_key") or ""))]
    lost = len(cast("list[object]", found)) - len(named)
    return named, f"{lost} of its results name no model" if lost else ""


def _cell(result: _Row, row: _Row, run_id: str, target_id: int, at: datetime) -> E2eCellRow:
    kind, status = _verdict(result)
    judged = result.get("thinkingml_ok")
    return E2eCellRow(
        launch_no=0,
        run_id=run_id,
        target_id=target_id,
        user_type=str(row["user_type"]),
        model_key=stored_key(str(result["model_key"])),
        status_code=STATUS_CODES[status],
        kind=str(kind),
        success=kind is Kind.OK,
        at=at,
        error=text_of(result.get("error"), ERROR_MAX),
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
    """The original kept success and an error word; our kind follows from them (contract 14)."""
    if result.get("success") is True and result.get("thinkingml_ok") is not False:
        return Kind.OK, CellStatus.OK
    word = str(result.get("error") or "")
    kind = next((kind for starts, kind in _KINDS if word.startswith(starts)), None)
    if kind is None:
        kind = Kind.STRUCTURE if result.get("thinkingml_ok") is False else Kind.CLIENT
    return kind, STATUS_OF.get(kind, CellStatus.FAILED)


def _run(
    row: _Row, run_id: str, started: datetime, target_id: int, target: str, cells: list[E2eCellRow]
) -> E2eRunRow:
    good = sum(cell.success for cell in cells)
    total = len(cells) or _whole(row["models_total"]) or 0
    status = str(row["status"] or "")
    if status == "running" or status not in tuple(RunStatus):  # it never ended there
        status = str(RunStatus.INTERRUPTED)
    return E2eRunRow(
        run_id=run_id,
        user_type=str(row["user_type"]),
        auth_mode=text_of(row["auth_mode"], 20),
        prompt_text=text_of(row["prompt_text"], 2_000),
        prompt_mode=text_of(row["prompt_mode"], 20) or "server",
        result_mode=text_of(row["result_mode"], 20),
        models_total=total,
        models_success=good if cells else _whole(row["models_success"]) or 0,
        models_failed=total - good if cells else _whole(row["models_failed"]) or 0,
        started_at=started,
        finished_at=moment(row["finished_at"]),
        duration_ms=_whole(row["duration_ms"]),
        status=status,
        error_summary=text_of(row["error_summary"], ERROR_MAX),
        created_at=moment(row["created_at"]) or started,
        launch_id=run_id,
        launch_no=0,
        trigger=IMPORTED,
        target_id=target_id,
        target=target,
    )


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
