"""Pure: for every bad end a sentence that says whose side it is on, and one that says what to do."""

from collections.abc import Callable, Mapping

from services.dialogs.types import Advice, Dialog, Identity
from services.e2e.types import Cause, CellStatus, Kind
from services.foundation.messages import Message, say

_WAIT = say("Wait, then send it again; or ask another model")
_PROVIDERS = say(
    "Open Models & providers and probe its endpoint; if that works, send the message again"
)
_STREAM_WORDS = ("sse_stream_incomplete", "sse_stream_closed_without_terminal_event")
INTERNAL_FAULT = "internal_fault"  # the error word of what failed before anything was sent
_MALFORMED = frozenset({"bad_json_event", "invalid_utf8"})  # oddities of a stream
_CONFIG_WORDS: Mapping[str, tuple[Message, Message]] = {
    "endpoint_api_key_missing": (
        say("The provider's endpoint has no API key"),
        say("Open Models & providers and enter its key"),
    ),
    "no_active_ai_endpoint": (
        say("No provider endpoint is active on the server"),
        say("Open Models & providers and switch one on"),
    ),
    "no_endpoint_for_mapped_model": (
        say("No endpoint offers the model this key leads to"),
        say("Open Mapping and choose another model for the key"),
    ),
    "model_not_allowed": (
        say("The server does not know this model key"),
        say("Choose a key it lists, or open Mapping and add it"),
    ),
}


def advise(dialog: Dialog) -> Advice | None:
    """Return what to say of a turn that has ended; None where it is simply good."""
    if dialog.status in (CellStatus.OK, CellStatus.RUNNING, CellStatus.PENDING):
        return None
    if not dialog.request_id and dialog.status is CellStatus.SIGNIN_FAILED:
        return _no_token(dialog)
    make = _BY_STATUS.get(dialog.status)
    return make(dialog) if make is not None else _failed(dialog)


def _slow(dialog: Dialog) -> Advice:
    return Advice(
        Cause.NONE,
        say("The reply is good but slow"),
        say("Compare the time to the first text with the gaps: a late start is the provider's")
        if dialog.timings.ttft_ms is not None
        else _PROVIDERS,
    )


def _structure(dialog: Dialog) -> Advice:
    if dialog.error.endswith("protocol_mismatch"):
        return Advice(
            Cause.CONFIG,
            say("The server answered in another output protocol than the one expected"),
            say("Choose the protocol the server uses, or change the server's setting"),
        )
    if dialog.error == "empty_reply":
        return Advice(
            Cause.MODEL,
            say("The model sent no text"),
            say("Send it again; if it stays so, try another model or raise the token limit"),
        )
    return Advice(
        Cause.MODEL,
        say("The reply came whole, but its structure is not what the app reads"),
        say("See the failed check for the place, then try another prompt version"),
    )


def _limited(dialog: Dialog) -> Advice:
    is_provider = dialog.cause is Cause.PROVIDER
    if dialog.error == "model_daily_quota_exceeded":
        return Advice(
            Cause.GATEWAY,
            say("The gateway's daily quota of this model family is used up"),
            say("Try tomorrow (UTC), another model family, or raise the limit in the settings"),
        )
    what = (
        say("The provider limits how often it may be asked (429)")
        if is_provider
        else say("The gateway limits how often this user may ask (429)")
    )
    wait_s = dialog.retry_after_s
    then = _WAIT if wait_s is None else say("It asks to wait {n} s; then send it again", n=wait_s)
    return Advice(Cause.PROVIDER if is_provider else Cause.GATEWAY, what, then)


def _refused(dialog: Dialog) -> Advice:
    what = say("The server does not accept this user's token ({status})", status=_status(dialog))
    if dialog.request.identity is Identity.TOKEN:
        return Advice(
            Cause.SIGNIN, what, say("Paste a fresh token of this server; see the token's warnings")
        )
    if dialog.http_status == 403:
        return Advice(
            Cause.SIGNIN, what, say("Choose another identity: this kind of user may not do this")
        )
    return Advice(
        Cause.SIGNIN,
        what,
        say("Check in Settings that sign-in and server of this service belong together"),
    )


def _no_token(dialog: Dialog) -> Advice:
    if dialog.retry_after_s is not None or dialog.http_status == 429:
        return Advice(
            Cause.SIGNIN,
            say("The sign-in service limits how often users may sign in (429)"),
            say("Use a saved user or a pasted token, or wait and send again"),
        )
    if dialog.error == "missing_supabase_env":
        return Advice(
            Cause.CONFIG,
            say("No sign-in service is set for the service under test"),
            say("Open Settings and enter its project address and anon key"),
        )
    return Advice(
        Cause.SIGNIN,
        say("There is no token, so nothing was sent to the chat server"),
        say("Check the sign-in service in Settings with Test connection"),
    )


def _cancelled(_dialog: Dialog) -> Advice:
    return Advice(
        Cause.NONE,
        say("It was cancelled; what had arrived is kept"),
        say("Send it again when you want the whole reply"),
    )


