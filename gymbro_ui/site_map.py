"""Site map: PAGES, the one table from which menu, routes, palette and page tests are made."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from components.words import word
from gymbro_ui.pages import (
    agents,
    audit,
    dashboard,
    e2e,
    executions,
    loadtest,
    logs,
    mapping,
    models,
    prompts,
    settings,
    simulator,
    sync,
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its address, its English title and group, its icon, and what draws it."""

    path: str
    title: str  # msgid
    icon: str  # Material Symbols outlined
    render: Callable[[Any], Awaitable[None] | None]  # gets the Console
    group: str = ""  # msgid; pages of one group stand together in the menu
    key: str = ""  # letter after g
    is_red: bool = False  # carries the red dot while a mapped model is red
    parent: str = ""  # path of the menu entry a page of details belongs to


PAGES: tuple[Page, ...] = (
    Page("/", word("Overview"), "monitoring", dashboard.render, key="o", is_red=True),
    Page("/executions", word("Executions"), "bolt", executions.render, key="x"),
    Page(
        "/models",
        word("Models & providers"),
        "dns",
        models.render,
        group=word("Models & checks"),
        key="m",
    ),
    Page(
        "/mapping",
        word("Mapping"),
        "alt_route",
        mapping.render,
        group=word("Models & checks"),
        key="r",
    ),
    Page(
        "/e2e",
        word("E2E records"),
        "grid_on",
        e2e.render,
        group=word("Models & checks"),
        key="e",
        is_red=True,
    ),
    Page(
        "/simulator",
        word("Chat & load"),
        "forum",
        simulator.render,
        group=word("Models & checks"),
        key="c",
    ),
    Page(
        "/prompts",
        word("Prompts"),
        "edit_note",
        prompts.render,
        group=word("Models & checks"),
        key="p",
    ),
    Page(
        "/agents",
        word("Agents & workflows"),
        "smart_toy",
        agents.render,
        group=word("Models & checks"),
        key="g",
    ),
    Page("/logs", word("Logs"), "article", logs.render, group=word("Console"), key="l"),
    Page("/audit", word("Audit"), "history", audit.render, group=word("Console"), key="a"),
    Page("/settings", word("Settings"), "tune", settings.render, group=word("Console"), key="s"),
)


# Pages of one thing, reached from a page of the menu; {name} stands for one part of the path.
DETAILS: tuple[Page, ...] = (
    Page("/welcome", word("First steps"), "flag", dashboard.render_guide, parent="/"),
    Page("/sync", word("Sync with Supabase"), "sync", sync.render, parent="/models"),
    Page("/simulator/load", word("Load test"), "speed", loadtest.render, parent="/simulator"),
    Page(
        "/simulator/load/compare",
        word("Compare load tests"),
        "compare_arrows",
        loadtest.render_compare,
        parent="/simulator",
    ),
    Page(
        "/simulator/load/{key}",
        word("Load test"),
        "speed",
        loadtest.render_one,
        parent="/simulator",
    ),
    Page(
        "/simulator/compare",
        word("Two turns compared"),
        "compare_arrows",
        simulator.render_compare,
        parent="/simulator",
    ),
    Page(
        "/simulator/chat/{key}",
        word("Conversation"),
        "forum",
        simulator.render_one,
        parent="/simulator",
    ),
    Page(
        "/executions/{key}",
        word("Execution"),
        "bolt",
        executions.render_one,
        parent="/executions",
    ),
)


def page_at(path: str) -> Page | None:
    """Return the page of a path, its query and a closing slash left out."""
    plain = path.partition("?")[0].partition("#")[0].rstrip("/") or "/"
    found = next((page for page in PAGES if page.path == plain), None)
    return found or next((page for page in DETAILS if _is_of(page, plain)), None)


def _is_of(page: Page, path: str) -> bool:
    wanted, given = page.path.split("/"), path.split("/")
    return len(wanted) == len(given) and all(
        a == b or (a.startswith("{") and bool(b)) for a, b in zip(wanted, given, strict=True)
    )
