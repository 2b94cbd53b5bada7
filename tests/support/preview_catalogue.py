"""The catalogue of the preview: real resolver and readers over the preview's models, nothing stored."""

from collections.abc import Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from services.foundation.clock import SystemClock
from services.foundation.signals import Signal
from services.mapping.reader import MappingReader
from services.mapping.resolver import Resolver
from services.mapping.types import ModelMapping, Scope
from services.models.types import Endpoint, MonitorView
from tests.support import preview_world as data


class PreviewModels:
    """Endpoints in memory, one for each provider of the preview."""

    allows_test_endpoints = False
    listings: Mapping[int, Any] = {}

    def __init__(self, *, bare: bool) -> None:
        self.endpoints = () if bare else tuple(_endpoints())
        self.blocked: frozenset[str] = frozenset()
        self.embedding: frozenset[str] = frozenset()
        self.checking: frozenset[int] = frozenset()
        self.changed: Signal[None] = Signal("models.changed")
        self.checking_changed: Signal[int] = Signal("models.checking_changed")

    def endpoint(self, endpoint_id: int) -> Endpoint | None:
        return next((e for e in self.endpoints if e.id == endpoint_id), None)

    def listing_change(self, _endpoint_id: int) -> None:
        return None

    def listing_changes(self) -> dict[int, Any]:
        return {}


class PreviewMapping(MappingReader):
    """The preview's keys; every one routes to the model of its name."""

    def __init__(self, models: PreviewModels) -> None:
        super().__init__(SystemClock(), models)  # type: ignore[arg-type]
        self.changed: Signal[None] = Signal("mapping.changed")
        names = [name for endpoint in models.endpoints for name in endpoint.model_list]
        self._by_id = {f"mapping:{name}": _mapping(name) for name in names}
        self._resolver = Resolver(self._by_id, models.endpoints)


def catalogue_parts(*, bare: bool) -> dict[str, Any]:
    """Return models, mapping, monitor and trials of a preview."""
    models = PreviewModels(bare=bare)
    view = MonitorView(True, False, 600, data.NOW - timedelta(minutes=3))
    return {
        "models": models,
        "mapping": PreviewMapping(models),
        "monitor": SimpleNamespace(changed=Signal("models.monitor_changed"), view=lambda: view),
        "trials": SimpleNamespace(changed=Signal("mapping.trial_changed")),
    }


def _endpoints() -> list[Endpoint]:
    return [
        Endpoint(
            id=number,
            name=provider,
            base_url="" if provider == "Demo" else f"https://{provider.lower()}.example",
            provider_protocol="demo" if provider == "Demo" else "openai",
            model=models[0],
            model_list=tuple(models),
            is_default=number == 1,
            status="online",
            has_api_key=provider != "Demo",
            api_key_masked="sk-a***1234" if provider != "Demo" else "",
            latency_ms=120 * number,
            last_checked_at=data.NOW - timedelta(minutes=3),
            created_at=data.NOW,
            updated_at=data.NOW,
        )
        for number, (provider, models) in enumerate(data.PROVIDERS.items(), 1)
    ]


def _mapping(name: str) -> ModelMapping:
    return ModelMapping(
        f"mapping:{name}", Scope.MAPPING, name, name, name, (name,), updated_at=data.NOW
    )
