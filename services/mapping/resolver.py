"""Pure: the one resolver from a business key to a supplier model and endpoint (contract 5.2, 5.3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.mapping.types import (
    Explanation,
    MappedModel,
    ModelMapping,
    RequestContext,
    Resolution,
    Scope,
)
from services.models.rules import dialect_of, is_embedding_like, is_usable, provider_of
from services.models.types import Endpoint

KEY_SCOPES = (Scope.MAPPING, Scope.GLOBAL)  # scopes that route keys; the others restrict
_SCOPE_WORDS = frozenset((*map(str, Scope), "tenant"))
ANY_PREMIUM = "*"  # scope_key of a mapping for every premium user


@dataclass(frozen=True, slots=True)
class _Base:
    """A key's own mapping with what is left of its candidates."""

    mapping: ModelMapping
    candidates: tuple[str, ...]  # routable ones, the default first
    steps: tuple[str, ...]


@dataclass(slots=True)
class Resolver:
    """Answers for one state of mappings, endpoints and blocked models; built anew when they change."""

    mappings: Mapping[str, ModelMapping]  # by id
    endpoints: tuple[Endpoint, ...]
    blocked: frozenset[str] = frozenset()
    allows_test_endpoints: bool = False
    _offers: dict[str, list[Endpoint]] = field(init=False)
    _bases: dict[str, _Base] = field(init=False)
    _known: dict[tuple[str, str, str], Explanation] = field(init=False)

    def __post_init__(self) -> None:
        """Work out once what each model is offered by and what is left of each mapping."""
        self._offers = {}
        for endpoint in self._usable():
            for model in endpoint.offered:
                self._offers.setdefault(model, []).append(endpoint)
        self._bases = {
            mapping.id: self._base(mapping)
            for mapping in self.mappings.values()
            if mapping.scope_type in KEY_SCOPES
        }
        self._known = {}

    def explain(self, key: str, context: RequestContext) -> Explanation:
        """Return what the key gets in this context, with every step, also when it gets nothing."""
        base = self._find(key)
        if base is None:
            return Explanation(None, (f"No active mapping has the key {key}.",))
        restriction = self._restriction(context)
        cache_key = (key, base.mapping.id, restriction.id if restriction else "")
        found = self._known.get(cache_key)
        if found is None:
            if len(self._known) > 10_000:  # many users, many keys: bounded, rebuilt in microseconds
                self._known.clear()
            found = self._known[cache_key] = self._decide(key, base, restriction)
        return found

    def mapped(self, *, include_inactive: bool = False) -> tuple[MappedModel, ...]:
        """Return one row a key: routable ones, and with include_inactive all others too."""
        rows: dict[str, MappedModel] = {}
        ordered = sorted(
            self._bases.values(), key=lambda b: (b.mapping.scope_type is Scope.GLOBAL, b.mapping.id)
        )
        for base in ordered:
            mapping = base.mapping
            is_listed = mapping.is_active and bool(base.candidates)
            shown = rows.get(mapping.scope_key)
            if (is_listed or include_inactive) and (
                shown is None or (mapping.is_active and not shown.is_active)
            ):
                rows[mapping.scope_key] = self._row(base)
        return tuple(sorted(rows.values(), key=lambda row: row.name))

    def offering(self, model: str) -> tuple[Endpoint, ...]:
        """Return the usable endpoints that offer the model, the preferred one first."""
        return tuple(self._offers.get(model, ()))

    def _usable(self) -> Iterable[Endpoint]:
        usable = [endpoint for endpoint in self.endpoints if is_usable(endpoint)]
        if not self.allows_test_endpoints:
            others = [endpoint for endpoint in usable if not endpoint.is_test_named]
            if any(not endpoint.is_demo for endpoint in others):
                usable = others
        return sorted(usable, key=lambda endpoint: (not endpoint.is_default, endpoint.id))

    def _base(self, mapping: ModelMapping) -> _Base:
        wanted = dict.fromkeys(n for n in (mapping.default_model, *mapping.candidates) if n)
        left: list[str] = []
        steps = [f"Mapping {mapping.id} names {', '.join(wanted) or 'no model'}."]
        for model in wanted:
            if model in self.blocked:
                steps.append(f"{model} is blocked.")
            elif is_embedding_like(model):
                steps.append(f"{model} looks like an embedding model.")
            elif model not in self._offers:
                steps.append(f"No usable endpoint offers {model}.")
            else:
                left.append(model)
        return _Base(mapping, tuple(left), tuple(steps))

    def _find(self, key: str) -> _Base | None:
        scope, separator, rest = key.partition(":")
        if separator and scope in _SCOPE_WORDS:
            wanted = f"mapping:{rest}" if scope == "tenant" else key
            ids: tuple[str, ...] = (wanted,)
        else:
            ids = (f"mapping:{key}", f"global:{key}")
        for mapping_id in ids:
            base = self._bases.get(mapping_id)
            if base is not None and base.mapping.is_active:
                return base
        return None

    def _restriction(self, context: RequestContext) -> ModelMapping | None:
        """Return the most specific active mapping that the request carries."""
        ids: list[str] = []
        if context.user_id:
            ids.append(f"user:{context.user_id}")
            if context.is_premium:
                ids += [f"premium_user:{context.user_id}", f"premium_user:{ANY_PREMIUM}"]
        if context.prompt_id:
            ids.append(f"prompt:{context.prompt_id}")
        if context.module:
            ids.append(f"module:{context.module}")
        for mapping_id in ids:
            mapping = self.mappings.get(mapping_id)
            if mapping is not None and mapping.is_active:
                return mapping
        return None

    def _decide(self, key: str, base: _Base, restriction: ModelMapping | None) -> Explanation:
        steps = list(base.steps)
        left = base.candidates
        if restriction is not None:
            own = dict.fromkeys((restriction.default_model, *restriction.candidates))
            first = [m for m in (restriction.default_model,) if m in left]
            left = tuple(dict.fromkeys([*first, *(m for m in left if m in own)]))
            steps.append(f"Mapping {restriction.id} leaves {', '.join(left) or 'nothing'}.")
        if not left:
            steps.append("Nothing is left, so the key is refused.")
            return Explanation(None, tuple(steps))
        model = left[0]
        endpoint = self._endpoint(base.mapping, model)
        steps.append(f"{model} is served by endpoint {endpoint.name}.")
        resolution = Resolution(
            key=key,
            model=model,
            endpoint=endpoint,
            mapping_id=base.mapping.id,
            provider=provider_of(endpoint),
            dialect=dialect_of(endpoint),
            steps=tuple(steps),
        )
        return Explanation(resolution, resolution.steps)

    def _endpoint(self, mapping: ModelMapping, model: str) -> Endpoint:
        offering = self._offers[model]
        preferred = mapping.metadata.get("preferred_endpoint_id")
        return next((e for e in offering if e.id == preferred), offering[0])

    def _row(self, base: _Base) -> MappedModel:
        mapping = base.mapping
        endpoint = self._endpoint(mapping, base.candidates[0]) if base.candidates else None
        tier = mapping.metadata.get("required_tier")
        return MappedModel(
            name=mapping.scope_key,
            default_model=base.candidates[0] if base.candidates else mapping.default_model,
            candidates=base.candidates,
            mapping_id=mapping.id,
            scope_type=mapping.scope_type,
            is_active=mapping.is_active,
            required_tier=tier if isinstance(tier, str) else None,
            provider=provider_of(endpoint) if endpoint else None,
            dialect=dialect_of(endpoint) if endpoint else None,
            endpoint_id=endpoint.id if endpoint else None,
            endpoint_name=endpoint.name if endpoint else None,
            resolved_model=base.candidates[0] if base.candidates else None,
            blocked_candidates=tuple(
                m
                for m in dict.fromkeys((mapping.default_model, *mapping.candidates))
                if m in self.blocked
            ),
            is_demo=endpoint.is_demo if endpoint else False,
            updated_at=mapping.updated_at,
        )
