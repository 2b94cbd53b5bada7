"""What a FakeUpstream is told to do: answers, stream steps, turns, and makers of the usual ones."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

QUERIES = '<!-- <serp_queries>\n["深蹲 膝盖 角度"]\n</serp_queries> -->'
GOOD_REPLY = (
    '<thinking>\n<phase id="1">\n<title>理解</title>\n先看问题。\n</phase>\n'
    '<phase id="2">\n<title>回答</title>\n再给结论。\n</phase>\n</thinking>\n'
    f"<final>\n连通正常，工具可用。\n\n{QUERIES}\n</final>"
)
BAD_REPLY = "Hello, I am a model that knows no structure."
JSONSEQ_EVENTS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("thinking_start", {}),
    ("phase_start", {"id": 1, "title": "理解"}),
    ("phase_delta", {"id": 1, "text": "先看问题。"}),
    ("thinking_end", {}),
    ("final_delta", {"text": "连通正常。"}),
    ("serp_queries", {"queries": ["深蹲 膝盖"]}),
    ("final_end", {}),
)


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer; `end` says what becomes of the connection afterwards.

    keep: kept alive; close: closed; cut: half of the body, then closed; reset: RST instead of the
    answer; hang: nothing is answered until the server stops. `raw` bytes replace everything.
    """

    status: int = 200
    body: Any = None  # a mapping or list goes out as JSON, str and bytes as they are
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay_s: float = 0.0
    end: Literal["keep", "close", "cut", "reset", "hang"] = "keep"
    raw: bytes | None = None
    content_type: str = "application/json"


@dataclass(frozen=True)
class Send:
    """One event; message_id and request_id are filled in."""

    name: str
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Pause:
    """Wait before the next step."""

    seconds: float


@dataclass(frozen=True)
class Raw:
    """Bytes as they are (one HTTP chunk)."""

    content: bytes


@dataclass(frozen=True)
class Beat:
    """Heartbeat events; count None: until the client goes."""

    every_s: float = 0.05
    count: int | None = None


@dataclass(frozen=True)
class Leave:
    """How the stream ends other than properly: cut (FIN), reset (RST) or hang (nothing more)."""

    how: Literal["cut", "reset", "hang"] = "cut"


Step = Send | Pause | Raw | Beat | Leave


@dataclass(frozen=True)
class Turn:
    """One conversation: POST, then events."""

    steps: tuple[Step, ...] = ()
    accept: Answer | None = None  # instead of 202 with ids
    accept_delay_s: float = 0.0
    opening: Answer | None = None  # instead of the event stream
    headers: Mapping[str, str] = field(default_factory=dict[str, str])  # of the event stream
    is_padded: bool = True


def routed(**extra: Any) -> tuple[Step, ...]:
    """The three status events a server begins with."""
    data = {"state": "routed", "provider": "openai", "resolved_model": "m-1", "endpoint_id": 1}
    return (
        Send("status", {"state": "queued"}),
        Send("status", {"state": "working"}),
        Send("status", {**data, "upstream_request_id": None, **extra}),
    )


def completed(text: str = "", **extra: Any) -> Send:
    """The terminal event of a reply that came whole."""
    data = {
        "result_mode": "raw_passthrough",
        "result_mode_effective": "raw_passthrough",
        "provider": "openai",
        "resolved_model": "m-1",
        "endpoint_id": 1,
        "upstream_request_id": "up-1",
        "reply_len": len(text),
        "reply_snapshot_included": False,
        "metadata": None,
        **extra,
    }
    return Send("completed", data)


