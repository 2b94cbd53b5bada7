"""Believable E2E data for the pages: models, launches, incidents, off-times, a failing cell."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from services.accounts.types import UserType
from services.e2e.types import (
    CODE_STATUS,
    JUDGED,
    Cause,
    Cell,
    CellDetail,
    CellStatus,
    CheckResult,
    Dot,
    Health,
    Kind,
    Launch,
    Mark,
    Matrix,
    MatrixRow,
    RunStatus,
)
from services.schedules.types import Every, OffSpan, ScheduleView, Slot, SlotState

NOW = datetime(2026, 11, 24, 9, 14, tzinfo=UTC)
STEP = timedelta(hours=3)
PROVIDERS = {
    "DeepSeek": ("deepseek-v3.2", "deepseek-r1", "deepseek-v3", "deepseek-coder"),
    "OpenAI": ("gpt-5", "gpt-5-mini", "gpt-4o", "gpt-4o-mini", "o4-mini", "gpt-4.1"),
    "Anthropic": ("claude-sonnet-4.5", "claude-opus-4.1", "claude-haiku-4.5"),
    "Qwen": ("qwen-max", "qwen-plus", "qwen-turbo", "qwen3-235b", "qwen3-coder"),
    "Zhipu": ("glm-4.6", "glm-4-air", "glm-4-flash"),
    "xAI": ("grok-4", "grok-3-mini"),
    "Demo": ("demo-coach",),
}
BOTH = (str(UserType.ANONYMOUS), str(UserType.PERMANENT))


def models(count: int) -> list[tuple[str, str]]:
    """Return (key, provider) pairs; beyond the named ones they are numbered."""
    named = [(key, provider) for provider, keys in PROVIDERS.items() for key in keys]
    names = list(PROVIDERS)
    extra = [(f"model-{number:03d}", names[number % 6]) for number in range(len(named), count)]
    return [*named, *extra][:count]


def launches(count: int, *, newest: datetime = NOW, running: bool = False) -> tuple[Launch, ...]:
    """Return launches oldest first: every three hours, now and then one by hand, one night off."""
    made: list[Launch] = []
    at = newest - timedelta(minutes=14)
    for number in range(count, 0, -1):
        is_manual = number % 9 == 4
        made.append(
            Launch(
                launch_no=number,
                launch_id=f"{number:032x}",
                execution_id=f"exe_{number:012d}",
                target_id=1,
                trigger="manual" if is_manual else "schedule",
                status=RunStatus.RUNNING if running and number == count else RunStatus.FAILED,
                started_at=at,
                finished_at=at + timedelta(seconds=48),
                slot_at=None if is_manual else at,
                is_partial=is_manual,
            )
        )
        at -= timedelta(minutes=50) if is_manual else STEP
        if number == count - 9:
            at -= STEP * 3
    return tuple(reversed(made))


def off_spans(columns: Sequence[Launch]) -> list[OffSpan]:
    """Return the night in which the console was off."""
    for before, after in pairwise(columns):
        if after.started_at - before.started_at > STEP * 2:
            return [OffSpan(before.started_at + STEP / 2, after.started_at - timedelta(minutes=5))]
    return []


def codes(key: str, provider: str, count: int, user: str) -> str:
    """Return one row of codes with the story of its provider."""
    dice = random.Random(f"{key}{user}")
    row = ["o" if dice.random() > 0.02 else dice.choice("sbfl") for _ in range(count)]
    if provider == "DeepSeek":
        row[-3:] = "fff"
    if key == "qwen-max" and user == BOTH[0]:
        row[-5:] = "bbobb"
    if key == "glm-4.6":
        row[-4:] = "ssos"
    if key == "grok-4" and user == BOTH[1]:
        row[-1:] = "l"
    if key == "gpt-4o-mini" and user == BOTH[0]:
        row[-20:-12] = "fsbsfoof"
    for position in (count - 25, count - 26):
        if 0 <= position < count and user == BOTH[0]:
            row[position] = "k"
    return "".join(row)


def a_matrix(model_count: int = 24, launch_count: int = 60, *, running: bool = False) -> Matrix:
    """Return a matrix with a provider outage, bad structures, a slow model and quiet rest."""
    columns = launches(launch_count, running=running)
    rows: list[MatrixRow] = []
    for key, provider in models(model_count):
        cells = {user: codes(key, provider, launch_count, user) for user in BOTH}
        if running:
            cells = {user: text[:-1] + "p" for user, text in cells.items()}
        rows.append(_row(key, provider, cells))
    marks = (
        Mark(columns[-6].started_at - timedelta(minutes=20), "prompt", "coach", "v12"),
        Mark(columns[-18].started_at - timedelta(minutes=5), "default", "qwen-max", "qwen-max-2"),
    )
    return Matrix(tuple(columns), tuple(rows), marks, 1)


def _row(key: str, provider: str, cells: dict[str, str]) -> MatrixRow:
    dice = random.Random(key)
    text = "".join(cells.values())
    judged = sum(text.count(code) for code in "osbf")
    p50 = dice.randint(700, 4200)
    return MatrixRow(
        model_key=key,
        provider=provider,
        cells=cells,
        judged=judged,
        good=text.count("o") + text.count("s"),
        cells_total=len(text) - text.count("."),
        p50_ms=p50,
        p95_ms=p50 * 3 if judged >= 20 else None,
        max_ms=p50 * 5,
        is_demo=provider == "Demo",
    )


def a_health(model_count: int = 24, *, matrix: Matrix | None = None) -> Health:
    """Return the health the matrix's newest column stands for."""
    matrix = matrix or a_matrix(model_count)
    newest = matrix.columns[-1]
    dots: list[Dot] = []
    for row in matrix.rows:
        for user, text in row.cells.items():
            status = CODE_STATUS[text[-1]]
            streak = len(text) - len(text.rstrip(text[-1]))
            dots.append(
                Dot(
                    model_key=row.model_key,
                    user_type=UserType(user),
                    status=status,
                    cause=_cause(status, row.provider),
                    at=newest.started_at + timedelta(seconds=20),
                    error=_error(status),
                    latency_ms=row.p50_ms,
                    ttft_ms=(row.p50_ms or 0) // 4,
                    cell_id=len(dots) + 1,
                    is_demo=row.is_demo,
                    provider=row.provider,
                    streak=streak,
                    since=matrix.columns[-min(streak, len(matrix.columns))].started_at,
                )
            )
    judged = [dot for dot in dots if dot.status in JUDGED]
    return Health(
        dots=tuple(dots),
        mapped=tuple(row.model_key for row in matrix.rows),
        judged=len(judged),
        good=sum(dot.status in (CellStatus.OK, CellStatus.SLOW) for dot in judged),
        not_judged=len(dots) - len(judged),
        judged_at=newest.started_at + timedelta(seconds=48),
        running=None,
    )


