"""Which questions a trial asks: each affected model once, through a key that would reach it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from services.mapping import outlook
from services.mapping.edits import checked
from services.mapping.reader import MappingReader
from services.mapping.resolver import KEY_SCOPES, Resolver
from services.mapping.types import MappingEdit, ModelMapping, RequestContext, Resolution

ASKED_MOST = 40


@dataclass(frozen=True, slots=True)
class Question:
    """One model under the candidate, the resolver that leads to it, and why none does."""

    key: str
    model: str
    resolver: Resolver
    context: RequestContext
    resolution: Resolution | None
    why: str = ""  # English


def questions(
    mappings: MappingReader, edits: Iterable[MappingEdit], active_prompt: str
) -> list[Question]:
    """Return at most ASKED_MOST questions; a model of several changed mappings is asked once.

    The first choice of a mapping is asked through the mapping as it would be; for every other
    candidate the candidate stands first, as it would when the ones before it fail.
    """
    changed = [checked(edit) for edit in edits]
    base = mappings.candidate([one.as_edit() for one in changed])
    asked: dict[str, Question] = {}
    for mapping in changed:
        if not mapping.is_active:
            continue
        for model in dict.fromkeys((mapping.default_model, *mapping.candidates)):
            if model in asked or base.flaw_of(model) is not None:
                continue
            asked[model] = _question(base, mapping, model, active_prompt)
            if len(asked) == ASKED_MOST:
                return list(asked.values())
    return list(asked.values())


def _question(base: Resolver, mapping: ModelMapping, model: str, active_prompt: str) -> Question:
    key, context = _way(base, mapping, model, active_prompt)
    resolver = base
    if model != mapping.default_model:
        first = replace(mapping, default_model=model)
        resolver = replace_mapping(base, first)
    if not key:
        return Question("", model, resolver, context, None, "no key's mapping names this model")
    found = resolver.explain(key, context)
    resolution = found.resolution
    if resolution is None or resolution.model != model:
        return Question(key, model, resolver, context, None, " ".join(found.steps[-2:]))
    return Question(key, model, resolver, context, resolution)


def _way(
    base: Resolver, mapping: ModelMapping, model: str, active_prompt: str
) -> tuple[str, RequestContext]:
    """Return the key to ask and what the request carries; no key: none would ever lead there."""
    if mapping.scope_type in KEY_SCOPES:
        return mapping.id, RequestContext(prompt_id=active_prompt)
    context = outlook.context_of(mapping)
    key = next((row.mapping_id for row in base.mapped() if model in row.candidates), "")
    return key, context


def replace_mapping(base: Resolver, mapping: ModelMapping) -> Resolver:
    """Return a resolver that differs in one mapping."""
    return Resolver(
        {**base.mappings, mapping.id: mapping},
        base.endpoints,
        base.blocked,
        base.allows_test_endpoints,
        base.is_strict,
    )
