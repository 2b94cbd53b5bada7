"""The one resolver: contract 5.2 and 5.3 step by step, and its speed."""

import time
from dataclasses import replace

import pytest

from services.mapping.resolver import Resolver
from services.mapping.types import ModelMapping, RequestContext, Scope
from services.models.types import Endpoint
from tests.support.resolving import a_mapping, a_resolver, an_endpoint


def model_of(resolver: Resolver, key: str, **context: object) -> str | None:
    found = resolver.explain(key, RequestContext(**context)).resolution  # type: ignore[arg-type]
    return found.model if found else None


def test_a_plain_key_is_a_mapping_before_it_is_a_global() -> None:
    both = [a_mapping(Scope.MAPPING, "k", "m"), a_mapping(Scope.GLOBAL, "k", "g")]
    endpoints = [an_endpoint(1, "m", "g")]
    assert model_of(a_resolver(both, endpoints), "k") == "m"
    assert model_of(a_resolver([replace(both[0], is_active=False), both[1]], endpoints), "k") == "g"
    assert model_of(a_resolver(both, endpoints), "global:k") == "g"
    assert model_of(a_resolver(both, endpoints), "tenant:k") == "m"
    assert model_of(a_resolver(both, endpoints), "K") is None


def test_a_key_that_looks_like_an_id_of_no_scope_is_a_plain_key() -> None:
    mappings = [a_mapping(Scope.MAPPING, "llama3:8b", "m")]
    assert model_of(a_resolver(mappings, [an_endpoint(1, "m")]), "llama3:8b") == "m"


def test_restricting_scopes_are_no_keys() -> None:
    mappings = [a_mapping(Scope.USER, "u", "m")]
    assert model_of(a_resolver(mappings, [an_endpoint(1, "m")]), "user:u") is None


@pytest.mark.parametrize("gone", ["text-embedding-3", "Voyage-2", "my-embedding", "embed-x"])
def test_embedding_like_names_are_dropped(gone: str) -> None:
    mappings = [a_mapping(Scope.MAPPING, "k", gone, "m")]
    assert model_of(a_resolver(mappings, [an_endpoint(1, gone, "m")]), "k") == "m"


def test_blocked_and_unoffered_models_are_dropped_and_nothing_else_steps_in() -> None:
    mappings = [a_mapping(Scope.MAPPING, "k", "a", "b")]
    endpoints = [an_endpoint(1, "b", "other")]
    assert model_of(a_resolver(mappings, endpoints), "k") == "b"
    assert model_of(a_resolver(mappings, endpoints, "b"), "k") is None


def test_with_strict_routing_off_the_default_endpoints_model_stands_in_and_says_so() -> None:
    mappings = [a_mapping(Scope.MAPPING, "k", "gone")]
    endpoints = [an_endpoint(1, "first"), an_endpoint(2, "stand-in", is_default=True)]
    strict = a_resolver(mappings, endpoints)
    assert model_of(strict, "k") is None
    loose = replace(strict, is_strict=False)
    assert model_of(loose, "k") == "stand-in"
    steps = [str(step) for step in loose.explain("k", RequestContext()).steps]
    assert "Strict routing is off: stand-in stands in." in steps


@pytest.mark.parametrize(
    "broken",
    [{"is_active": False}, {"status": "offline"}, {"has_api_key": False}],
)
def test_an_endpoint_that_cannot_serve_offers_nothing(broken: dict[str, object]) -> None:
    mappings = [a_mapping(Scope.MAPPING, "k", "m")]
    assert model_of(a_resolver(mappings, [an_endpoint(1, "m", **broken)]), "k") is None


def test_the_default_endpoint_comes_first_then_the_lowest_id() -> None:
    mapping = a_mapping(Scope.MAPPING, "k", "m")
    endpoints = [an_endpoint(2, "m"), an_endpoint(1, "m"), an_endpoint(3, "m", is_default=True)]

    def endpoint(mapping: ModelMapping, found: list[Endpoint]) -> int:
        resolution = a_resolver([mapping], found).explain("k", RequestContext()).resolution
        assert resolution is not None
        return resolution.endpoint.id

    assert endpoint(mapping, endpoints) == 3
    assert endpoint(mapping, endpoints[:2]) == 1
    preferring = replace(mapping, metadata={"preferred_endpoint_id": 2})
    assert endpoint(preferring, endpoints) == 2
    missing = replace(mapping, metadata={"preferred_endpoint_id": 9})
    assert endpoint(missing, endpoints) == 3


