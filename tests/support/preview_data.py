"""Believable data for looking at pages: a console with twenty models, its past and its present."""

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from services.accounts.types import UserType
from services.e2e.types import (
    STATUS_CODES,
    Cause,
    Cell,
    CellDetail,
    CellStatus,
    ChangeSinceSeen,
    CheckResult,
    Dot,
    Health,
    Kind,
    Launch,
    Mark,
    Matrix,
    MatrixRow,
    RunStatus,
    TrendPoint,
)
from services.mapping.types import MappedModel, Scope
from tests.support.preview_world import BAD, MODELS, NOW, TARGETS, TYPES

_random = random.Random(7)


def launches(count: int) -> list[Launch]:
    """Return the newest launches, oldest first: every three hours, some by hand, one night off."""
    found: list[Launch] = []
    at = NOW - timedelta(minutes=47)
    for back in range(count):
        manual = back % 9 == 4
        found.append(
            Launch(
                launch_no=1000 - back,
                launch_id=f"{1000 - back:032x}",
                execution_id=f"exe_{1000 - back}",
                target_id=1,
                trigger="manual" if manual else "schedule",
                status=RunStatus.FAILED if back < 6 else RunStatus.SUCCESS,
                started_at=at,
                finished_at=at + timedelta(seconds=95),
                slot_at=None if manual else at,
            )
        )
        at -= timedelta(hours=1.3 if manual else 3) + timedelta(hours=14 if back == 12 else 0)
    return list(reversed(found))


def status_of(key: str, user_type: UserType, back: int) -> CellStatus:
    """Return what that model did so many launches ago."""
    bad = BAD.get(key)
    if bad and back < {"DeepSeek": 4}.get(dict(MODELS)[key], 7):
        if key == "qwen-max" and user_type is UserType.PERMANENT:
            return CellStatus.OK
        return bad[0]
    if back == 12:
        return CellStatus.NOT_RUN
    roll = _random.random()
    odds = ((0.02, CellStatus.FAILED), (0.05, CellStatus.SLOW), (0.06, CellStatus.LIMITED))
    return next((status for share, status in odds if roll < share), CellStatus.OK)


def matrix(count: int) -> Matrix:
    """Return the matrix of so many launches, the same each time."""
    _random.seed(count)
    columns = launches(count)
    rows: list[MatrixRow] = []
    for key, provider in MODELS:
        cells: dict[str, str] = {}
        judged = good = 0
        for user_type in TYPES:
            line = [status_of(key, user_type, len(columns) - 1 - i) for i in range(len(columns))]
            cells[str(user_type)] = "".join(STATUS_CODES[status] for status in line)
            good += sum(status in (CellStatus.OK, CellStatus.SLOW) for status in line)
            judged += sum(
                status
                in (CellStatus.OK, CellStatus.SLOW, CellStatus.FAILED, CellStatus.BAD_STRUCTURE)
                for status in line
            )
        rows.append(
            MatrixRow(
                key,
                provider,
                cells,
                judged=judged,
                good=good,
                cells_total=2 * len(columns),
                p50_ms=_random.randint(900, 4000),
                p95_ms=_random.randint(4000, 9000) if len(columns) >= 20 else None,
                max_ms=_random.randint(5000, 14000),
                is_demo=provider == "Demo",
            )
        )
    marks = (
        Mark(NOW - timedelta(hours=20), "prompt", "system v12", "v11 → v12"),
        Mark(NOW - timedelta(hours=50), "mapping", "qwen-max", "qwen-max-2025"),
    )
    rows.sort(key=lambda row: row.model_key not in BAD)
    return Matrix(tuple(columns), tuple(rows), marks, 1)


def health(*, running: bool = False) -> Health:
    """Return the present health."""
    dots: list[Dot] = []
    for key, provider in MODELS:
        for user_type in TYPES:
            status, cause, error = BAD.get(key, (CellStatus.OK, Cause.NONE, ""))
            if key == "qwen-max" and user_type is UserType.PERMANENT:
                status, cause, error = CellStatus.OK, Cause.NONE, ""
            dots.append(
                Dot(
                    key,
                    user_type,
                    status,
                    cause,
                    NOW - timedelta(minutes=46),
                    error,
                    _random.randint(800, 5000),
                    _random.randint(200, 900),
                    len(dots) + 1,
                    provider == "Demo",
                    provider,
                    streak=4 if error else 30,
                    since=NOW - timedelta(hours=9 if error else 90),
                )
            )
    good = sum(dot.status in (CellStatus.OK, CellStatus.SLOW) for dot in dots)
    limited = sum(dot.status is CellStatus.LIMITED for dot in dots)
    live = None
    if running:
        live = replace(launches(1)[0], launch_no=1001, status=RunStatus.RUNNING, finished_at=None)
    return Health(
        tuple(dots),
        tuple(key for key, _ in MODELS),
        len(dots) - limited,
        good,
        limited,
        NOW - timedelta(minutes=46),
        live,
        14 if running else 0,
        40 if running else 0,
    )


