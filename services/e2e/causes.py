"""Pure: whose side a failure is on, from its facts and the three legs; Unknown where it is open."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.chat.types import Outcome, Reply, http_failure_in
from services.e2e.types import Cause, Kind

OK = "ok"
NOT_ASKED = "not_asked"
_CONFIG_WORDS = (
    "no_active_ai_endpoint",
    "endpoint_api_key_missing",
    "resolved_model_missing",
    "endpoint_not_found_or_inactive",
    "model_not_supported_by_endpoint",
    "no_endpoint_for_mapped_model",
)
_CONFIG_STATUS = (400, 401, 403, 404, 422)  # what we sent there: key, model name, parameters
_NETWORK_WORDS = ("upstream_timeout", "upstream_unreachable")
_MODEL_WORDS = ("tool_calls_not_supported", "function_call_not_supported")
_GATEWAY_WORDS = ("internal_error", "server_restarted", "closed_without_terminal_event")
_PLAIN = {  # kinds whose side needs no further look
    Kind.OK: Cause.NONE,
    Kind.STRUCTURE: Cause.MODEL,
    Kind.AUTH: Cause.SIGNIN,
    Kind.QUOTA: Cause.GATEWAY,
    Kind.NOT_RUN: Cause.NONE,
    Kind.CANCELLED: Cause.NONE,
    Kind.INTERRUPTED: Cause.CONSOLE,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a failed cell beside its reply."""

    kind: Kind
    is_self: bool  # against our own gateway
    other_provider_ok: bool | None = (
        None  # another provider answered in this launch; None: no other
    )


def evident(facts: Facts, reply: Reply) -> Cause | None:
    """Return the cause when the failure itself says it; None: the three legs must tell."""
    if reply.is_limited_upstream:
        return Cause.PROVIDER
    if facts.kind in _PLAIN:
        return _PLAIN[facts.kind]
    text = f"{reply.error} {reply.error_text}"
    if any(word in text for word in _CONFIG_WORDS):
        return Cause.CONFIG
    return _BY_KIND.get(facts.kind, _stream)(facts, reply, text)


def _stream(_facts: Facts, _reply: Reply, text: str) -> Cause | None:
    return Cause.GATEWAY if any(word in text for word in _GATEWAY_WORDS) else None


def _catalogue(_facts: Facts, reply: Reply, _text: str) -> Cause | None:
    return Cause.CONFIG if reply.error == "model_not_allowed" else Cause.GATEWAY


def _supplier(_facts: Facts, _reply: Reply, text: str) -> Cause | None:
    status = http_failure_in(text)
    if status is not None:
        return Cause.CONFIG if status in _CONFIG_STATUS else Cause.PROVIDER
    if any(word in text for word in _NETWORK_WORDS):
        return None
    return Cause.MODEL if any(word in text for word in _MODEL_WORDS) else Cause.PROVIDER


def _client(facts: Facts, reply: Reply, _text: str) -> Cause | None:
    status = reply.status or 0
    if status >= 500 or reply.outcome is Outcome.MALFORMED:
        return Cause.GATEWAY
    if status in (404, 405):
        return Cause.CONFIG  # another address than that of a GymBro server
    return Cause.CONSOLE if facts.is_self else Cause.UNKNOWN


_BY_KIND: Mapping[Kind, Callable[[Facts, Reply, str], Cause | None]] = {
    Kind.CATALOGUE: _catalogue,
    Kind.SUPPLIER: _supplier,
    Kind.CLIENT: _client,
}


def settle(facts: Facts, reply: Reply, legs: Mapping[str, str]) -> Cause:
    """Return the cause after the three legs: sign-in, gateway, provider."""
    known = evident(facts, reply)
    if known is not None:
        return known
    gateway, provider = legs.get("gateway", NOT_ASKED), legs.get("provider", NOT_ASKED)
    if reply.outcome is Outcome.UNREACHABLE:
        return Cause.UNKNOWN if gateway == OK else _unreachable(legs)
    if gateway not in (OK, NOT_ASKED):
        return Cause.GATEWAY
    if provider not in (OK, NOT_ASKED):
        return _provider_down(facts, provider)
    is_settled = gateway == OK and provider == OK and reply.outcome is Outcome.DEADLINE
    return Cause.MODEL if is_settled else Cause.UNKNOWN


def _unreachable(legs: Mapping[str, str]) -> Cause:
    """The gateway cannot be reached: its own fault if the sign-in server can."""
    return Cause.GATEWAY if legs.get("signin") == OK else Cause.UNKNOWN


def _provider_down(facts: Facts, provider: str) -> Cause:
    status = http_failure_in(provider)
    if status is not None or provider == "sign_in_failed":
        return Cause.CONFIG if status in (None, 401, 403) else Cause.PROVIDER
    # No answer at all: its fault when another provider can be reached, ours when none can.
    if facts.other_provider_ok is None:
        return Cause.UNKNOWN
    return Cause.PROVIDER if facts.other_provider_ok else Cause.CONSOLE
