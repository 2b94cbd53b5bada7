"""Agents and workflows of the preview: kept in memory, checked by the real rules."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from services.accounts.types import UserType
from services.agents import rules as agent_rules
from services.agents.types import Agent, AgentEdit, AgentTest
from services.executions.types import (
    Execution,
    ExecutionKind,
    ExecutionState,
    Trigger,
)
from services.foundation.errors import NotFoundError
from services.foundation.inputs import copy_name
from services.foundation.signals import Signal
from services.workflows import rules as workflow_rules
from services.workflows.starter import starter_steps
from services.workflows.step_kinds import step_kinds
from services.workflows.types import (
    STARTER_NAME,
    STARTER_NOTE,
    StepKind,
    StepOutcome,
    Workflow,
    WorkflowEdit,
    WorkflowRun,
)
from tests.support.preview_dialogs import FakeDialogs, FakeSaved
from tests.support.preview_prompts import FakePrompts

_REPLY = '<thinking>\n<phase id="1">\n<title>Goal</title>\nThree days.\n</phase>\n</thinking>\n<final>\nSquat, press, row.\n</final>'
S = ExecutionState


async def _no_work(*_: Any) -> Any:
    return None


KINDS = step_kinds(
    ExecutionKind(name, label, icon, _no_work)
    for name, label, icon in (
        ("agent_test", "Agent test", "smart_toy"),
        ("e2e", "End-to-end run", "science"),
        ("probe", "Probe of providers", "network_check"),
        ("wait", "Wait", "hourglass"),
        ("report", "Report", "summarize"),
    )
)


def a_test(no: int, now: datetime, **fields: Any) -> AgentTest:
    """A good test, so many hours ago."""
    started = now - timedelta(hours=no)
    base = AgentTest(
        execution_id=f"exe_{1_000 - no:04}",
        state=S.SUCCEEDED,
        verdict="ok",
        user_type=UserType.ANONYMOUS,
        started_at=started,
        finished_at=started + timedelta(seconds=2),
        input="Plan three days of training for a beginner",
        output=_REPLY,
        reason="ok",
        latency_ms=1_840,
        ttft_ms=312,
        model="gpt-4o-2024-08",
    )
    return replace(base, **fields)


class FakeAgents:
    """Two agents; a test runs until the page is told otherwise."""

    def __init__(self, executions: Any, now: datetime, *, bare: bool = False) -> None:
        self._executions = executions
        self._now = now
        self._all: list[Agent] = []
        self.changed: Signal[None] = Signal("agents.changed")
        self.started: list[tuple[int, str, UserType]] = []
        if not bare:
            self._all = [
                Agent(1, "训练教练", "gpt-4o", "新手三天计划", temperature=0.3, uses_tools=True),
                Agent(2, "Short answers", "qwen-max", prompt_id=1, prompt_version_no=2),
            ]

    def all(self) -> tuple[Agent, ...]:
        return tuple(self._all)

    def get(self, agent_id: int) -> Agent:
        for agent in self._all:
            if agent.id == agent_id:
                return agent
        raise NotFoundError("There is no agent {id}", id=agent_id)

    async def save(self, edit: AgentEdit) -> Agent:
        others = [agent.name for agent in self._all if agent.id != edit.id]
        values = agent_rules.checked_values(edit, others)
        made = Agent(edit.id or len(self._all) + 1, **values)
        self._all = sorted([*(a for a in self._all if a.id != made.id), made], key=lambda a: a.id)
        self.changed.emit(None)
        return made

    async def copy(self, agent_id: int) -> Agent:
        agent = self.get(agent_id)
        name = copy_name(agent.name, [other.name for other in self._all], 80)
        return await self.save(agent_rules.as_edit(agent, id=None, name=name))

    async def delete(self, agent_id: int) -> None:
        self._all = [agent for agent in self._all if agent.id != agent_id]
        self.changed.emit(None)

    async def test(self, agent_id: int, text: str, user_type: UserType) -> Execution:
        text, user_type = agent_rules.read_test(text, str(user_type))
        self.started.append((agent_id, text, user_type))
        started = Execution(
            2_000 + len(self.started),
            f"exe_{2_000 + len(self.started)}",
            "agent_test",
            "Agent test",
            S.RUNNING,
            Trigger.MANUAL,
            agent_id=agent_id,
            input=text,
            started_at=self._now,
            meta={"params": {"user_type": str(user_type)}},
        )
        self._executions.changed.emit(started)
        return started

    def as_test(self, execution: Execution) -> AgentTest:
        meta = execution.meta
        return a_test(
            0,
            self._now,
            execution_id=execution.execution_id,
            state=execution.status,
            verdict=meta.get("verdict", ""),
            reason=meta.get("reason", ""),
            input=execution.input,
            output=execution.output,
            error=execution.error,
            latency_ms=None,
            ttft_ms=None,
        )

    async def tests(self, agent_id: int, limit: int = 20) -> list[AgentTest]:
        if agent_id != 1:
            return []
        bad = "thinkingml:missing_phase"
        found = [
            a_test(1, self._now),
            a_test(3, self._now, verdict="bad_structure", reason=bad, user_type=UserType.PERMANENT),
            a_test(
                20,
                self._now,
                state=S.FAILED,
                verdict="failed",
                reason="upstream_http_503",
                error="gpt-4o did not answer: upstream_http_503",
                output="",
                ttft_ms=None,
            ),
            a_test(44, self._now, state=S.CANCELLED, verdict="", output="", latency_ms=None),
        ]
        return found[:limit]


class FakeWorkflows:
    """The starter with a past run; `going` leaves one under way."""

    def __init__(
        self, executions: Any, now: datetime, *, bare: bool = False, going: bool = False
    ) -> None:
        self._executions = executions
        self._now = now
        self._going = going
        self.changed: Signal[None] = Signal("workflows.changed")
        self.stepped: Signal[WorkflowRun] = Signal("workflows.stepped")
        self.started: list[int] = []
        starter = Workflow(1, STARTER_NAME, STARTER_NOTE, starter_steps(KINDS))
        self._all = [] if bare else [starter]

    def all(self) -> tuple[Workflow, ...]:
        return tuple(self._all)

    def step_kinds(self) -> dict[str, StepKind]:
        return KINDS

    async def save(self, edit: WorkflowEdit) -> Workflow:
        values = workflow_rules.check(
            edit,
            taken=[one.name for one in self._all if one.id != edit.id],
            kinds=KINDS,
            agents=[1, 2],
        )
        steps = tuple(workflow_rules.read_step(step) for step in values["steps"])
        made = Workflow(edit.id or len(self._all) + 1, values["name"], values["description"], steps)
        self._all = sorted([*(w for w in self._all if w.id != made.id), made], key=lambda w: w.id)
        self.changed.emit(None)
        return made

    async def copy(self, workflow_id: int) -> Workflow:
        old = next(one for one in self._all if one.id == workflow_id)
        name = copy_name(old.name, [one.name for one in self._all], 80)
        return await self.save(WorkflowEdit(None, name, old.description, old.steps))

    async def delete(self, workflow_id: int) -> None:
        self._all = [one for one in self._all if one.id != workflow_id]
        self.changed.emit(None)

    async def run(self, workflow_id: int) -> Execution:
        self.started.append(workflow_id)
        started = Execution(
            3_000,
            "exe_3000",
            "workflow",
            "Workflow",
            S.RUNNING,
            Trigger.MANUAL,
            workflow_id=workflow_id,
            started_at=self._now,
        )
        self._executions.changed.emit(started)
        return started

    def as_run(self, execution: Execution) -> WorkflowRun:
        base = self.a_run(execution.status)
        return replace(base, execution_id=execution.execution_id)

    async def runs(self, workflow_id: int, limit: int = 10) -> list[WorkflowRun]:
        if workflow_id != 1:
            return []
        past = [self.a_run(S.SUCCEEDED), replace(self.a_run(S.FAILED), execution_id="exe_0800")]
        going = [replace(self.a_run(S.RUNNING), execution_id="exe_3000")] if self._going else []
        return [*going, *past][:limit]

    def a_run(self, state: ExecutionState) -> WorkflowRun:
        """A run of the starter in that state, its second step as far as the state says."""
        finished = self._now - timedelta(hours=1) if state.is_final else None
        second = state if state is not S.SUCCEEDED else S.SUCCEEDED
        steps: Sequence[StepOutcome] = (
            StepOutcome(
                1, "probe", "probe", S.SUCCEEDED, "exe_0901", 1, "OpenAI: online, 231 ms", "",
                self._now, 231,
            ),
            StepOutcome(
                2, "e2e", "e2e", second, "exe_0902", 1,
                "38/40 good, 0 not judged" if state is S.SUCCEEDED else "",
                "HTTP 503" if state is S.FAILED else "", self._now,
                95_000 if state.is_final else None,
            ),
            StepOutcome(
                3, "report", "report", S.SUCCEEDED if state is S.SUCCEEDED else None,
                output="# Morning check\n\n1. **probe** · `succeeded`" if state.is_final else "",
            ),
        )  # fmt: skip
        return WorkflowRun(
            "exe_0900",
            1,
            STARTER_NAME,
            state,
            tuple(steps),
            self._now - timedelta(hours=1, minutes=2),
            finished,
            "Step 2 (e2e) ended as failed: HTTP 503" if state is S.FAILED else "",
        )


def agent_parts(executions: Any, now: datetime, *, bare: bool, going: bool) -> dict[str, Any]:
    """What a console needs for agents, workflows and single conversations."""
    return {
        "agents": FakeAgents(executions, now, bare=bare),
        "workflows": FakeWorkflows(executions, now, bare=bare, going=going),
        "prompts": FakePrompts(),
        "dialogs": FakeDialogs(now, bare=bare),
        "identities": SimpleNamespace(saved=FakeSaved()),
    }
