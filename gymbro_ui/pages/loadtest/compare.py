"""Compare page: two to four load tests side by side, their times on one axis."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from nicegui import context, ui

from components.charts.line import LineChart
from components.loadtest.charts import COMPARED, together
from components.loadtest.compare_table import LETTERS, compare_table, differences_text
from components.primitives.banner import banner
from components.primitives.card import card, heading
from components.primitives.empty import empty
from components.words import sentence, tr, word
from gymbro_ui.chat_and_load import tabs
from gymbro_ui.pages.loadtest.filters import PATH
from services.foundation.errors import ConsoleError
from services.load_history.types import COMPARED_MOST, Comparison

if TYPE_CHECKING:
    from services.console import Console

_TITLES = {
    "ttft": word("First text p95"),
    "total": word("Whole answer p95"),
    "rate": word("Calls a second"),
    "flow": word("In flight"),
}


async def render_compare(console: "Console") -> None:
    """Draw the runs named in the address, or say what is wrong with them."""
    tabs("load")
    ui.link(tr("← All load tests"), PATH).classes("gb-link t-meta lt-back")
    query = parse_qs(context.client.sub_pages_router.current_path.partition("?")[2])
    asked = [key.strip()[:40] for key in query.get("runs", [""])[0].split(",") if key.strip()]
    try:
        found = await console.load_history.compare(asked[: COMPARED_MOST + 1])
    except ConsoleError as error:
        with empty(
            tr("These cannot be compared"), sentence(error.message), symbol="compare_arrows"
        ):
            ui.link(tr("Choose others"), PATH).classes("gb-link")
        return
    _draw(console, found)


def _draw(console: "Console", found: Comparison) -> None:
    unlike = differences_text(found)
    if unlike:
        banner(tr("The plans differ in: {fields}. A change may come from that.", fields=unlike))
    note = tr(
        "Against {letter}; “same within noise” is what chance alone would do with so many calls",
        letter=LETTERS[found.base],
    )
    with card(tr("Comparison"), note=note, tight=True):
        compare_table(found, console.settings.preferences.e2e_timezone, PATH)
    names = [LETTERS[index] for index in range(len(found.runs))]
    note = tr("seconds since the first call of each")
    with card(tr("On one axis"), note=note), ui.element("div").classes("lt-two"):
        for key, get, unit in COMPARED:
            with ui.element("div"):
                heading(tr(_TITLES[key]), 3)
                LineChart(
                    together(found.runs, names, get, unit),
                    name=tr(_TITLES[key]),
                    height="200px",
                )
