"""Filters of the list: an address reproduces a view, whatever stands in it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gymbro_ui.pages.executions.filters import (
    Filters,
    address,
    changed,
    query_of,
    read_filters,
)
from services.executions.types import ExecutionState

EARLY, LATE = datetime(1990, 1, 1), datetime(2090, 1, 1)  # noqa: DTZ001  # hypothesis adds the zone
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
texts = st.text(max_size=60).map(lambda text: text.replace("\x00", "").strip())
moments = st.datetimes(min_value=EARLY, max_value=LATE, timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=0)
)


@given(
    kinds=st.lists(st.text("abc_&=", min_size=1, max_size=8), unique=True, max_size=4),
    states=st.sets(st.sampled_from(list(ExecutionState))),
    text=texts,
    start=st.none() | moments,
    end=moments,
)
def test_what_the_toolbar_chose_stands_in_the_address(
    kinds: list[str],
    states: set[ExecutionState],
    text: str,
    start: datetime | None,
    end: datetime,
) -> None:
    chosen = changed(
        Filters(),
        {
            "kinds": tuple(kinds),
            "states": tuple(states),
            "text": text,
            "window": "between",
            "start": start,
            "end": end,
        },
    )
    assert read_filters(query_of(address(chosen))) == chosen


@given(st.text(max_size=300))
def test_no_address_is_too_odd(query: str) -> None:
    filters = read_filters(query)
    assert read_filters(query_of(address(filters))) == filters
    filters.wanted(NOW)


def test_everything_is_plain_and_has_a_plain_address() -> None:
    assert read_filters("") == Filters()
    assert Filters().is_plain
    assert address(Filters()) == "/executions"


@pytest.mark.parametrize(
    "query",
    [
        "status=lost",
        "window=1y",
        "from=yesterday",
        "agent=-1",
        "agent=9999999999999999999",
        "x=1",
        "q=%00",
    ],
)
def test_what_is_unknown_counts_as_not_given(query: str) -> None:
    assert read_filters(query).is_plain


def test_a_window_counts_back_from_now_and_drops_chosen_moments() -> None:
    between = Filters(window="between", start=NOW - timedelta(days=3), end=NOW)
    day = changed(between, {"window": "24h"})
    assert (day.start, day.end) == (None, None)
    assert day.wanted(NOW).created_from == NOW - timedelta(hours=24)
    assert between.wanted(NOW).created_to == NOW


def test_an_address_may_name_whose_runs_they_are() -> None:
    wanted = read_filters("agent=5&workflow=6&parent=7").wanted(NOW)
    assert (wanted.agent_id, wanted.workflow_id, wanted.parent_id) == (5, 6, 7)
