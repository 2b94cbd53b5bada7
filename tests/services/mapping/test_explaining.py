"""What a resolver tells: the steps of an answer, the list's rows, what may be asked for."""

from services.mapping.resolver import Resolver
from services.mapping.types import MappedModel, RequestContext, Scope
from tests.support.clock import START
from tests.support.resolving import a_mapping, a_resolver, an_endpoint


def told(resolver: Resolver, key: str, **context: object) -> list[str]:
    return [str(r) for r in resolver.explain(key, RequestContext(**context)).reasons]  # type: ignore[arg-type]  # of its fields


def test_the_explanation_names_each_flaw_what_a_scope_leaves_and_who_serves() -> None:
    endpoints = [
        an_endpoint(1, "good", "barred", is_default=True),
        an_endpoint(2, "off", is_active=False),
    ]
    key = a_mapping(Scope.MAPPING, "k", "barred", "off", "gone", "text-embedding-3", "good")
    user = a_mapping(Scope.USER, "u", "good", "other")
    resolver = a_resolver([key, user], endpoints, "barred")
    flaws = [
        "Mapping mapping:k names barred, off, gone, text-embedding-3, good.",
        "barred is blocked.",
        "No usable endpoint offers off.",
        "No endpoint offers gone.",
        "text-embedding-3 looks like an embedding model.",
    ]
    assert told(resolver, "k") == [*flaws, "good is served by endpoint endpoint 1."]
    assert told(resolver, "k", user_id="u") == [
        *flaws,
        "Mapping user:u leaves good.",
        "good is served by endpoint endpoint 1.",
    ]
    assert told(resolver, "none") == ["No active mapping has the key none."]


def test_the_explanation_of_a_refusal_says_that_nothing_is_left() -> None:
    endpoints = [an_endpoint(1, "m", "n")]
    user = a_mapping(Scope.USER, "u", "n")
    resolver = a_resolver([a_mapping(Scope.MAPPING, "k", "m"), user], endpoints)
    assert told(resolver, "k", user_id="u") == [
        "Mapping mapping:k names m.",
        "Mapping user:u leaves nothing.",
        "Nothing is left, so the key is refused.",
    ]
    empty = a_mapping(Scope.MAPPING, "k", "", candidates=())
    assert told(a_resolver([empty], endpoints), "k") == [
        "Mapping mapping:k names no model.",
        "Nothing is left, so the key is refused.",
    ]


def test_a_row_of_the_list_tells_everything_of_its_key() -> None:
    endpoints = [an_endpoint(1, "m", "b"), an_endpoint(2, "m", provider_protocol="demo")]
    metadata = {"required_tier": "pro", "preferred_endpoint_id": 2}
    key = a_mapping(Scope.MAPPING, "k", "b", "m", metadata=metadata, updated_at=START)
    off = a_mapping(Scope.GLOBAL, "off", "gone", is_active=False, metadata={"required_tier": 3})
    resolver = a_resolver([key, off], endpoints, "b")
    (row,) = resolver.mapped()
    assert row == MappedModel(
        name="k",
        default_model="m",
        candidates=("m",),
        mapping_id="mapping:k",
        scope_type=Scope.MAPPING,
        is_active=True,
        required_tier="pro",
        provider=row.provider,
        dialect=row.dialect,
        endpoint_id=2,
        endpoint_name="endpoint 2",
        resolved_model="m",
        blocked_candidates=("b",),
        is_demo=True,
        updated_at=START,
    )
    other = resolver.mapped(include_inactive=True)[1]
    assert (other.name, other.default_model, other.is_active) == ("off", "gone", False)
    assert (other.required_tier, other.endpoint_id, other.endpoint_name) == (None, None, None)
    assert (other.provider, other.dialect, other.resolved_model) == (None, None, None)
    assert (other.candidates, other.blocked_candidates, other.is_demo) == ((), (), False)


def test_what_may_be_asked_for_now_is_listed() -> None:
    resolver = a_resolver(
        [],
        [an_endpoint(2, "z", "a", "text-embedding-3"), an_endpoint(1, "a", is_active=False)],
        "z",
    )
    assert resolver.offered == ("a",)
    assert [endpoint.id for endpoint in resolver.offering("a")] == [2]
    assert resolver.offering("none") == ()
    assert resolver.left_of("mapping:none") == ()