def _interrupted(_dialog: Dialog) -> Advice:
    return Advice(
        Cause.CONSOLE,
        say("The console stopped while it ran"),
        say("Send it again"),
    )


def _failed(dialog: Dialog) -> Advice:
    for word, (what, then) in _CONFIG_WORDS.items():
        if word in f"{dialog.error} {dialog.error_text}":
            return Advice(Cause.CONFIG, what, then)
    make = _BY_ERROR.get(dialog.error) or _BY_KIND.get(dialog.kind, _stream)
    return make(dialog)


def _here(_dialog: Dialog) -> Advice:
    return Advice(
        Cause.CONSOLE,
        say("The console could not send it"),
        say("Read why below; the log has the details"),
    )


def _late(dialog: Dialog) -> Advice:
    if dialog.timings.accepted_ms is None:
        return Advice(
            Cause.GATEWAY,
            say("The server did not answer the POST within the time limit"),
            say("Check that the address is right and the server is up, then send again"),
        )
    if dialog.timings.first_event_ms is None:
        return Advice(
            Cause.GATEWAY,
            say("The server took the message but sent no event of its reply"),
            say("A proxy between here and there may hold the stream back; look at its buffering"),
        )
    return Advice(
        Cause.UNKNOWN,
        say("The stream began and then hung until the time limit"),
        say("See the last event below; probe the provider, then send again with more time"),
    )


def _not_understood(dialog: Dialog) -> Advice:
    status = dialog.http_status or 0
    if status in (404, 405) or dialog.error in (
        "messages_response_missing_ids",
        "messages_response_malformed",
        "not_a_stream",
    ):
        return Advice(
            Cause.CONFIG,
            say("What answers at {target} is not a GymBro server", target=dialog.target),
            say("Open Settings and correct the address of the service under test"),
        )
    if status >= 500:
        return Advice(
            Cause.GATEWAY,
            say("The server failed on its side ({status})", status=_status(dialog)),
            say("Look at the server's own log with the request id, then send again"),
        )
    return Advice(
        Cause.CONFIG,
        say("The server refused the message ({status})", status=_status(dialog)),
        say("Read its words below and change what it names"),
    )


def _supplier(dialog: Dialog) -> Advice:
    side = dialog.cause if dialog.cause is not Cause.NONE else Cause.PROVIDER
    if side is Cause.MODEL:
        return Advice(
            side,
            say("The model wanted to call a tool, which nobody runs here"),
            say("Switch tools off, or ask for text in the prompt"),
        )
    if side is Cause.CONFIG:
        return Advice(
            side,
            say("The provider refused what it was sent: key, model name or parameters"),
            say("Open Models & providers and check the key and the model's name"),
        )
    return Advice(side, say("The provider behind the gateway failed"), _PROVIDERS)


def _stream(dialog: Dialog) -> Advice:
    word = dialog.error
    if word.startswith(("connection_", "sse_connect_failed")) and dialog.http_status is None:
        return Advice(
            Cause.CONSOLE if dialog.timings.accepted_ms is None else Cause.GATEWAY,
            say("{target} could not be reached", target=dialog.target),
            say("Check the address in Settings, that the server is up, and the network"),
        )
    if word == "sse_stream_malformed" or _MALFORMED & set(dialog.flags):
        return Advice(
            Cause.GATEWAY,
            say("The stream is not well-formed server-sent events"),
            say("Look at what stands between here and the gateway: a proxy may change the stream"),
        )
    if word in _STREAM_WORDS:
        return Advice(
            Cause.GATEWAY,
            say("The stream broke off before its final event"),
            say("Look for a restart or a proxy's time limit on the server's side"),
        )
    if word.startswith("sse_limit_exceeded") or word == "sse_max_events_exceeded":
        return Advice(
            Cause.GATEWAY,
            say("The stream went on beyond what an app would take, so it was ended here"),
            say("See the last events below; a model may be repeating itself"),
        )
    return Advice(
        dialog.cause if dialog.cause is not Cause.NONE else Cause.UNKNOWN,
        say("The reply did not come to its end"),
        say("See the server's words and the last event below, then send again"),
    )


def _status(dialog: Dialog) -> str:
    return "–" if dialog.http_status is None else f"HTTP {dialog.http_status}"


_BY_STATUS: Mapping[CellStatus, Callable[[Dialog], Advice]] = {
    CellStatus.SLOW: _slow,
    CellStatus.BAD_STRUCTURE: _structure,
    CellStatus.LIMITED: _limited,
    CellStatus.SIGNIN_FAILED: _refused,
    CellStatus.CANCELLED: _cancelled,
    CellStatus.INTERRUPTED: _interrupted,
}
_BY_ERROR: Mapping[str, Callable[[Dialog], Advice]] = {
    INTERNAL_FAULT: _here,
    "deadline_exceeded": _late,
}
_BY_KIND: Mapping[Kind, Callable[[Dialog], Advice]] = {
    Kind.CLIENT: _not_understood,
    Kind.SUPPLIER: _supplier,
}
