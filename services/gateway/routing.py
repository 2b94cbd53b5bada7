"""Routing: from a caller's key to an endpoint with its key, counted against the quota."""

from services.accounts.types import Caller
from services.gateway.quota import Quota
from services.gateway.types import Address, GatewayError, Route
from services.mapping.service import Mappings
from services.mapping.types import RequestContext, Resolution
from services.models.rules import dialect_of, provider_of
from services.models.service import Models
from services.prompts.service import Prompts
from services.settings.service import Settings


class Routing:
    """Steps 5 and 6 of contract 2.2 for messages and OpenAI clients alike."""

    def __init__(
        self,
        models: Models,
        mappings: Mappings,
        prompts: Prompts,
        settings: Settings,
        quota: Quota,
    ) -> None:
        """Ask these."""
        self._models = models
        self._mappings = mappings
        self._prompts = prompts
        self._settings = settings
        self._quota = quota

    def resolve(
        self,
        caller: Caller,
        key: str,
        address: Address,
        *,
        module: str = "",
        endpoint_id: object = None,
        trial_id: object = None,
    ) -> Route:
        """Return the route; raise GatewayError model_not_allowed or model_daily_quota_exceeded.

        An endpoint named by an admin replaces the resolved one, where the environment allows it.
        The operator alone may name a trial: a mapping that is not active yet.
        """
        if trial_id is not None and caller.is_operator:
            found = self._mappings.resolve_trial(trial_id, key)
        else:
            found = self._mappings.resolve(key, self._context(caller, module))
        if found is None:
            raise GatewayError(
                422, "model_not_allowed", "This model is not offered", extra={"model": key[:300]}
            )
        route = self._named(caller, found, endpoint_id) if endpoint_id is not None else None
        if route is None:
            route = Route(found, self._models.api_key(found.endpoint.id))
        self._quota.take(caller, key, route.resolution.endpoint, address)
        return route

    def _context(self, caller: Caller, module: str) -> RequestContext:
        active = self._prompts.active(self._settings.app.app_output_protocol)
        return RequestContext(
            user_id=caller.user_id,
            is_premium=caller.is_premium,
            prompt_id=str(active.system_id) if active.system_id else "",
            module=module,
        )

    def _named(self, caller: Caller, found: Resolution, endpoint_id: object) -> Route | None:
        """Return the route to the endpoint an admin named, or None when nobody may name one."""
        if not caller.is_admin or not self._models.allows_test_endpoints:
            return None
        endpoint = self._models.endpoint(endpoint_id) if isinstance(endpoint_id, int) else None
        if endpoint is None or not endpoint.is_active:
            return Route(found, "", failure="endpoint_not_found_or_inactive")
        if found.model not in endpoint.offered:
            return Route(found, "", failure="model_not_supported_by_endpoint")
        resolution = Resolution(
            key=found.key,
            model=found.model,
            endpoint=endpoint,
            mapping_id=found.mapping_id,
            provider=provider_of(endpoint),
            dialect=dialect_of(endpoint),
            steps=(*found.steps, f"The request names endpoint {endpoint.name}."),
        )
        return Route(resolution, self._models.api_key(endpoint.id))