def test_test_named_endpoints_serve_only_when_allowed_or_alone() -> None:
    mapping = a_mapping(Scope.MAPPING, "k", "m")
    tests = an_endpoint(1, "m", name="test-relay")
    other = an_endpoint(2, "other")
    assert model_of(a_resolver([mapping], [tests, other]), "k") is None
    assert model_of(a_resolver([mapping], [tests, other], allow_tests=True), "k") == "m"
    assert model_of(a_resolver([mapping], [tests]), "k") == "m"
    assert (
        model_of(a_resolver([mapping], [replace(tests, name="Testing ground"), other]), "k") == "m"
    )


def test_scopes_restrict_the_most_specific_first() -> None:
    models = ("a", "b", "c", "d", "e")
    mappings = [
        a_mapping(Scope.MAPPING, "k", *models),
        a_mapping(Scope.MODULE, "coach", "e"),
        a_mapping(Scope.PROMPT, "7", "d"),
        a_mapping(Scope.PREMIUM_USER, "*", "c"),
        a_mapping(Scope.USER, "u", "b"),
    ]
    resolver = a_resolver(mappings, [an_endpoint(1, *models)])
    assert model_of(resolver, "k") == "a"
    assert model_of(resolver, "k", module="coach") == "e"
    assert model_of(resolver, "k", module="coach", prompt_id="7") == "d"
    assert model_of(resolver, "k", prompt_id="7", user_id="v", is_premium=True) == "c"
    assert model_of(resolver, "k", prompt_id="7", user_id="u", is_premium=True) == "b"
    assert model_of(resolver, "k", module="unknown") == "a"


def test_an_empty_intersection_is_refused_with_its_steps() -> None:
    mappings = [a_mapping(Scope.MAPPING, "k", "a"), a_mapping(Scope.MODULE, "x", "z")]
    resolver = a_resolver(mappings, [an_endpoint(1, "a", "z")])
    explanation = resolver.explain("k", RequestContext(module="x"))
    assert explanation.resolution is None
    assert explanation.steps[-2:] == (
        "Mapping module:x leaves nothing.",
        "Nothing is left, so the key is refused.",
    )


def test_a_scope_tries_its_own_default_first_and_keeps_the_keys_order_after() -> None:
    mappings = [
        a_mapping(Scope.MAPPING, "k", "a", "b", "c"),
        a_mapping(Scope.MODULE, "x", "c", "b", "a"),
    ]
    assert model_of(a_resolver(mappings, [an_endpoint(1, "a", "b", "c")]), "k", module="x") == "c"


def test_the_list_has_one_row_a_key_and_only_what_is_routable() -> None:
    mappings = [
        a_mapping(Scope.MAPPING, "k", "a", "zz"),
        a_mapping(Scope.GLOBAL, "k", "b"),
        a_mapping(Scope.MAPPING, "gone", "zz"),
        a_mapping(Scope.MAPPING, "off", "a", is_active=False),
        a_mapping(Scope.MODULE, "m", "a"),
    ]
    resolver = a_resolver(mappings, [an_endpoint(1, "a", "b")])
    [row] = resolver.mapped()
    assert (row.name, row.default_model, row.candidates) == ("k", "a", ("a",))
    assert [row.name for row in resolver.mapped(include_inactive=True)] == ["gone", "k", "off"]


@pytest.mark.parametrize(
    ("values", "provider", "dialect"),
    [
        ({}, "openai", "openai.chat_completions"),
        ({"provider_protocol": "claude"}, "claude", "anthropic.messages"),
        ({"base_url": "https://api.x.ai"}, "xai", "openai.chat_completions"),
        (
            {"base_url": "https://generativelanguage.googleapis.com/v1beta/openai"},
            "gemini",
            "openai.chat_completions",
        ),
        ({"provider_protocol": "demo", "base_url": ""}, "demo", "openai.chat_completions"),
    ],
)
def test_provider_and_dialect_follow_the_endpoint(
    values: dict[str, object], provider: str, dialect: str
) -> None:
    resolver = a_resolver([a_mapping(Scope.MAPPING, "k", "m")], [an_endpoint(1, "m", **values)])
    found = resolver.explain("k", RequestContext()).resolution
    assert found is not None
    assert (found.provider, found.dialect) == (provider, dialect)


def test_a_resolution_takes_less_than_50_microseconds() -> None:
    models = [f"m{n}" for n in range(200)]
    mappings = [a_mapping(Scope.MAPPING, f"k{n}", models[n], *models) for n in range(200)]
    resolver = a_resolver(mappings, [an_endpoint(n + 1, *models) for n in range(10)])
    context = RequestContext(user_id="u", prompt_id="1", module="m")
    resolver.explain("k7", context)
    best = min(_timed(resolver, context) for _ in range(5))
    assert best < 50e-6


def _timed(resolver: Resolver, context: RequestContext) -> float:
    began = time.perf_counter()
    for _ in range(200):
        resolver.explain("k7", context)
    return (time.perf_counter() - began) / 200
