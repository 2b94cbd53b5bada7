"""Pure: the one resolver from a business key to a supplier model and endpoint (contract 5.2, 5.3)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from services.foundation.messages import Message, say
from services.mapping.types import (
    Explanation,
    Flaw,
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


@dataclass(slots=True)
class Resolver:
    """Answers for one state of mappings, endpoints and blocked models; built anew when they change."""

    mappings: Mapping[str, ModelMapping]  # by id
    endpoints: tuple[Endpoint, ...]
    blocked: frozenset[str] = frozenset()
    allows_test_endpoints: bool = False
    is_strict: bool = True  # False: a mapping with nothing left gets the default endpoint's model
    _offers: dict[str, list[Endpoint]] = field(init=False)
    _named: frozenset[str] = field(init=False)  # what any endpoint offers, usable or not
    _bases: dict[str, _Base] = field(init=False)
    _known: dict[tuple[str, str, str], Explanation] = field(init=False)

    def __post_init__(self) -> None:
        """Work out once what each model is offered by and what is left of each mapping."""
        self._offers = {}
        for endpoint in self._usable():
            for model in endpoint.offered:
                self._offers.setdefault(model, []).append(endpoint)
        self._named = frozenset(m for endpoint in self.endpoints for m in endpoint.offered)
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
            return Explanation(None, (say("No active mapping has the key {key}.", key=key),))
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

    @property
    def offered(self) -> tuple[str, ...]:
        """Every model a request can get now, sorted; blocked and embedding ones left out."""
        return tuple(sorted(model for model in self._offers if self.flaw_of(model) is None))

    def flaw_of(self, model: str) -> Flaw | None:
        """Return why nobody is routed to the model, or None."""
        if model in self.blocked:
            return Flaw.BLOCKED
        if is_embedding_like(model):
            return Flaw.EMBEDDING
        if model in self._offers:
            return None
        return Flaw.UNUSABLE if model in self._named else Flaw.DANGLING

    def left_of(self, mapping_id: str) -> tuple[str, ...]:
        """Return the routable candidates of a key's mapping, its default first."""
        base = self._bases.get(mapping_id)
        return base.candidates if base is not None else ()

    def carried(self, context: RequestContext) -> Iterator[tuple[Scope, str]]:
        """Yield scope and mapping id of every restriction the request carries, most specific first."""
        if context.user_id:
            yield Scope.USER, f"user:{context.user_id}"
            if context.is_premium:
                yield Scope.PREMIUM_USER, f"premium_user:{context.user_id}"
                yield Scope.PREMIUM_USER, f"premium_user:{ANY_PREMIUM}"
        if context.prompt_id:
            yield Scope.PROMPT, f"prompt:{context.prompt_id}"
        if context.module:
            yield Scope.MODULE, f"module:{context.module}"

    @staticmethod
    def key_ids(key: str) -> tuple[str, ...]:
        """Return the ids of the mappings a key can mean, in the order they are tried."""
        scope, separator, rest = key.partition(":")
        if separator and scope in _SCOPE_WORDS:
            return (f"mapping:{rest}" if scope == "tenant" else key,)
        return (f"mapping:{key}", f"global:{key}")

    def _usable(self) -> Iterable[Endpoint]:
        usable = [endpoint for endpoint in self.endpoints if is_usable(endpoint)]
        if not self.allows_test_endpoints:
            others = [endpoint for endpoint in usable if not endpoint.is_test_named]
            if any(not endpoint.is_demo for endpoint in others):
                usable = others
        return sorted(usable, key=lambda endpoint: (not endpoint.is_default, endpoint.id))

    def _base(self, mapping: ModelMapping) -> _Base:
        wanted = dict.fromkeys(n for n in (mapping.default_model, *mapping.candidates) if n)
        left = tuple(model for model in wanted if self.flaw_of(model) is None)
        if not left and not self.is_strict:
            left = self._stand_in()
        return _Base(mapping, left)

    def _stand_in(self) -> tuple[str, ...]:
        """Return the default endpoint's own model when it can be used, else nothing."""
        for endpoint in self._usable():
            if endpoint.is_default and endpoint.model and self.flaw_of(endpoint.model) is None:
                return (endpoint.model,)
        return ()

    def _reasons(self, mapping: ModelMapping) -> list[Message]:
        """Return the first sentences of an explanation; they are made when somebody asks."""
        wanted = dict.fromkeys(n for n in (mapping.default_model, *mapping.candidates) if n)
        named = ", ".join(wanted) or say("no model")
        flaws = [(model, self.flaw_of(model)) for model in wanted]
        reasons = [
            say("Mapping {id} names {models}.", id=mapping.id, models=named),
            *(_reason_of(flaw, model) for model, flaw in flaws if flaw is not None),
        ]
        if not self.is_strict and all(flaw is not None for _, flaw in flaws):
            reasons += [
                say("Strict routing is off: {model} stands in.", model=model)
                for model in self._stand_in()
            ]
        return reasons

    def _find(self, key: str) -> _Base | None:
        for mapping_id in self.key_ids(key):
            base = self._bases.get(mapping_id)
            if base is not None and base.mapping.is_active:
                return base
        return None

    def _restriction(self, context: RequestContext) -> ModelMapping | None:
        """Return the most specific active mapping that the request carries."""
        for _scope, mapping_id in self.carried(context):
            mapping = self.mappings.get(mapping_id)
            if mapping is not None and mapping.is_active:
                return mapping
        return None

    def _decide(self, key: str, base: _Base, restriction: ModelMapping | None) -> Explanation:
        reasons = self._reasons(base.mapping)
        left = base.candidates
        if restriction is not None:
            own = dict.fromkeys((restriction.default_model, *restriction.candidates))
            first = [m for m in (restriction.default_model,) if m in left]
            left = tuple(dict.fromkeys([*first, *(m for m in left if m in own)]))
            kept = ", ".join(left) or say("nothing")
            reasons.append(say("Mapping {id} leaves {models}.", id=restriction.id, models=kept))
        if not left:
            reasons.append(say("Nothing is left, so the key is refused."))
            return Explanation(None, tuple(reasons))
        model = left[0]
        endpoint = self._endpoint(base.mapping, model)
        reasons.append(
            say("{model} is served by endpoint {name}.", model=model, name=endpoint.name)
        )
        resolution = Resolution(
            key=key,
            model=model,
            endpoint=endpoint,
            mapping_id=base.mapping.id,
            provider=provider_of(endpoint),
            dialect=dialect_of(endpoint),
            steps=tuple(map(str, reasons)),
        )
        return Explanation(resolution, tuple(reasons))

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


def _reason_of(flaw: Flaw, model: str) -> Message:
    if flaw is Flaw.BLOCKED:
        return say("{model} is blocked.", model=model)
    if flaw is Flaw.EMBEDDING:
        return say("{model} looks like an embedding model.", model=model)
    if flaw is Flaw.UNUSABLE:
        return say("No usable endpoint offers {model}.", model=model)
    return say("No endpoint offers {model}.", model=model)
