"""Endpoints, mappings and a resolver over them."""

from dataclasses import replace

from services.mapping.resolver import Resolver
from services.mapping.types import ModelMapping, Scope
from services.models.types import Endpoint


def an_endpoint(endpoint_id: int, *models: str, **values: object) -> Endpoint:
    endpoint = Endpoint(
        id=endpoint_id,
        name=f"endpoint {endpoint_id}",
        base_url="https://x.example",
        provider_protocol="openai",
        model=models[0] if models else "",
        model_list=models,
        has_api_key=True,
    )
    return replace(endpoint, **values)  # type: ignore[arg-type]  # of its fields


def a_mapping(scope: Scope, key: str, *models: str, **values: object) -> ModelMapping:
    mapping = ModelMapping(f"{scope}:{key}", scope, key, key, models[0], models)
    return replace(mapping, **values)  # type: ignore[arg-type]  # of its fields


def a_resolver(
    mappings: list[ModelMapping],
    endpoints: list[Endpoint],
    *blocked: str,
    allow_tests: bool = False,
) -> Resolver:
    return Resolver(
        {mapping.id: mapping for mapping in mappings},
        tuple(endpoints),
        frozenset(blocked),
        allow_tests,
    )
