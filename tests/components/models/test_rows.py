"""Endpoints as rows: honest states, tags, what is a problem, and never a key."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from components.models.rows import CatalogueView, endpoint_rows, sync_word
from components.words import speaking
from services.models.types import Endpoint, ListingChange

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
RELAY = Endpoint(
    id=1,
    name="Relay",
    base_url="https://relay.example",
    provider_protocol="openai",
    model="a",
    model_list=("a", "b", "text-embedding-3"),
    status="online",
    has_api_key=True,
    api_key_masked="sk-a***1234",
    latency_ms=840,
    last_checked_at=NOW,
)
VIEW = CatalogueView("UTC", {"a": ["mapping:k"]}, {"b"}, {"text-embedding-3"})


def the_row(endpoint: Endpoint, view: CatalogueView = VIEW) -> dict[str, Any]:
    with speaking("en"):
        return endpoint_rows([endpoint], view)[0]


@pytest.mark.parametrize(
    ("values", "word", "is_problem"),
    [
        ({}, "Online", False),
        ({"last_error": "upstream_http_401:bad"}, "Sign-in failed", True),
        ({"last_error": "upstream_http_404"}, "Models not listed", True),
        ({"status": "offline"}, "Offline", True),
        ({"status": "offline", "is_active": False}, "Offline", False),
        ({"status": "odd"}, "Not checked yet", False),
        ({"has_api_key": False}, "Online", True),
    ],
)
def test_the_state_is_said_honestly(values: Any, word: str, is_problem: bool) -> None:
    row = the_row(replace(RELAY, **values))
    assert row["state"]["word"] == word
    assert ("problem" in row["facets"]) is is_problem


def test_what_is_looked_at_now_is_checking() -> None:
    assert the_row(RELAY, replace(VIEW, checking={1}))["state"]["word"] == "Checking"


def test_models_stand_under_their_endpoint_with_what_names_them() -> None:
    first, second, third = the_row(RELAY)["kids"]
    assert (first["text"], first["note"]) == ("a", "← mapping:k")
    assert [tag[0] for tag in second["tags"]] == ["Blocked"]
    assert second["can"] == ["unblock"]
    assert [tag[0] for tag in third["tags"]] == ["Embedding"]


def test_a_list_that_differs_is_marked() -> None:
    change = ListingChange(1, ("c", "d"), ("b",), (), ("a", "c", "d"), "a", NOW)
    row = the_row(RELAY, replace(VIEW, changes={1: change}))
    assert ["+2 −1", "slow"] in [tag[:2] for tag in row["name_tags"]]
    assert ["No longer listed", "slow"] in row["kids"][1]["tags"]


def test_the_demo_carries_its_tag_and_needs_no_key() -> None:
    demo = replace(RELAY, provider_protocol="demo", base_url="", has_api_key=False)
    row = the_row(demo)
    assert [tag[0] for tag in row["name_tags"]] == ["Demo"]
    assert row["facets"] == []


def test_the_default_comes_first_and_the_demo_last() -> None:
    demo = replace(RELAY, id=1, provider_protocol="demo")
    rows = endpoint_rows([demo, replace(RELAY, id=2), replace(RELAY, id=3, is_default=True)], VIEW)
    assert [row["id"] for row in rows] == ["3", "2", "1"]


def test_the_stored_sync_status_is_shown() -> None:
    with speaking("en"):
        assert sync_word("synced") == "In step"
        assert sync_word("error:timeout") == "Failed: timeout"
        assert sync_word("something new") == "something new"
