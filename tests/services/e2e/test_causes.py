"""Whose side a failure is on; Unknown where it cannot be settled."""

import pytest

from services.chat.types import Outcome, Reply
from services.e2e import causes
from services.e2e.causes import Facts
from services.e2e.types import Cause, Kind

OK = "ok"


def a_reply(
    outcome: Outcome = Outcome.ERROR_EVENT, error: str = "", text: str = "", **more
) -> Reply:
    return Reply(outcome, "r", error=error, error_text=text, **more)


def facts(kind: Kind, *, is_self: bool = True, other: bool | None = None) -> Facts:
    return Facts(kind, is_self, other)


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (Kind.OK, Cause.NONE),
        (Kind.STRUCTURE, Cause.MODEL),
        (Kind.AUTH, Cause.SIGNIN),
        (Kind.QUOTA, Cause.GATEWAY),
        (Kind.NOT_RUN, Cause.NONE),
        (Kind.CANCELLED, Cause.NONE),
        (Kind.INTERRUPTED, Cause.CONSOLE),
    ],
)
def test_some_kinds_say_it_all(kind: Kind, cause: Cause) -> None:
    assert causes.settle(facts(kind), a_reply(), {}) is cause


def test_a_limit_is_the_side_s_that_set_it() -> None:
    by_supplier = a_reply(error="provider_error", text="upstream_http_429")
    assert causes.settle(facts(Kind.QUOTA), by_supplier, {}) is Cause.PROVIDER
    by_gateway = a_reply(Outcome.REFUSED, status=429)
    assert causes.settle(facts(Kind.QUOTA), by_gateway, {}) is Cause.GATEWAY


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("no_active_ai_endpoint", Cause.CONFIG),
        ("endpoint_api_key_missing", Cause.CONFIG),
        ("upstream_http_401", Cause.CONFIG),
        ("upstream_http_404:no such model", Cause.CONFIG),
        ("upstream_http_429", Cause.PROVIDER),
        ("upstream_http_503:overloaded", Cause.PROVIDER),
        ("upstream_error", Cause.PROVIDER),
        ("upstream_invalid_response", Cause.PROVIDER),
        ("tool_calls_not_supported tools=a,b", Cause.MODEL),
    ],
)
def test_a_supplier_failure_that_names_itself_needs_no_further_look(
    text: str, cause: Cause
) -> None:
    reply = a_reply(error="provider_error", text=text)
    assert causes.evident(facts(Kind.SUPPLIER), reply) is cause


@pytest.mark.parametrize("text", ["upstream_timeout", "upstream_unreachable"])
@pytest.mark.parametrize(
    ("provider", "other", "cause"),
    [
        (OK, None, Cause.UNKNOWN),  # it answers now: nobody can say
        ("upstream_http_503", None, Cause.PROVIDER),
        ("upstream_http_401", None, Cause.CONFIG),
        ("upstream_unreachable", True, Cause.PROVIDER),  # another provider can be reached
        ("upstream_unreachable", False, Cause.CONSOLE),  # none can: our network
        ("upstream_unreachable", None, Cause.UNKNOWN),  # there is no other to compare with
        (causes.NOT_ASKED, True, Cause.UNKNOWN),
    ],
)
def test_silence_of_a_provider_is_settled_by_the_legs_or_stays_unknown(
    text: str, provider: str, other: bool | None, cause: Cause
) -> None:
    reply = a_reply(error="provider_error", text=text)
    legs = {"signin": OK, "gateway": OK, "provider": provider}
    assert causes.evident(facts(Kind.SUPPLIER), reply) is None
    assert causes.settle(facts(Kind.SUPPLIER, other=other), reply, legs) is cause


@pytest.mark.parametrize(
    ("outcome", "gateway", "provider", "cause"),
    [
        (Outcome.DEADLINE, OK, OK, Cause.MODEL),  # the rest of the way is fast
        (Outcome.DEADLINE, OK, "upstream_http_502", Cause.PROVIDER),
        (Outcome.DEADLINE, "deadline_exceeded", OK, Cause.GATEWAY),
        (Outcome.DEADLINE, causes.NOT_ASKED, causes.NOT_ASKED, Cause.UNKNOWN),
        (Outcome.INCOMPLETE, OK, OK, Cause.UNKNOWN),
        (Outcome.UNREACHABLE, OK, OK, Cause.UNKNOWN),
        (Outcome.UNREACHABLE, "connection_refused", causes.NOT_ASKED, Cause.GATEWAY),
    ],
)
def test_a_broken_stream_is_settled_by_the_legs(
    outcome: Outcome, gateway: str, provider: str, cause: Cause
) -> None:
    legs = {"signin": OK, "gateway": gateway, "provider": provider}
    assert causes.settle(facts(Kind.STREAM), a_reply(outcome), legs) is cause


def test_a_gateway_that_cannot_be_reached_is_its_own_fault_only_if_sign_in_could() -> None:
    reply = a_reply(Outcome.UNREACHABLE, "connection_refused")
    reached = {"signin": OK, "gateway": "connection_refused"}
    assert causes.settle(facts(Kind.STREAM), reply, reached) is Cause.GATEWAY
    assert causes.settle(facts(Kind.STREAM), reply, {}) is Cause.UNKNOWN


@pytest.mark.parametrize(
    ("status", "is_self", "cause"),
    [
        (500, False, Cause.GATEWAY),
        (503, True, Cause.GATEWAY),
        (404, False, Cause.CONFIG),
        (400, True, Cause.CONSOLE),
        (400, False, Cause.UNKNOWN),
    ],
)
def test_a_refused_post(status: int, is_self: bool, cause: Cause) -> None:
    reply = a_reply(Outcome.REFUSED, status=status)
    assert causes.settle(facts(Kind.CLIENT, is_self=is_self), reply, {}) is cause
