"""Agents tab: the list, one agent with its test panel and past tests, live."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from nicegui import background_tasks, ui

from components.agents.agent_form import AgentChoices, AgentForm
from components.agents.agent_view import Acts, agent_facts, head_acts, prompt_text
from components.agents.picker import Item, Picker
from components.agents.test_list import TestList, test_look
from components.agents.test_panel import TestPanel
from components.live import on_batch
from components.primitives.button import button
from components.primitives.card import card
from components.primitives.confirm import confirm
from components.primitives.empty import empty
from components.primitives.field import Field
from components.primitives.toast import toast
from components.status.looks import look_props
from components.words import tr
from gymbro_ui.actions import act
from services.accounts.types import UserType
from services.agents.types import KIND, Agent, AgentEdit, AgentTest
from services.executions.types import Execution
from services.prompts.types import PromptType

if TYPE_CHECKING:
    from services.console import Console

_SYSTEM = (PromptType.SYSTEM, PromptType.SYSTEM_JSONSEQ, PromptType.AGENT_SYSTEM)
TESTS_MOST = 50


class AgentsTab:
    """Everything on one open tab can be read again at any time."""

    def __init__(
        self,
        console: "Console",
        acts: ui.element,
        asked: int | None,
        went: Callable[[int | None], None],
    ) -> None:
        """`asked` is the agent the address names; `went` hears which one is open."""
        self._console = console
        self._acts = acts
        self._asked = asked
        self._went = went
        self._chosen: Agent | None = None
        self._tests: dict[str, AgentTest] = {}  # of the chosen agent, by execution id
        self._latest: dict[int, AgentTest] = {}  # newest test of each agent
        self._open_test = ""

    def draw(self) -> None:
        """Draw the frame of the tab and follow every change."""
        with self._acts:
            new = partial(self._edit, None)
            button(tr("New agent"), new, icon="add", kind="primary", acts=True).mark("new-agent")
        self._root = ui.element("div")
        on_batch(self._console.agents.changed, lambda _: self._refresh())
        on_batch(self._console.executions.changed, self._ran)
        on_batch(self._console.prompts.changed, lambda _: self._draw_facts())
        self._pick(self._asked)
        self._draw_root()

    def begin_new(self) -> None:
        """Open the form of a new one."""
        self._edit(None)

    async def load(self) -> None:
        """Read the newest test of each agent, and the tests of the open one."""
        agents = self._console.agents
        found = {agent.id: await agents.tests(agent.id, 1) for agent in agents.all()}
        self._latest = {key: tests[0] for key, tests in found.items() if tests}
        await self._load_tests()
        if not self._root.is_deleted:
            with self._root:
                self._show_list()

    async def _load_tests(self) -> None:
        agent = self._chosen
        tests = [] if agent is None else await self._console.agents.tests(agent.id, TESTS_MOST)
        if agent is self._chosen and not self._root.is_deleted:
            self._tests = {test.execution_id: test for test in tests}
            with self._root:  # a background task stands on no page: it has no language
                self._show_tests()

    # -- drawing

    def _draw_root(self) -> None:
        self._root.clear()
        with self._root:
            if self._chosen is None:
                self._draw_empty()
                return
            with ui.element("div").classes("ga-split"):
                with ui.element("section").classes("gb-card ga-side"):
                    self._picker = Picker(tr("Agents"), self._choose)
                with ui.element("div").classes("ga-main"):
                    self._draw_agent(self._chosen)
            self._show_list()
            self._show_tests()

    def _draw_empty(self) -> None:
        with ui.element("section").classes("gb-card"):
            text = tr("An agent is a model key with a prompt and settings. Make one, then test it.")
            with empty(tr("No agent yet"), text, symbol="smart_toy"):
                button(tr("New agent"), partial(self._edit, None), icon="add", acts=True)

    def _draw_agent(self, agent: Agent) -> None:
        acts = Acts(edit=lambda: self._edit(self._chosen), copy=self._copy, delete=self._delete)
        self._head = card(agent.name, toolbar=partial(head_acts, acts))
        self._draw_facts()
        with card(tr("Test")):
            self._panel = TestPanel(self._start)
        with card(tr("Past tests"), tight=True):
            self._list = TestList(self._show_test, lambda: self._console.schedules.view().zone)

    def _draw_facts(self) -> None:
        if self._chosen is not None:
            self._head.clear()
            with self._head:
                agent_facts(self._chosen, self._prompts())

    def _show_list(self) -> None:
        if self._chosen is None:
            return
        prompts = self._prompts()
        items = [
            Item(
                agent.id,
                agent.name,
                f"{agent.model_key} · {prompt_text(agent, prompts)}",
                look_props(test_look(self._latest[agent.id])) if agent.id in self._latest else None,
            )
            for agent in self._console.agents.all()
        ]
        self._picker.show(items, self._chosen.id)

    def _show_tests(self) -> None:
        if self._chosen is None:
            return
        newest = sorted(self._tests.values(), key=lambda t: t.execution_id, reverse=True)
        self._list.show(newest[:TESTS_MOST], self._console.clock.now())
        self._list.open(self._tests.get(self._open_test))

    def _prompts(self) -> dict[int, str]:
        return {p.id: p.name for p in self._console.prompts.all() if p.prompt_type in _SYSTEM}

    # -- what changes

    def _pick(self, number: int | None) -> None:
        agents = self._console.agents.all()
        first = agents[0] if agents else None
        self._chosen = next((agent for agent in agents if agent.id == number), first)

    def _refresh(self) -> None:
        before = self._chosen
        self._pick(None if before is None else before.id)
        if before == self._chosen and before is not None:
            self._show_list()
            return
        is_other = before is None or self._chosen is None or before.id != self._chosen.id
        text = "" if is_other else str(self._panel.field.control.value or "")
        self._tests = {} if is_other else self._tests
        self._draw_root()
        if is_other:
            background_tasks.create(self._load_tests(), name="tests of an agent")
        elif text:
            self._panel.field.control.set_value(text)

    def _ran(self, batch: list[Execution]) -> None:
        tests = [e for e in batch if e.execution_type == KIND and e.agent_id is not None]
        for execution in tests:
            test = self._console.agents.as_test(execution)
            self._latest[execution.agent_id or 0] = test
            if self._chosen is not None and execution.agent_id == self._chosen.id:
                self._tests[test.execution_id] = test
        if tests:
            self._show_list()
            self._show_tests()

    # -- what an operator does

    def _choose(self, number: int) -> None:
        with self._root:  # what called is drawn anew: stand where it is not
            self._pick(number)
            self._tests, self._open_test = {}, ""
            self._draw_root()
            self._went(number)
            background_tasks.create(self._load_tests(), name="tests of an agent")

    def _show_test(self, execution_id: str) -> None:
        self._open_test = "" if execution_id == self._open_test else execution_id
        self._list.open(self._tests.get(self._open_test))

    async def _start(
        self, text: str, kind: UserType, fields: dict[str, Field], busy: ui.button
    ) -> None:
        agent = self._chosen
        if agent is None:
            return
        started = await act(
            lambda: self._console.agents.test(agent.id, text, kind), busy=busy, fields=fields
        )
        if started is not None:
            self._open_test = started.execution_id
            path = f"/executions/{started.execution_id}"
            open_it = partial(ui.navigate.to, path)
            toast(tr("Test started"), action=tr("Open"), on_action=open_it)

    def _edit(self, agent: Agent | None) -> None:
        async def save(edit: AgentEdit, fields: dict[str, Field]) -> bool:
            done = tr("{name} saved", name=edit.name.strip())
            stored = await act(lambda: self._console.agents.save(edit), done=done, fields=fields)
            if stored is not None and agent is None:
                self._choose(stored.id)
            return stored is not None

        choices = AgentChoices(
            models=[model.name for model in self._console.mapping.mapped()],
            prompts=self._prompts(),
            versions=self._versions,
        )
        AgentForm(agent, choices, save)

    async def _versions(self, prompt_id: int) -> list[int]:
        found = await act(lambda: self._console.prompts.versions(prompt_id))
        return [version.version_no for version in found or ()]

    async def _copy(self) -> None:
        agent = self._chosen
        if agent is not None:
            made = await act(lambda: self._console.agents.copy(agent.id))
            if made is not None:
                self._choose(made.id)
                with self._root:
                    toast(tr("{name} saved", name=made.name))

    async def _delete(self) -> None:
        agent = self._chosen
        if agent is None:
            return
        agreed = await confirm(
            tr("Delete {name}?", name=agent.name),
            tr("Its past tests stay among the executions."),
            accept=tr("Delete"),
            danger=True,
        )
        if agreed:
            done = tr("{name} deleted", name=agent.name)
            await act(lambda: self._console.agents.delete(agent.id), done=done)
