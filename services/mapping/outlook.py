"""Pure: what is wrong now, how much is covered, what a request met, what a change would do."""

from collections.abc import Iterable, Mapping

from services.mapping.resolver import KEY_SCOPES, Resolver
from services.mapping.types import (
    Coverage,
    Flaw,
    Impact,
    MappedModel,
    ModelMapping,
    Moved,
    Problem,
    RequestContext,
    Scope,
    ScopeLook,
    ScopeState,
    Trace,
)


def context_of(mapping: ModelMapping) -> RequestContext:
    """Return what a request must carry for the mapping to restrict it; empty for one that routes."""
    key = mapping.scope_key
    contexts: dict[Scope, RequestContext] = {
        Scope.USER: RequestContext(user_id=key),
        Scope.PREMIUM_USER: RequestContext(user_id=key, is_premium=True),
        Scope.PROMPT: RequestContext(prompt_id=key),
        Scope.MODULE: RequestContext(module=key),
    }
    return contexts.get(mapping.scope_type, RequestContext())


def problems(resolver: Resolver) -> tuple[Problem, ...]:
    """Return every reference of every mapping that leads nowhere, by mapping id."""
    found: list[Problem] = []
    for mapping in resolver.mappings.values():
        for model in dict.fromkeys((mapping.default_model, *mapping.candidates)):
            flaw = resolver.flaw_of(model) if model else None
            if flaw is not None:
                is_default = model == mapping.default_model
                found.append(Problem(mapping.id, model, flaw, is_default))
    return tuple(found)


def coverage(resolver: Resolver) -> Coverage:
    """Return how many keys get a model, and what keeps the others from one."""
    keys = {
        mapping.scope_key
        for mapping in resolver.mappings.values()
        if mapping.is_active and mapping.scope_type in KEY_SCOPES
    }
    routable = resolver.mapped()
    flaws = [problem.flaw for problem in problems(resolver)]
    return Coverage(
        keys=len(keys),
        routable=len(routable),
        inactive=sum(not mapping.is_active for mapping in resolver.mappings.values()),
        dangling=flaws.count(Flaw.DANGLING),
        unusable=flaws.count(Flaw.UNUSABLE),
        blocked=flaws.count(Flaw.BLOCKED),
        demo=sum(model.is_demo for model in routable),
    )


def trace(resolver: Resolver, key: str, context: RequestContext) -> Trace:
    """Return what the request gets, and what became of each scope in the stated order."""
    restrictions: dict[Scope, list[str]] = {}
    for scope, mapping_id in resolver.carried(context):
        restrictions.setdefault(scope, []).append(mapping_id)
    ids = resolver.key_ids(key) if key else ()
    for scope in KEY_SCOPES:
        found = [mapping_id for mapping_id in ids if mapping_id.startswith(f"{scope}:")]
        if found:
            restrictions[scope] = found
    looks: list[ScopeLook] = []
    taken: set[bool] = set()  # whether a restriction, whether a mapping that routes, was found
    for scope in Scope:
        is_route = scope in KEY_SCOPES
        look = _look(resolver, scope, restrictions.get(scope, []), is_over=is_route in taken)
        if look.state is ScopeState.APPLIES:
            taken.add(is_route)
        looks.append(look)
    return Trace(resolver.explain(key, context), tuple(looks))


def _look(resolver: Resolver, scope: Scope, ids: list[str], *, is_over: bool) -> ScopeLook:
    if not ids:
        return ScopeLook(scope, "", ScopeState.NOT_CARRIED)
    known = [resolver.mappings[mapping_id] for mapping_id in ids if mapping_id in resolver.mappings]
    if not known:
        return ScopeLook(scope, ids[0], ScopeState.NO_MAPPING)
    active = next((mapping for mapping in known if mapping.is_active), None)
    if active is None:
        return ScopeLook(scope, known[0].id, ScopeState.SWITCHED_OFF)
    return ScopeLook(scope, active.id, ScopeState.OVERRULED if is_over else ScopeState.APPLIES)


def impact(before: Resolver, after: Resolver) -> Impact:
    """Return which keys would lose, change or gain their model, and which references would break."""
    old = {row.name: row for row in before.mapped()}
    new = {row.name: row for row in after.mapped()}
    known = {(problem.mapping_id, problem.model) for problem in problems(before)}
    return Impact(
        lost=(*(name for name in old if name not in new), *_emptied(before, after)),
        moved=tuple(_moved(old, new)),
        gained=tuple(name for name in new if name not in old),
        broken=tuple(p for p in problems(after) if (p.mapping_id, p.model) not in known),
    )


def _moved(old: Mapping[str, MappedModel], new: Mapping[str, MappedModel]) -> Iterable[Moved]:
    for name, row in old.items():
        other = new.get(name)
        if other is None:
            continue
        if (row.resolved_model, row.endpoint_id) != (other.resolved_model, other.endpoint_id):
            yield Moved(
                name,
                row.resolved_model or "",
                other.resolved_model or "",
                row.endpoint_name or "",
                other.endpoint_name or "",
            )


def _emptied(before: Resolver, after: Resolver) -> Iterable[str]:
    """Yield the keys that a changed restriction would leave nothing of, named with it."""
    for mapping in after.mappings.values():
        if mapping.scope_type in KEY_SCOPES or before.mappings.get(mapping.id) == mapping:
            continue
        context = context_of(mapping)
        for row in after.mapped():
            had = before.explain(row.name, context).resolution
            if had is not None and after.explain(row.name, context).resolution is None:
                yield f"{row.name} ({mapping.id})"
