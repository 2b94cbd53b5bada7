"""Mappings as rows, repairs and impacts in words."""

from typing import Any

import pytest

from components.mapping.repair import by_mapping, nearest
from components.mapping.rows import MappingView, mapping_rows
from components.mapping.trial_panel import submit_text, sum_text
from components.status.impacts import impact_lines, impact_text
from components.words import speaking
from services.mapping import outlook
from services.mapping.types import Impact, ModelMapping, Moved, Scope, TrialResult, TrialView
from tests.support.resolving import a_mapping, a_resolver, an_endpoint


def rows_of(*mappings: ModelMapping) -> dict[str, dict[str, Any]]:
    resolver = a_resolver(list(mappings), [an_endpoint(1, "a", "b")])
    routed = {row.mapping_id: row for row in resolver.mapped(include_inactive=True)}
    view = MappingView("UTC", by_mapping(outlook.problems(resolver)), routed)
    with speaking("en"):
        return {row["id"]: row for row in mapping_rows(mappings, view)}


@pytest.mark.parametrize(
    ("mapping", "word", "now", "can"),
    [
        (a_mapping(Scope.MAPPING, "k", "a"), "Routed", "a", ["explain", "try"]),
        (a_mapping(Scope.GLOBAL, "k", "gone", "b"), "Partly", "b", ["explain", "try", "repair"]),
        (a_mapping(Scope.MAPPING, "k", "gone"), "No model", "–", ["explain", "repair"]),
        (a_mapping(Scope.MAPPING, "k", "a", is_active=False), "Off", "–", ["explain"]),
        (a_mapping(Scope.USER, "u", "a"), "Restricts", "–", []),
        (a_mapping(Scope.MODULE, "m", "a", "gone"), "Partly", "–", ["repair"]),
    ],
)
def test_a_row_says_what_the_mapping_gives_now(
    mapping: ModelMapping, word: str, now: str, can: list[str]
) -> None:
    row = rows_of(mapping)[mapping.id]
    assert (row["state"]["word"], row["now"], row["can"]) == (word, now, can)


def test_dead_references_are_amber_with_their_reason() -> None:
    row = rows_of(a_mapping(Scope.MAPPING, "k", "a", "gone"))["mapping:k"]
    assert row["models"] == [["a"], ["gone", "slow", "gone: nobody offers it"]]
    assert "problem" in row["facets"]


def test_keys_that_route_come_before_restrictions() -> None:
    found = rows_of(
        a_mapping(Scope.MODULE, "a", "a"),
        a_mapping(Scope.GLOBAL, "z", "a"),
        a_mapping(Scope.MAPPING, "b", "a"),
    )
    assert list(found) == ["global:z", "mapping:b", "module:a"]


def test_the_nearest_name_is_offered_and_none_when_nothing_is_near() -> None:
    offered = ["gpt-4o", "gpt-4o-mini", "claude-sonnet-4"]
    assert nearest("gpt-4o-2024", offered) == "gpt-4o"
    assert nearest("qwen-max", offered) is None


def test_an_impact_names_the_worst_first() -> None:
    impact = Impact(
        lost=tuple(f"k{n}" for n in range(20)),
        moved=(Moved("m", "a", "b", "one", "two"), Moved("n", "a", "a", "one", "two")),
        gained=("g",),
    )
    with speaking("en"):
        lines = list(impact_lines(impact))
        assert [tone for tone, _ in lines] == ["failed", "slow", "ok"]
        assert lines[0][1].startswith("20 keys would get no model: k0, k1,")
        assert lines[0][1].endswith("and 8 more")
        assert lines[1][1] == "2 keys change their model: m: a → b, n: one → two"
        assert impact_text(Impact()) == "No key changes its model."


def test_a_trial_ends_in_a_sentence_and_in_the_buttons_word() -> None:
    good = TrialResult("k", "a", "e", "ok", "ok")
    slow = TrialResult("k", "b", "e", "slow", "over_total")
    bad = TrialResult("k", "c", "e", "bad_structure", "empty_reply")
    with speaking("en"):
        under_way = TrialView("x", 4, (good,))
        assert sum_text(under_way) == "Checking 1 of 4 …"
        mixed = TrialView("x", 3, (good, slow, bad), is_over=True)
        assert sum_text(mixed) == "2 of 3 passed, activate anyway?"
        assert submit_text(mixed, "Save") == "Activate anyway"
        whole = TrialView("x", 2, (good, slow), is_over=True)
        assert (sum_text(whole), submit_text(whole, "Save")) == ("2 of 2 passed.", "Activate")
        broken = TrialView("x", 2, (), is_over=True, error="It was cancelled")
        assert sum_text(broken) == "The check ended without a verdict: It was cancelled"
        assert submit_text(broken, "Save") == submit_text(None, "Save") == "Save"
