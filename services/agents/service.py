"""Agents: list, save, copy, delete, and start a test in the background."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from db.errors import RowNotFoundError
from db.queries import agents as queries
from db.tables.agents import AgentRow
from services.accounts.types import UserType
from services.agents import rules
from services.agents.kind import AgentTesting
from services.agents.parts import AgentParts
from services.agents.records import to_agent, to_test
from services.agents.types import KIND, Agent, AgentEdit, AgentTest
from services.executions.types import (
    Control,
    Ending,
    Execution,
    ExecutionFilter,
    ExecutionKind,
    StartOptions,
    Trigger,
)
from services.foundation.errors import InputError, NotFoundError
from services.foundation.inputs import copy_name
from services.foundation.signals import Signal
from services.foundation.storing import stored

AGENTS_MAX = 200


class Agents:
    """Every agent in memory; every change is on disk before it is announced."""

    def __init__(self, parts: AgentParts) -> None:
        """Register the kind; load() reads what is stored."""
        self._parts = parts
        self._testing = AgentTesting(parts)
        self._lock = asyncio.Lock()
        self._by_id: dict[int, Agent] = {}
        self.changed: Signal[None] = Signal("agents.changed")
        parts.executions.register(
            ExecutionKind(
                KIND,
                "Agent test",
                "smart_toy",
                self._run,
                is_exclusive=False,
                limit=8,
                check=self._check,
            )
        )

    def load(self) -> None:
        """Read every agent."""
        self._show(self._parts.database.read_now(queries.all_agents))

    def all(self) -> tuple[Agent, ...]:
        """Return every agent, oldest first."""
        return tuple(self._by_id.values())

    def get(self, agent_id: int) -> Agent:
        """Return the agent; raise NotFoundError."""
        agent = self._by_id.get(agent_id)
        if agent is None:
            raise NotFoundError("There is no agent {id}", id=agent_id)
        return agent

    # -- changing

    async def save(self, edit: AgentEdit) -> Agent:
        """Return the stored agent; raise InputError naming the field, or NotFoundError."""
        async with self._lock:
            return await self._save(edit)

    async def copy(self, agent_id: int) -> Agent:
        """Return a new agent with the same settings under a free name; raise NotFoundError."""
        async with self._lock:
            agent = self.get(agent_id)
            name = copy_name(agent.name, [other.name for other in self.all()], rules.NAME_MAX)
            return await self._save(replace(rules.as_edit(agent), id=None, name=name))

    async def delete(self, agent_id: int) -> None:
        """Remove the agent; its tests stay; raise NotFoundError."""
        async with self._lock:
            self.get(agent_id)
            try:
                await stored(
                    self._parts.database.write(lambda s: queries.delete_agent(s, agent_id))
                )
            except RowNotFoundError:
                raise NotFoundError("There is no agent {id}", id=agent_id) from None
            await self._reload()

    async def _save(self, edit: AgentEdit) -> Agent:
        if edit.id is not None:
            self.get(edit.id)
        elif len(self._by_id) >= AGENTS_MAX:
            raise InputError("At most {count} agents", field="name", count=AGENTS_MAX)
        others = [agent.name for agent in self.all() if agent.id != edit.id]
        values = rules.checked_values(edit, others)
        await self._check_prompt(edit)
        now = self._parts.clock.now()
        row = await stored(
            self._parts.database.write(lambda s: queries.save_agent(s, edit.id, values, now))
        )
        await self._reload()
        return self._by_id[row.id or 0]

    async def _check_prompt(self, edit: AgentEdit) -> None:
        if edit.prompt_id is None:
            return
        if self._parts.prompts.get(edit.prompt_id) is None:
            raise InputError("There is no such prompt", field="prompt_id")
        known = {
            version.version_no for version in await self._parts.prompts.versions(edit.prompt_id)
        }
        if edit.prompt_version_no not in (None, *known):
            raise InputError("There is no such version", field="prompt_version_no")

    async def reload(self) -> None:
        """Read every agent again after another console changed one."""
        await self._reload()

    async def _reload(self) -> None:
        self._show(await stored(self._parts.database.read(queries.all_agents)))
        self.changed.emit(None)

    def _show(self, rows: list[AgentRow]) -> None:
        self._by_id = {row.id or 0: to_agent(row) for row in rows}

    # -- testing

    async def test(
        self,
        agent_id: int,
        text: str,
        user_type: UserType,
        *,
        trigger: Trigger = Trigger.MANUAL,
        started_by: str = "",
    ) -> Execution:
        """Return the test that was started; raise InputError (over 5000 characters), NotFoundError."""
        agent = self.get(agent_id)
        return await self._parts.executions.start(
            KIND,
            {"agent_id": agent_id, "test_input": text, "user_type": str(user_type)},
            trigger=trigger,
            started_by=started_by,
            options=StartOptions(subject=agent.name, agent_id=agent_id),
        )

    async def tests(self, agent_id: int, limit: int = 20) -> list[AgentTest]:
        """Return the newest tests of an agent, newest first, running ones as they are now."""
        found = await self._parts.executions.page(
            ExecutionFilter(kinds=(KIND,), agent_id=agent_id), limit=max(1, min(limit, 200))
        )
        return [to_test(execution) for execution in found.rows]

    def as_test(self, execution: Execution) -> AgentTest:
        """Return an execution of kind agent_test as a test."""
        return to_test(execution)

    def _check(self, params: Mapping[str, Any]) -> None:
        rules.read_test(params.get("test_input"), params.get("user_type"))
        self._asked(params)

    def _asked(self, params: Mapping[str, Any]) -> Agent:
        agent_id = params.get("agent_id")
        if not isinstance(agent_id, int):
            raise InputError("Choose an agent", field="agent_id")
        return self.get(agent_id)

    async def _run(self, params: Mapping[str, Any], control: Control) -> Ending:
        return await self._testing.run(self._asked(params), params, control)
