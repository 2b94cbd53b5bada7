"""Pure: which mappings a difference would break if it were taken over."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from services.mapping.types import ModelMapping
from services.models.types import Endpoint
from services.sync.types import Content, SyncAction, SyncItem, SyncKind


class Impact:
    """What serves each model now, and which mappings name it."""

    def __init__(self, endpoints: Iterable[Endpoint], mappings: Iterable[ModelMapping]) -> None:
        """Count once; each question is answered from the counts."""
        self._endpoints = {str(endpoint.id): endpoint for endpoint in endpoints}
        self._offers: dict[str, int] = {}
        for endpoint in self._endpoints.values():
            for model in endpoint.offered if endpoint.is_active else ():
                self._offers[model] = self._offers.get(model, 0) + 1
        self._named: dict[str, list[str]] = {}
        self._ids: set[str] = set()
        for mapping in mappings:
            self._ids.add(mapping.id)
            for model in dict.fromkeys((mapping.default_model, *mapping.candidates)):
                if mapping.is_active and model:
                    self._named.setdefault(model, []).append(mapping.id)

    def of(self, item: SyncItem) -> SyncItem:
        """Return the difference with the mappings that taking it over would break."""
        would_pull = item.action.is_pull or item.action is SyncAction.CONFLICT
        if not would_pull or not item.local_key:
            return item
        if item.kind is SyncKind.MODEL:
            return replace(item, breaks=self._models(item.local_key, item.remote))
        if item.kind is SyncKind.MAPPING:
            return replace(item, breaks=self._mapping(item.local_key, item.remote))
        return item

    def _models(self, local_key: str, after: Content | None) -> tuple[str, ...]:
        endpoint = self._endpoints.get(local_key)
        if endpoint is None or not endpoint.is_active:
            return ()
        kept = _offered_then(endpoint, after)
        lost = [m for m in endpoint.offered if m not in kept and self._offers.get(m, 0) <= 1]
        return tuple(dict.fromkeys(m for model in lost for m in self._named.get(model, ())))

    def _mapping(self, local_key: str, after: Content | None) -> tuple[str, ...]:
        if local_key not in self._ids:
            return ()
        if after is None or not after.get("is_active"):
            return (local_key,)
        names = (after.get("default_model"), *after.get("candidates", ()))
        return () if any(self._offers.get(str(name)) for name in names) else (local_key,)


def _offered_then(endpoint: Endpoint, after: Mapping[str, object] | None) -> frozenset[str]:
    """Return what the endpoint would offer: its list of models is ours and survives a pull."""
    if after is None or not after.get("is_active"):
        return frozenset()
    models = (str(after.get("model") or ""), *endpoint.model_list)
    return frozenset(name for name in models if name)
