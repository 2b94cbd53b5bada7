"""Finder: what the palette finds: pages, settings, acts, and everything that has a name of its own."""

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from components.executions.rows import address_of, kind_icon
from components.frame import memory
from components.frame.ranking import Entry, Known, answer, known
from components.primitives.formats import clock_text
from components.words import tr
from gymbro_ui.pages.settings import SECTIONS
from gymbro_ui.run_actions import name_of
from gymbro_ui.shell.deeds import Deed, both, deeds
from gymbro_ui.site_map import DETAILS, PAGES
from services.executions.types import Execution, ExecutionFilter
from services.foundation.errors import ConsoleError
from services.mapping.types import Scope

if TYPE_CHECKING:
    from services.console import Console

_RUN = re.compile(r"#?([1-9]\d{0,17})|(exe_[0-9A-Za-z]{6,36})")
_RUNS_MOST = 6
_RUNS_WITHIN_S = 2.0  # a store that is slower than that is not waited for
_RECENT_MOST = 5
_KEYED = (Scope.MAPPING, Scope.GLOBAL)


class Finder:
    """What one page's palette looks in; read anew each time the palette opens."""

    def __init__(self, console: "Console", first_steps: Callable[[], Any]) -> None:
        """Hold nothing until it is asked."""
        self._console = console
        self._first_steps = first_steps
        self._index: tuple[Known, ...] = ()
        self._deeds: dict[str, Deed] = {}
        self._recent: frozenset[str] = frozenset()

    def close(self) -> None:
        """Let go of what was read."""
        self._index = ()

    async def start(self) -> list[Entry]:
        """Return what stands there before anything is typed: what was used lately, pages, acts."""
        self._read()
        first = {tr("Pages"), tr("Actions"), tr("Language & look")}
        plain = [one.entry for one in self._index if one.entry.group in first]
        return [*await self._lately(), *plain]

    def find(self, text: str) -> list[Entry]:
        """Return the best of what is in memory."""
        if not self._index:
            self._read()
        return [*_by_number(text), *answer(self._index, text, self._recent)]

    async def find_runs(self, text: str) -> list[Entry]:
        """Return the newest executions that have the text; none where the store cannot tell soon."""
        if len(text) < 2 or _RUN.fullmatch(text):
            return []
        wanted = ExecutionFilter(text=text)
        try:
            async with asyncio.timeout(_RUNS_WITHIN_S):
                found = await self._console.executions.page(wanted, limit=_RUNS_MOST)
        except (ConsoleError, TimeoutError):
            return []
        return [self._run(one) for one in found.rows]

    def choose(self, name: str) -> Any:
        """Do that act."""
        deed = self._deeds.get(name)
        return None if deed is None or deed.call is None else deed.call()

    # -- reading

    def _read(self) -> None:
        self._recent = frozenset(memory.recent())
        found = deeds(self._console, self._first_steps)
        self._deeds = {deed.entry.name: deed for deed in found}
        lines = [*pages(), *(deed.entry for deed in found), *_settings(), *self._named()]
        self._index = known(lines)

    async def _lately(self) -> list[Entry]:
        """What was chosen lately, the last first, as far as it is still there."""
        by_name = {one.entry.name: one.entry for one in self._index}
        found: list[Entry] = []
        for name in memory.recent()[:_RECENT_MOST]:
            entry = by_name.get(name)
            if entry is None and name.startswith("run:exe_"):
                entry = await self._run_named(name.removeprefix("run:"))
            if entry is not None:
                found.append(_in_group(entry, tr("Recent")))
        return found

    async def _run_named(self, key: str) -> Entry | None:
        try:
            async with asyncio.timeout(_RUNS_WITHIN_S):
                return self._run(await self._console.executions.get(key))
        except (ConsoleError, TimeoutError):
            return None

    def _run(self, one: Execution) -> Entry:
        console = self._console
        zone = console.settings.preferences.e2e_timezone
        return Entry(
            f"run:{one.execution_id}",
            tr("Runs"),
            name_of(console, one),
            kind_icon(one, console.executions.kinds),
            address_of(one),
            hint=clock_text(one.created_at, zone, console.clock.now()),
        )

    def _named(self) -> Iterator[Entry]:
        """Providers, their models, keys, prompts, agents, workflows."""
        yield from self._models()
        yield from self._keys()
        console = self._console
        group = tr("Prompts")
        for prompt in console.prompts.all():
            path, hint = f"/prompts?id={prompt.id}", f"v{prompt.version_no}"
            also = f"prompt {prompt.prompt_type}"
            yield Entry(
                f"prompt:{prompt.id}", group, prompt.name, "edit_note", path, "", hint, also
            )
        group = tr("Agents & workflows")
        for agent in console.agents.all():
            path = f"/agents?tab=agents&id={agent.id}"
            yield Entry(
                f"agent:{agent.id}", group, agent.name, "smart_toy", path, hint=agent.model_key
            )
        for workflow in console.workflows.all():
            path = f"/agents?tab=workflows&id={workflow.id}"
            yield Entry(f"workflow:{workflow.id}", group, workflow.name, "account_tree", path)

    def _models(self) -> Iterator[Entry]:
        group, providers = tr("Models"), tr("Providers")
        for one in self._console.models.endpoints:
            path = f"/models?q={quote(one.name, safe='')}"
            yield Entry(
                f"provider:{one.id}", providers, one.name, "dns", path, "", one.provider_protocol
            )
            for model in one.offered:
                path = f"/models?q={quote(model, safe='')}"
                yield Entry(f"model:{one.id}:{model}", group, model, "memory", path, "", one.name)

    def _keys(self) -> Iterator[Entry]:
        group, records = tr("Mapping"), tr("E2E records")
        for one in self._console.mapping.all():
            where, hint = quote(one.scope_key, safe=""), one.default_model
            name = one.name if one.name not in ("", one.scope_key) else ""
            label = f"{one.scope_key} · {name}" if name else one.scope_key
            path = f"/mapping?q={where}"
            yield Entry(f"mapping:{one.id}", group, label, "alt_route", path, "", hint, "key")
            if one.scope_type in _KEYED and one.is_active:
                path = f"/e2e?model={where}"
                yield Entry(f"e2e:{one.id}", records, one.scope_key, "grid_on", path, also="e2e")


