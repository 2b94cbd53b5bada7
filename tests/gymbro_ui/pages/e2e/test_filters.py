"""The address reproduces the view, and nothing in it can harm."""

from datetime import UTC, datetime, timedelta

import pytest

from gymbro_ui.pages.e2e.filters import Filters, address, read_filters, window_with
from services.accounts.types import UserType


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(view="permanent", window="last100", mode="table", sort="p50"),
        Filters(models=("gpt-4o", "模型/一 & co", "a b?c=#d")),
    ],
)
def test_an_address_reads_back_to_the_same_view(filters: Filters):
    assert read_filters(address(filters).partition("?")[2]) == filters


def test_the_plain_view_has_the_plain_address():
    assert address(Filters()) == "/e2e"


@pytest.mark.parametrize(
    "query",
    [
        "view=evil",
        "window=1000y",
        "mode=<script>",
        "sort=;drop",
        "cell=-1",
        "cell=1e9",
        "cell=²",
        "%",
    ],
)
def test_unknown_values_count_as_not_given(query: str):
    assert read_filters(query) == Filters()


def test_an_endless_query_is_not_read():
    assert read_filters("&".join(f"x{n}=1" for n in range(5000))) == Filters()


def test_a_cell_can_be_named():
    assert read_filters("cell=4711").cell_id == 4711
    assert address(Filters(cell_id=4711)) == "/e2e"


def test_the_view_names_its_user_types():
    assert Filters().user_types == (UserType.ANONYMOUS, UserType.PERMANENT)
    assert Filters(view="permanent").user_types == (UserType.PERMANENT,)


@pytest.mark.parametrize("value", ["exe_", "1", "exe_a'b", "exe_" + "a" * 37, "../exe_1", "exe_１"])
def test_a_launch_is_named_by_its_run_and_by_nothing_else(value: str):
    assert read_filters("launch=exe_1A").launch == "exe_1A"
    assert not read_filters(f"launch={value}").launch


@pytest.mark.parametrize(
    ("days", "window"), [(0, "7d"), (6.9, "7d"), (7.1, "30d"), (29, "30d"), (31, "last100")]
)
def test_a_launch_is_looked_for_in_the_smallest_window_that_holds_it(days: float, window: str):
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert window_with(now - timedelta(days=days), now) == window
