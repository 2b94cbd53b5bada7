"""What is wrong, what is covered, what a request met, what a change would do: the resolver's own truth."""

from dataclasses import replace

import pytest

from services.mapping import outlook
from services.mapping.types import Flaw, Moved, RequestContext, Scope, ScopeState
from tests.support.resolving import a_mapping, a_resolver, an_endpoint

ENDPOINTS = [an_endpoint(1, "a", "b"), an_endpoint(2, "c", is_active=False)]
EVERY = RequestContext(user_id="u", is_premium=True, prompt_id="7", module="x")


def test_every_kind_of_dead_reference_is_told_apart() -> None:
    mapping = a_mapping(Scope.MAPPING, "k", "a", "b", "c", "gone", "text-embedding-3")
    resolver = a_resolver([mapping], ENDPOINTS, "b")
    found = {problem.model: problem.flaw for problem in outlook.problems(resolver)}
    assert found == {
        "b": Flaw.BLOCKED,
        "c": Flaw.UNUSABLE,
        "gone": Flaw.DANGLING,
        "text-embedding-3": Flaw.EMBEDDING,
    }
    assert not any(problem.is_default for problem in outlook.problems(resolver))


def test_the_coverage_is_what_the_resolver_lists() -> None:
    mappings = [
        a_mapping(Scope.MAPPING, "k", "a"),
        a_mapping(Scope.GLOBAL, "k", "b"),  # the same key: counted once
        a_mapping(Scope.MAPPING, "dead", "gone"),
        a_mapping(Scope.MAPPING, "off", "a", is_active=False),
        a_mapping(Scope.USER, "u", "gone"),
    ]
    resolver = a_resolver(mappings, ENDPOINTS)
    coverage = outlook.coverage(resolver)
    assert coverage.routable == len(resolver.mapped()) == 1
    assert (coverage.keys, coverage.inactive, coverage.dangling) == (2, 1, 2)


@pytest.mark.parametrize("scope", list(Scope))
def test_each_offered_scope_changes_what_a_request_gets(scope: Scope) -> None:
    base = a_mapping(Scope.GLOBAL, "k", "a", "b")
    plain = a_resolver([base], ENDPOINTS)
    before = plain.explain("k", EVERY).resolution
    assert before is not None
    assert before.model == "a"
    key = {
        Scope.USER: "u",
        Scope.PREMIUM_USER: "*",
        Scope.PROMPT: "7",
        Scope.MODULE: "x",
        Scope.MAPPING: "k",
        Scope.GLOBAL: "k",
    }[scope]
    after = a_resolver([base, a_mapping(scope, key, "b")], ENDPOINTS).explain("k", EVERY)
    assert after.resolution is not None
    assert after.resolution.model == "b"


def test_the_trace_names_all_six_scopes_in_their_order() -> None:
    mappings = [
        a_mapping(Scope.PROMPT, "7", "b"),
        a_mapping(Scope.MODULE, "x", "a"),
        a_mapping(Scope.USER, "u", "a", is_active=False),
        a_mapping(Scope.MAPPING, "k", "a", "b"),
        a_mapping(Scope.GLOBAL, "k", "a"),
    ]
    trace = outlook.trace(a_resolver(mappings, ENDPOINTS), "k", EVERY)
    assert [(look.scope, look.state) for look in trace.looks] == [
        (Scope.USER, ScopeState.SWITCHED_OFF),
        (Scope.PREMIUM_USER, ScopeState.NO_MAPPING),
        (Scope.PROMPT, ScopeState.APPLIES),
        (Scope.MODULE, ScopeState.OVERRULED),
        (Scope.MAPPING, ScopeState.APPLIES),
        (Scope.GLOBAL, ScopeState.OVERRULED),
    ]
    assert trace.explanation.resolution is not None
    assert trace.explanation.resolution.model == "b"


def test_what_a_request_does_not_carry_is_skipped() -> None:
    mappings = [a_mapping(Scope.USER, "u", "b"), a_mapping(Scope.MAPPING, "k", "a", "b")]
    trace = outlook.trace(a_resolver(mappings, ENDPOINTS), "k", RequestContext())
    assert trace.looks[0].state is ScopeState.NOT_CARRIED
    assert trace.explanation.resolution is not None
    assert trace.explanation.resolution.model == "a"


def test_the_explanation_is_the_gateways_answer_for_every_context() -> None:
    """The page's trace and the request's resolution are one function."""
    mappings = [
        a_mapping(Scope.MAPPING, "k", "a", "b"),
        a_mapping(Scope.USER, "u", "b"),
        a_mapping(Scope.MODULE, "x", "gone"),
    ]
    resolver = a_resolver(mappings, ENDPOINTS)
    for context in (RequestContext(), EVERY, RequestContext(module="x")):
        traced = outlook.trace(resolver, "k", context).explanation
        assert traced is resolver.explain("k", context)


def test_an_endpoint_that_goes_names_lost_moved_and_broken() -> None:
    endpoints = [an_endpoint(1, "a"), an_endpoint(2, "b", "a")]
    mappings = [
        a_mapping(Scope.MAPPING, "only-a", "a"),
        a_mapping(Scope.MAPPING, "either", "b", "a"),
        a_mapping(Scope.MAPPING, "only-b", "b"),
    ]
    before = a_resolver(mappings, endpoints)
    impact = outlook.impact(before, a_resolver(mappings, endpoints[:1]))
    assert impact.lost == ("only-b",)
    assert impact.moved == (Moved("either", "b", "a", "endpoint 2", "endpoint 1"),)
    assert [(p.mapping_id, p.model) for p in impact.broken] == [
        ("mapping:only-a", "b"),
        ("mapping:either", "b"),
        ("mapping:only-b", "b"),
    ][1:]
    back = outlook.impact(a_resolver(mappings, endpoints[:1]), before)
    assert back.gained == ("only-b",)
    assert outlook.impact(before, before).is_empty


def test_a_restriction_that_leaves_a_key_nothing_is_named_with_it() -> None:
    base = a_mapping(Scope.MAPPING, "k", "a")
    before = a_resolver([base], ENDPOINTS)
    after = a_resolver([base, a_mapping(Scope.MODULE, "x", "b")], ENDPOINTS)
    assert outlook.impact(before, after).lost == ("k (module:x)",)
    harmless = a_resolver([base, a_mapping(Scope.MODULE, "x", "a")], ENDPOINTS)
    assert outlook.impact(before, harmless).is_empty


def test_an_endpoint_without_key_makes_its_models_unusable_not_dangling() -> None:
    endpoint = replace(an_endpoint(1, "a"), has_api_key=False)
    resolver = a_resolver([a_mapping(Scope.MAPPING, "k", "a")], [endpoint])
    assert resolver.flaw_of("a") is Flaw.UNUSABLE
    assert resolver.offered == ()