def pages() -> list[Entry]:
    """Return a line for every page one can go to, with its letter."""
    group = tr("Pages")
    places = [*PAGES, *(page for page in DETAILS if "{" not in page.path)]
    places = [page for page in places if page.path != "/simulator/compare"]  # needs two turns
    return [
        Entry(
            f"page:{page.path}",
            group,
            tr(page.title),
            page.icon,
            page.path,
            page.key,
            also=both(page.title),
        )
        for page in places
    ]


def _settings() -> list[Entry]:
    group = tr("Settings")
    also = both("Settings")
    return [
        Entry(
            f"settings:{key}",
            group,
            tr(title),
            "tune",
            f"/settings#{key}",
            also=f"{both(title)} {also}",
        )
        for key, title, _ in SECTIONS
    ]


def _by_number(text: str) -> list[Entry]:
    """The run whose number or id was typed, whether or not there is one: its page tells."""
    found = _RUN.fullmatch(text.strip())
    if found is None:
        return []
    number, key = found.groups()
    label = tr("Run {id}", id=f"#{number}" if number else key)
    return [Entry("run-by-id", tr("Runs"), label, "bolt", f"/executions/{number or key}")]


def _in_group(entry: Entry, group: str) -> Entry:
    return Entry(
        entry.name,
        group,
        entry.label,
        entry.icon,
        entry.path,
        entry.key,
        entry.hint or entry.group,
        entry.also,
    )


def key_pages() -> Sequence[tuple[str, str]]:
    """Return title and letter of every page that has one."""
    return [(tr(page.title), page.key) for page in PAGES if page.key]