CHECKS = (
    CheckResult("completion", True, "ok", "completed", "completed"),
    CheckResult("sequence", True, "ok", "1..87", "1..87"),
    CheckResult("structure", False, "phase_id_not_start_from_1", "phase id 1", "phase id 2", 24),
    CheckResult("latency", True, "ok", "≤ 30000 ms", "3180 ms"),
)
TEXTS = {
    "reply": (
        '<thinking>\n<phase id="2">\n<title>理解问题</title>\n用户希望每日测试连通性和 tools 工具可用性。\n'
        "</phase>\n</thinking>\n<final>\n连通性正常，工具列表可用。今天可以做 20 分钟的有氧训练。\n</final>"
    )
}


def mapped() -> tuple[MappedModel, ...]:
    """Return the mapped keys."""
    return tuple(
        MappedModel(key, key, (key,), f"mapping:{key}", Scope.MAPPING, is_demo=provider == "Demo")
        for key, provider in MODELS
    )


def cell(key: str, user_type: UserType, launch: Launch) -> Cell:
    """Return a whole cell of that launch."""
    status, cause, error = BAD.get(key, (CellStatus.OK, Cause.NONE, ""))
    kinds = {
        CellStatus.FAILED: Kind.SUPPLIER,
        CellStatus.BAD_STRUCTURE: Kind.STRUCTURE,
        CellStatus.LIMITED: Kind.QUOTA,
    }
    good = status in (CellStatus.OK, CellStatus.SLOW)
    return Cell(
        user_type,
        key,
        status,
        kinds.get(status, Kind.OK),
        cause,
        id=77,
        launch_no=launch.launch_no,
        run_id="a" * 32,
        at=launch.finished_at,
        success=good,
        error=error,
        thinkingml_ok=status is not CellStatus.BAD_STRUCTURE,
        thinkingml_reason=error if status is CellStatus.BAD_STRUCTURE else "",
        signin_ms=92,
        accepted_ms=31,
        first_event_ms=140,
        ttft_ms=612,
        latency_ms=3180,
        reply_len=len(TEXTS["reply"]),
        result_mode_effective="raw_passthrough",
        provider=dict(MODELS)[key],
        resolved_model=f"{key}-2025-06",
        endpoint_id=3,
        request_id="b" * 32,
        message_id="c" * 32,
        conversation_id="0f8b7a4e-0000-4000-8000-000000000001",
        upstream_status=503 if status is CellStatus.FAILED else 200,
        checks=CHECKS
        if status is CellStatus.BAD_STRUCTURE
        else tuple(replace(c, ok=True) for c in CHECKS),
        prompt={"system_prompt_version": "v12", "mapping": "global"},
        legs={"signin": "ok", "gateway": "ok", "provider": "failed"} if cause else {},
    )


def detail(key: str, user_type: UserType) -> CellDetail:
    """Return what the drawer shows of that model's newest cell."""
    newest, before = launches(8)[-1], launches(8)[0]
    now = cell(key, user_type, newest)
    last_ok = replace(
        now,
        status=CellStatus.OK,
        kind=Kind.OK,
        cause=Cause.NONE,
        error="",
        success=True,
        launch_no=before.launch_no,
        at=before.finished_at,
        ttft_ms=540,
        latency_ms=2890,
        prompt={"system_prompt_version": "v11", "mapping": "global"},
        legs={},
        upstream_status=200,
    )
    text = "" if now.status is CellStatus.FAILED else TEXTS["reply"]
    return CellDetail(
        now, newest, text, False, "每日测试连通性和tools工具可用性", last_ok, before, TEXTS["reply"]
    )


def trend(count: int) -> list[TrendPoint]:
    """Return the trend of so many launches."""
    return [
        TrendPoint(
            launch.started_at,
            38,
            30 if index > count - 5 else 36 + _random.randint(0, 2),
            1400 + _random.randint(0, 600),
            4200 + _random.randint(0, 1800),
        )
        for index, launch in enumerate(launches(count))
    ]


def changes() -> list[ChangeSinceSeen]:
    """Return what broke and recovered since the operator looked."""
    ok, failed = CellStatus.OK, CellStatus.FAILED
    at = NOW - timedelta(hours=9)
    return [
        ChangeSinceSeen("deepseek-chat", TYPES[0], ok, failed, at, Cause.PROVIDER),
        ChangeSinceSeen("ds-v3", TYPES[1], ok, failed, at, Cause.PROVIDER),
        ChangeSinceSeen("kimi-k2", TYPES[0], failed, ok, at + timedelta(hours=2), Cause.NONE),
    ]


HOSTILE = (
    '<img src=x onerror="window.hacked=1"><svg onload=window.hacked=2>'
    "{{constructor.constructor('window.hacked=3')()}}</script><script>window.hacked=4</script>"
)


def poison() -> None:
    """Put an attack wherever foreign text is shown."""
    TEXTS["reply"] = HOSTILE + TEXTS["reply"]
    TARGETS[:] = [
        replace(t, name=f"{t.name} {HOSTILE}", api_base=t.api_base + HOSTILE) for t in TARGETS
    ]
    MODELS[:] = [(f"{key} {HOSTILE}", f"{provider} {HOSTILE}") for key, provider in MODELS]
    BAD.update({f"{key} {HOSTILE}": (*bad[:2], HOSTILE) for key, bad in list(BAD.items())})


DATABASE = Path("/srv/gymbro-console/data/gymbro.sqlite3")
