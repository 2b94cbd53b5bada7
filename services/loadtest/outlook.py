"""Gather what a forecast stands on: the target's limits, its models, the newest run, this process."""

from functools import partial
from urllib.parse import urlsplit

from db.errors import DatabaseUnavailableError
from db.queries import load_runs as queries
from services.gateway.rules import QUOTA_DEFAULTS
from services.loadtest.forecast import Facts
from services.loadtest.parts import LoadParts
from services.loadtest.rows import to_summary
from services.loadtest.types import LoadPlan
from services.settings.types import RateLimits
from services.targets.types import Target

try:
    import resource
except ImportError:  # not a thing of this system, which has no such limit
    resource = None


async def facts_of(parts: LoadParts, plan: LoadPlan, target: Target) -> Facts:
    """Return what is known; nothing is sent to the target."""
    mapped = parts.own.mapping.mapped() if target.is_self and parts.own else ()
    models = plan.models or tuple(model.name for model in mapped)
    own_limits = parts.settings.env.rate_limits
    return Facts(
        name=target.name,
        is_self=target.is_self,
        is_production=target.is_production,
        is_loopback=target.is_self or _is_loopback(target.api_base),
        models=models,
        unlimited=frozenset(key for key in models if target.is_self and _is_demo(parts, key)),
        quotas=_quotas(parts, target),
        limits=own_limits if target.is_self else RateLimits(),
        call_s=await _call_s(parts, target),
        descriptor_limit=raise_descriptor_limit(),
    )


def raise_descriptor_limit() -> int:
    """Let this process open as many files as the system allows it; return the number, 0: no limit."""
    if resource is None:
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (ValueError, OSError):
            return soft
        return wanted
    return 0 if soft == resource.RLIM_INFINITY else soft


def _quotas(parts: LoadParts, target: Target) -> dict[str, int | None]:
    if target.is_self and parts.own is not None:
        return parts.own.gateway.quota_limits
    return dict(QUOTA_DEFAULTS)


def _is_demo(parts: LoadParts, key: str) -> bool:
    found = None if parts.own is None else parts.own.mapping.resolve(key)
    return found is not None and found.endpoint.is_demo


def _is_loopback(api_base: str) -> bool:
    host = urlsplit(api_base).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


async def _call_s(parts: LoadParts, target: Target) -> float | None:
    """Return the median of a whole call in the newest run against the target that had successes."""
    query = partial(queries.newest_summaries, target_id=target.id, limit=10)
    try:
        summaries = await parts.database.read(query)
    except DatabaseUnavailableError:
        return None
    found = [to_summary(one) for one in summaries]
    return next((one.total.p50 / 1000 for one in found if one.total.p50), None)