def deltas(text: str, pieces: int = 4, gap_s: float = 0.0) -> tuple[Step, ...]:
    """The text in that many content_delta events, `gap_s` between two."""
    size = max(1, -(-len(text) // pieces))
    out: list[Step] = []
    for seq, start in enumerate(range(0, len(text), size), 1):
        if gap_s and seq > 1:
            out.append(Pause(gap_s))
        out.append(Send("content_delta", {"seq": seq, "delta": text[start : start + size]}))
    return tuple(out)


def good(
    text: str = GOOD_REPLY,
    *,
    ttft_s: float = 0.0,
    pieces: int = 4,
    gap_s: float = 0.0,
    accept_delay_s: float = 0.0,
    **terminal: Any,
) -> Turn:
    """A whole reply; further keys go into the terminal event (repaired=True, provider=…)."""
    wait = (Pause(ttft_s),) if ttft_s else ()
    steps = (*routed(), *wait, *deltas(text, pieces, gap_s), completed(text, **terminal))
    return Turn(steps, accept_delay_s=accept_delay_s)


def jsonseq(events: tuple[tuple[str, Mapping[str, Any]], ...] = JSONSEQ_EVENTS) -> Turn:
    """A reply in JSONSeq v1."""
    return Turn((*routed(), *(Send(n, d) for n, d in events), completed()))


def failing(code: str = "provider_error", message: str = "upstream_http_503", **extra: Any) -> Turn:
    """A stream whose terminal event is `error`."""
    return Turn(
        (*routed(), Send("error", {"code": code, "message": message, "error": message, **extra}))
    )


def cut_after(count: int, how: Literal["cut", "reset", "hang"] = "cut") -> Turn:
    """A stream that leaves after that many of eight deltas."""
    return Turn((*routed(), *deltas(GOOD_REPLY, 8)[:count], Leave(how)))


def no_terminal() -> Turn:
    """Everything but the terminal event, then a proper end of the HTTP body."""
    return Turn((*routed(), *deltas(GOOD_REPLY)))


def heartbeats_only(every_s: float = 0.05) -> Turn:
    """Heartbeats until the client goes."""
    return Turn((*routed(), Beat(every_s)))


def silent() -> Turn:
    """The stream opens and says nothing."""
    return Turn((Leave("hang"),))


def refused(
    status: int, code: str = "http_error", *, retry_after: str = "", message: str = "", **extra: Any
) -> Turn:
    """The POST is refused with an E1 body."""
    return Turn(accept=e1(status, code, retry_after=retry_after, message=message, **extra))


def opening(answer: Answer) -> Turn:
    """The POST is accepted, the events call gets this answer."""
    return Turn(opening=answer)


def e1(
    status: int, code: str = "http_error", *, retry_after: str = "", message: str = "", **extra: Any
) -> Answer:
    """An error answer of shape E1."""
    text = message or code
    body = {
        "status": status,
        "code": code,
        "message": text,
        "msg": text,
        "request_id": "r",
        **extra,
    }
    return Answer(status, body, {"Retry-After": retry_after} if retry_after else {})


def e3(word: str) -> Answer:
    """An error answer of shape E3 (422)."""
    detail = [{"type": "value_error", "loc": ["body"], "msg": f"Value error, {word}", "input": {}}]
    return Answer(422, {"detail": detail, "msg": "请求参数错误", "request_id": "r"})


def gotrue_error(status: int, word: str, message: str = "", *, retry_after: str = "") -> Answer:
    """An auth error with its word."""
    body = {"code": status, "error_code": word, "msg": message or word}
    headers = {"x-sb-error-code": word, **({"Retry-After": retry_after} if retry_after else {})}
    return Answer(status, body, headers)


def html(status: int = 200) -> Answer:
    """A captive portal."""
    return Answer(status, "<html>login</html>", content_type="text/html")


def redirect(to: str) -> Answer:
    """A 302 to another address."""
    return Answer(302, "", {"Location": to})


HANG = Answer(end="hang")
RESET = Answer(end="reset")
CUT_JSON = Answer(200, {"access_token": "half", "data": ["x"] * 40}, end="cut")
GARBAGE = Answer(raw=b"\x00\x01\x02 this is not HTTP\r\n\r\n", end="close")
NOT_JSON = Answer(200, '{"access_token":', content_type="application/json")


def late(answer: Answer, delay_s: float) -> Answer:
    """The same answer, later."""
    return replace(answer, delay_s=delay_s)


def encode(body: Any) -> bytes:
    """Return the bytes of a body."""
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body, ensure_ascii=False).encode()
