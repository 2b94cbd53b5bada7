"""Aged rows: one row of every table that ages, written as of a time."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, SQLModel

from db.tables.accounts import AccountSessionRow, AccountUserRow
from db.tables.audit import AuditRow
from db.tables.change_marks import ChangeMarkRow
from db.tables.e2e_runs import E2eCellRow, E2eLaunchRow, E2eReplyRow, E2eRunRow
from db.tables.executions import ExecutionEventRow, ExecutionRow
from db.tables.load_runs import LoadRunRow, PromptTestRow
from db.tables.messages import ConversationLogRow, GatewayMessageRow
from db.tables.numbers import DashboardStatsRow, LastSeenRow, UsageRollupRow
from db.tables.outbox import OutboxRow
from db.tables.schedules import ScheduleSlotRow
from db.tables.uptime import UptimeRow
from db.tables.usage import (
    AiRequestMinuteRow,
    AiRequestStatsRow,
    ModelDailyUsageRow,
    UserActivityRow,
)

AGED: tuple[type[SQLModel], ...] = (
    AuditRow, E2eLaunchRow, E2eRunRow, E2eCellRow, E2eReplyRow, ExecutionRow, ExecutionEventRow,
    ConversationLogRow, GatewayMessageRow, ScheduleSlotRow, UptimeRow, AiRequestMinuteRow,
    AiRequestStatsRow, ModelDailyUsageRow, UserActivityRow, LoadRunRow, PromptTestRow,
    ChangeMarkRow, UsageRollupRow, LastSeenRow, DashboardStatsRow, AccountSessionRow,
)  # fmt: skip


def write_all(session: Session, at: datetime, *, is_over: bool = True) -> None:
    """Write one row of each at that time, and an unpushed change."""
    key, day, end = f"{at:%Y%m%d%H%M%S}", at.date(), at if is_over else None
    launch = write_launch(session, at, cells=1, end=end)
    stamps: dict[str, Any] = {"created_at": at, "updated_at": at}
    execution = ExecutionRow(
        execution_id=f"exe_{key}", execution_type="demo", label="Demo", boot_id="b",
        status="succeeded" if is_over else "running", trigger="manual", finished_at=end, **stamps,
    )  # fmt: skip
    session.add(execution)
    session.flush()
    account = AccountUserRow(id=key, app_metadata={}, user_metadata={}, **stamps)
    session.add(account)
    session.flush()
    session.add_all(
        [
            ChangeMarkRow(at=at, kind="prompt", subject="s"),
            UsageRollupRow(grain="hour", model="m", start_at=at, origin="app", latency_json={}),
            LastSeenRow(model=key, origin="app", user_id="u", last_at=at),
            DashboardStatsRow(stat_date=day, updated_at=at),
            AccountSessionRow(
                id=key, user_id=key, method="password", refreshed_at=at, created_at=at,
                ended_at=end,
            ),
            ExecutionEventRow(execution_id=execution.id or 0, seq=1, at=at, kind="created"),
            AuditRow(at=at, actor="me", kind="model", subject_id="1", action="changed"),
            ScheduleSlotRow(schedule_id="e2e", slot_at=at, state="fired", noted_at=at),
            UptimeRow(boot_id=key, started_at=at, last_seen_at=at),
            GatewayMessageRow(
                message_id=key, conversation_id="c", request_id="r", user_id="u", model_key="m",
                result_mode="auto", state="completed", created_at=at, finished_at=end,
            ),
            ConversationLogRow(
                user_id="u", message_id=key, conversation_id="c", request_id="r", created_at=at
            ),
            UserActivityRow(
                user_id="u", user_type="anonymous", activity_date=day, first_request_at=at,
                last_request_at=at, created_at=at,
            ),
            AiRequestStatsRow(user_id="u", model="m", request_date=day, **stamps),
            AiRequestMinuteRow(minute_at=at, user_id="u", user_type="anonymous", model="m"),
            ModelDailyUsageRow(user_id="u", model_key="m", usage_date=day, **stamps),
            OutboxRow(kind="prompt", key=key, op="save", payload_json={}, state="dead", **stamps),
        ]
    )  # fmt: skip
    write_load_run(session, at, end=end)
    assert launch


def write_load_run(
    session: Session, at: datetime, *, end: datetime | None, baseline: bool = False
) -> None:
    """Write a load test with one call."""
    run = LoadRunRow(
        run_id=f"exe_{at:%Y%m%d%H%M%S}{baseline}", status="succeeded" if end else "running",
        target_id=1, plan={"users": 1, "cap": 1}, baseline=baseline, created_at=at, finished_at=end,
    )  # fmt: skip
    session.add(run)
    session.flush()
    session.add(PromptTestRow(model="m", request_message="hi", created_at=at, run_no=run.id, no=1))


def write_launch(
    session: Session, at: datetime, *, cells: int, end: datetime | None = None, text: str = "hi"
) -> int:
    """Write a launch with a run and cells with replies; return its number."""
    launch = E2eLaunchRow(
        launch_id=f"l{at:%Y%m%d%H%M%S}", execution_id="exe_1", target_id=1, trigger="schedule",
        status="running" if end is None else "success", started_at=at, finished_at=end,
    )  # fmt: skip
    session.add(launch)
    session.flush()
    number = launch.launch_no
    assert number is not None
    session.add(
        E2eRunRow(
            run_id=f"r{at:%Y%m%d%H%M%S}", user_type="anonymous", started_at=at, status="success",
            created_at=at, launch_id=launch.launch_id, launch_no=number, trigger="schedule",
            target_id=1,
        )
    )  # fmt: skip
    rows = [
        E2eCellRow(
            launch_no=number, run_id="r", target_id=1, user_type="anonymous", model_key=f"m{n}",
            status_code="o", kind="ok",
        )
        for n in range(cells)
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    session.add_all([E2eReplyRow(cell_id=row.id or 0, text=text) for row in rows])
    return number
