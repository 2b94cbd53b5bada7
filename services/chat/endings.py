"""How a conversation ends without a terminal event, in the words of contract 14."""

from collections.abc import Mapping

from services.chat.rules import clean
from services.chat.types import Outcome
from services.wire.sse import SseLimitError
from services.wire.types import WireError, WireErrorKind

DEADLINE = "deadline_exceeded"
IDS_MISSING = "messages_response_missing_ids"


class EndedError(Exception):
    """The conversation is over without a terminal event."""

    def __init__(
        self,
        outcome: Outcome,
        error: str,
        text: str = "",
        *,
        status: int | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        """Keep the outcome, the word, the server's own words and the refusal's status and wait."""
        super().__init__(error)
        self.outcome = outcome
        self.error = error
        self.text = text
        self.status = status
        self.retry_after_s = retry_after_s


def create_failed(error: WireError, accept_s: float) -> EndedError:
    """Return how the POST ended when no answer came."""
    match error.kind:
        case WireErrorKind.TIMEOUT if error.deadline != "connect":
            return EndedError(Outcome.DEADLINE, DEADLINE, f"no answer to POST in {accept_s:g} s")
        case WireErrorKind.TOO_LARGE:
            return EndedError(Outcome.LIMIT, "messages_response_too_large", error.detail)
        case WireErrorKind.MALFORMED:
            return EndedError(Outcome.MALFORMED, "messages_response_malformed", error.detail)
        case WireErrorKind.CUT:
            return EndedError(Outcome.UNREACHABLE, "connection_lost", error.detail)
        case _:
            word = f"connection_{error.kind.value}"
            return EndedError(Outcome.UNREACHABLE, word, error.detail)


def limit_passed(error: SseLimitError) -> EndedError:
    """Return how a stream ended that passed a limit of events."""
    if error.limit == "events":
        return EndedError(Outcome.LIMIT, "sse_max_events_exceeded")
    return EndedError(Outcome.LIMIT, f"sse_limit_exceeded:{error.limit}")


def stream_failed(error: WireError, waited: str, bytes_read: int) -> EndedError:
    """Return how the events call ended; `waited` says how long and for what."""
    text = f"{error.detail} ({max(error.received, bytes_read)} bytes of the stream)"
    match error.kind:
        case WireErrorKind.TIMEOUT if error.deadline != "connect":
            return EndedError(Outcome.DEADLINE, DEADLINE, waited)
        case WireErrorKind.TOO_LARGE:
            return EndedError(Outcome.LIMIT, "sse_limit_exceeded:reply", text)
        case WireErrorKind.MALFORMED:
            return EndedError(Outcome.MALFORMED, "sse_stream_malformed", text)
        case WireErrorKind.CUT if bytes_read or error.received:
            return EndedError(Outcome.INCOMPLETE, "sse_stream_incomplete", text)
        case _:
            word = f"sse_connect_failed:{error.kind.value}"
            return EndedError(Outcome.UNREACHABLE, word, text)


def not_a_stream(headers: Mapping[str, str]) -> EndedError | None:
    """Return how it ended when what a 200 brings is no event stream."""
    kind = headers.get("content-type", "")
    if kind.split(";")[0].strip().lower() == "text/event-stream":
        return None
    text = clean(f"not a stream: {kind or 'no content type'}")
    return EndedError(Outcome.MALFORMED, "not_a_stream", text, status=200)