def _cause(status: CellStatus, provider: str) -> Cause:
    if status is CellStatus.FAILED:
        return Cause.PROVIDER if provider != "Demo" else Cause.GATEWAY
    if status is CellStatus.BAD_STRUCTURE:
        return Cause.MODEL
    return Cause.NONE


def _error(status: CellStatus) -> str:
    return {
        CellStatus.FAILED: "upstream_http_503:model overloaded",
        CellStatus.BAD_STRUCTURE: "thinkingml:phase_id_not_start_from_1",
        CellStatus.LIMITED: "model_daily_quota_exceeded",
        CellStatus.SIGNIN_FAILED: "anonymous_auth_failed",
    }.get(status, "")


REPLY = (
    '<thinking><phase id="2"><title>理解问题</title>The member asks whether the connection and the '
    "tools work today. I list the tools I was given and answer in one sentence each.</phase>"
    '<phase id="3"><title>整理答案</title>Short, friendly, honest.</phase></thinking>\n'
    "<final>连接正常。可用工具：训练计划、动作库、饮食记录。今天想练哪个部位？\n"
    '<!-- <serp_queries>\n["胸部训练 动作 顺序", "深蹲 热身"]\n</serp_queries> --></final>'
)


def a_cell(**changes: object) -> Cell:
    """Return the bad-structure cell the drawer is designed around."""
    cell = Cell(
        user_type=UserType.ANONYMOUS,
        model_key="qwen-max",
        status=CellStatus.BAD_STRUCTURE,
        kind=Kind.STRUCTURE,
        cause=Cause.MODEL,
        id=4711,
        launch_no=60,
        run_id="5f2a9c1be07d4e0e8a64c1d2f3b4a5c6",
        at=NOW - timedelta(minutes=13),
        error="thinkingml:phase_id_not_start_from_1",
        thinkingml_ok=False,
        thinkingml_reason="phase_id_not_start_from_1",
        strict_reasons=("strict_text_after_final",),
        signin_ms=183,
        accepted_ms=41,
        first_event_ms=64,
        ttft_ms=612,
        latency_ms=2870,
        reply_len=len(REPLY),
        result_mode_effective="raw_passthrough",
        provider="openai",
        resolved_model="qwen-max-2026-10",
        endpoint_id=3,
        request_id="0c9b7a4f2f2e4c4c9f8e7d6c5b4a3921",
        message_id="e9a8d7c6b5a4938271605f4e3d2c1b0a",
        conversation_id="6f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
        upstream_status=200,
        retries=("limited_waited_3s",),
        checks=(
            CheckResult("completed", True, "ok", "completed", "completed"),
            CheckResult("sequence", True, "ok", "1..37", "1..37"),
            CheckResult(
                "thinkingml",
                False,
                "phase_id_not_start_from_1",
                '<phase id="1">',
                '<phase id="2">',
                at=REPLY.index('<phase id="2">'),
            ),
            CheckResult("latency", True, "ok", "≤ 30,000 ms", "2,870 ms"),
            CheckResult("jsonseq", None, "not_judged", "JSONSeq events", "ThinkingML reply"),
        ),
        prompt={"mode": "server", "system_version_no": 12, "tools_version_no": 4, "tools_count": 9},
        legs={"signin": "ok", "gateway": "ok", "provider": "ok"},
    )
    return replace(cell, **changes)  # type: ignore[arg-type]


