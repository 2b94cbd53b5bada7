"""Matrix to what the browser draws: plain data in the language and zone of the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from components.e2e.grid import FoldLine, GroupLine, Line, arrange, tail_latency
from components.e2e.marks import mark_flag, mark_sentence
from components.e2e.ranking import RANK_CODES
from components.e2e.timeline import Axis, Column, Gap, MarkLine, lay_out, local_time
from components.primitives.formats import duration_text, share_text, zone_of
from components.status.looks import code_looks, trigger_word, user_type_word
from components.status.providers import provider_word
from components.words import tr, trn
from services.accounts.types import UserType
from services.e2e.types import Launch, Matrix, MatrixRow, RunStatus
from services.schedules.types import OffSpan


@dataclass(frozen=True, slots=True)
class Frame:
    """What a matrix is drawn within: zone, the schedule's interval, and the times it was off."""

    zone: str = "UTC"
    interval: timedelta | None = None
    off_spans: Sequence[OffSpan] = ()
    sort: str = "worst"


def matrix_data(matrix: Matrix, frame: Frame) -> dict[str, Any]:
    """Return the `data` prop of the matrix."""
    zone = zone_of(frame.zone)
    axis = lay_out(
        matrix.columns,
        marks=matrix.marks,
        off_spans=frame.off_spans,
        interval=frame.interval,
        zone=frame.zone,
    )
    users = [str(user) for user in UserType if any(str(user) in row.cells for row in matrix.rows)]
    return {
        "axis": _axis_data(axis, zone),
        "users": users,
        "rank": RANK_CODES,
        "sort": frame.sort,
        "rows": [_row_data(row, users) for row in matrix.rows],
        "lines": [_line_data(line) for line in arrange(matrix.rows, frame.sort)],
    }


def matrix_words() -> dict[str, Any]:
    """Return the `words` prop of the matrix."""
    return {
        "title": tr("End-to-end results: models by launches"),
        "looks": code_looks(),
        "users": {str(user): user_type_word(user) for user in UserType},
        "user": tr("Signed in as"),
        "both": tr("Anonymous and registered"),
        "demo": tr("Demo"),
        "gone": tr("not mapped any more"),
        "model": tr("Model"),
        "column": tr("Press Enter to run this column again"),
        "figures": [
            {"sort": "share", "text": tr("Judged"), "tip": tr("Judged of all cells in the window")},
            {"sort": "p50", "text": "p50", "tip": tr("Median time to the end of the reply")},
            {
                "sort": "tail",
                "text": tr("p95/max"),
                "tip": tr("95th percentile; the maximum while fewer than 20 are judged"),
            },
        ],
    }


def column_title(launch: Launch, zone: ZoneInfo) -> str:
    """Return when and how a launch started, e.g. `11-24 05:00, Schedule`."""
    return f"{local_time(launch.started_at, zone):%m-%d %H:%M}, {trigger_word(launch.trigger)}"


def _axis_data(axis: Axis, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "width": axis.width,
        "columns": [_column_data(column, zone) for column in axis.columns],
        "gaps": [_gap_data(gap, zone) for gap in axis.gaps],
        "marks": [_mark_data(line, zone) for line in axis.marks],
        "labels": [{"text": item.text, "x": item.x, "day": item.is_day} for item in axis.labels],
    }


def _column_data(column: Column, zone: ZoneInfo) -> dict[str, Any]:
    launch = column.launch
    return {
        "no": launch.launch_no,
        "x": column.x,
        "w": column.width,
        "manual": launch.trigger != "schedule",
        "live": launch.status is RunStatus.RUNNING,
        "full": column_title(launch, zone),
    }


def _gap_data(gap: Gap, zone: ZoneInfo) -> dict[str, Any]:
    start, end = local_time(gap.start, zone), local_time(gap.end, zone)
    text = (
        tr("Console was off {start} to {end}", start=f"{start:%m-%d %H:%M}", end=f"{end:%H:%M}")
        if gap.is_off
        else tr("Nothing ran {start} to {end}", start=f"{start:%m-%d %H:%M}", end=f"{end:%H:%M}")
    )
    return {"x": gap.x, "w": gap.width, "off": gap.is_off, "tip": text}


def _mark_data(line: MarkLine, zone: ZoneInfo) -> dict[str, Any]:
    tips = "\n".join(mark_sentence(mark, zone) for mark in line.marks)
    first = line.marks[0]
    return {"x": line.x, "tip": tips, "flag": mark_flag(first)}


def _row_data(row: MatrixRow, users: Sequence[str]) -> dict[str, Any]:
    return {
        "key": row.model_key,
        "name": row.model_key,
        "provider": provider_word(row.provider),
        "demo": row.is_demo,
        "gone": not row.is_mapped,
        "codes": [row.cells.get(user, "") for user in users],
        "figures": _figures(row),
    }


def _figures(row: MatrixRow) -> list[dict[str, Any]]:
    tail, is_max = tail_latency(row)
    share = tr(
        "{judged} of {total} judged, success {percent}",
        judged=row.judged,
        total=row.cells_total,
        percent=share_text(row.good, row.judged),
    )
    return [
        {"text": f"{row.judged}/{row.cells_total}", "label": share},
        {"text": duration_text(row.p50_ms), "label": f"p50 {duration_text(row.p50_ms)}"},
        {
            "text": duration_text(tail),
            "label": f"{tr('max') if is_max else 'p95'} {duration_text(tail)}",
            "soft": is_max,
        },
    ]


def _line_data(line: Line) -> dict[str, Any]:
    match line:
        case GroupLine():
            name = provider_word(line.provider) or tr("Provider unknown")
            return {
                "kind": "group",
                "provider": line.provider,
                "text": name,
                "count": line.count,
                "fold": line.is_in_fold,
            }
        case FoldLine():
            return {"kind": "fold", "text": tr("OK"), "count": line.count, "open": line.is_open}
        case _:
            return {
                "kind": "row",
                "row": line.index,
                "fold": line.is_in_fold,
                "alone": line.is_alone,
            }


def rows_sentence(count: int, columns: int) -> str:
    """Return the size of the matrix, e.g. `12 models, 40 launches`."""
    return tr(
        "{models}, {launches}",
        models=trn("{n} model", "{n} models", count),
        launches=trn("{n} launch", "{n} launches", columns),
    )