def a_detail(cell: Cell | None = None) -> CellDetail:
    """Return the cell with its reply and the last good one before it."""
    cell = cell or a_cell()
    columns = launches(60)
    last_ok = replace(
        cell,
        id=4300,
        launch_no=55,
        status=CellStatus.OK,
        kind=Kind.OK,
        cause=Cause.NONE,
        success=True,
        error="",
        thinkingml_ok=True,
        thinkingml_reason="ok",
        at=columns[54].started_at,
        ttft_ms=540,
        latency_ms=2410,
        resolved_model="qwen-max-2026-09",
        prompt={**cell.prompt, "system_version_no": 11},
        checks=tuple(replace(check, ok=True, reason="ok") for check in cell.checks[:4]),
    )
    return CellDetail(
        cell=cell,
        launch=columns[59],
        reply_text=REPLY,
        is_reply_cut=False,
        prompt_text="每日测试连通性和tools工具可用性",
        last_ok=last_ok,
        last_ok_launch=columns[54],
        last_ok_reply=REPLY.replace('id="2"', 'id="1"').replace('id="3"', 'id="2"'),
    )


def a_schedule() -> ScheduleView:
    """Return the schedule every three hours in Shanghai."""
    slot = NOW - timedelta(minutes=14)
    return ScheduleView(
        is_enabled=True,
        rule=Every(3),
        zone="Asia/Shanghai",
        next_at=slot + STEP,
        last_slot=Slot(slot, SlotState.FIRED, slot),
        last_tick_at=NOW - timedelta(seconds=12),
        launches_per_day=8,
    )
