"""LocustCall: one conversation over the HTTP client of a Locust user, judged by our own parser."""

from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from urllib.parse import quote

import orjson

from services.chat import rules
from services.chat.assembler import Assembler
from services.chat.endings import IDS_MISSING, EndedError, limit_passed, not_a_stream
from services.chat.types import Outcome, Reply, Timings
from services.wire.sse import SseLimitError, SseSplitter


@dataclass(frozen=True, slots=True)
class Ask:
    """What one call sends."""

    api_base: str
    access_token: str
    model_key: str
    text: str
    result_mode: str
    request_id: str
    run_id: str
    max_events: int


class LocustCall:
    """POST, then the event stream to its end; blocks the greenlet it runs in, nothing else."""

    def __init__(self, client: Any, ask: Ask) -> None:
        """Keep Locust's FastHttpSession and what shall be sent."""
        self._client = client
        self._ask = ask
        self._started = perf_counter()
        self._accepted_ms: float | None = None
        self._ids = ("", "")
        self._bytes = 0
        self._text_at_ms: float | None = None
        self._gaps: list[float] = []
        self._assembler = Assembler(ask.request_id, "")
        self._splitter = SseSplitter(max_events=ask.max_events)

    def run(self) -> Reply:
        """Return the reply, whatever the network did; only a cancel of the greenlet gets through."""
        try:
            self._create()
            self._follow()
        except EndedError as ended:
            return self._finish(ended)
        except SseLimitError as error:
            return self._finish(limit_passed(error))
        except Exception as error:  # noqa: BLE001  # boundary: one call fails, not its user
            name = type(error).__name__
            return self._finish(
                EndedError(Outcome.UNREACHABLE, "connection_lost", f"{name} {error}")
            )
        text = f"the stream ended without a terminal event after {self._assembler.count} events"
        return self._finish(EndedError(Outcome.INCOMPLETE, "sse_stream_incomplete", text))

    def end(self, ended: EndedError) -> Reply:
        """Return the reply of a call that something outside of it has ended."""
        return self._finish(ended)

    def _create(self) -> None:
        ask = self._ask
        body = {
            "text": ask.text,
            "model": ask.model_key,
            "result_mode": ask.result_mode,
            "metadata": {"source": "load_test", "run_id": ask.run_id, "save_history": False},
        }
        headers = self._headers("application/json") | {"Content-Type": "application/json"}
        url = f"{ask.api_base}/messages"
        with self._client.post(
            url,
            data=orjson.dumps(body),
            headers=headers,
            catch_response=True,
            name="POST /messages",
        ) as answer:
            self._accepted_ms = self._elapsed_ms()
            if not answer.status_code:
                answer.failure(str(answer.error)[:200])
                raise EndedError(Outcome.UNREACHABLE, "connection_failed", str(answer.error)[:200])
            content = bytes(answer.content or b"")
            if not 200 <= answer.status_code < 300:
                answer.failure(f"HTTP {answer.status_code}")
                raise self._refused(
                    answer, content, f"messages_create_failed: HTTP {answer.status_code}"
                )
            answer.success()
        ids = rules.read_ids(content)
        if ids is None:
            raise EndedError(Outcome.MALFORMED, IDS_MISSING, status=answer.status_code)
        self._ids = ids
        self._assembler = Assembler(ask.request_id, self._ids[0])

    def _follow(self) -> None:
        message_id, conversation_id = self._ids
        url = (
            f"{self._ask.api_base}/messages/{quote(message_id, safe='')}/events"
            f"?conversation_id={quote(conversation_id, safe='')}"
        )
        with self._client.get(
            url,
            headers=self._headers("text/event-stream"),
            stream=True,
            catch_response=True,
            name="GET /messages/{id}/events",
        ) as answer:
            if answer.status_code != 200:
                answer.failure(f"HTTP {answer.status_code}")
                word = f"sse_connect_failed:{answer.status_code}"
                raise EndedError(Outcome.STREAM_REFUSED, word, status=answer.status_code or None)
            headers = {str(k).lower(): str(v) for k, v in answer.headers.items()}
            if (ended := not_a_stream(headers)) is not None:
                answer.failure("not a stream")
                raise ended
            self._read(answer.stream)
            good = (
                self._assembler.terminal is not None
                and self._assembler.terminal.name == "completed"
            )
            answer.success() if good else answer.failure("no good end")

    def _read(self, stream: Any) -> None:
        while line := stream.readline(b"\n"):  # ends with the stream or at the limits of the parser
            self._bytes += len(line)
            events = self._splitter.feed(bytes(line))
            at_ms = self._elapsed_ms()
            for name, raw in events:
                self._assembler.take(name, raw, at_ms)
            if self._assembler.first_delta_ms is not None and any(
                e[0] != "heartbeat" for e in events
            ):
                if self._text_at_ms is not None:
                    self._gaps.append(at_ms - self._text_at_ms)
                self._text_at_ms = at_ms

    def _refused(self, answer: Any, content: bytes, otherwise: str) -> EndedError:
        word, text = rules.read_error(content, self._ask.access_token)
        wait = str(answer.headers.get("retry-after", "") or "")
        retry_after_s = rules.read_retry_after(wait, datetime.fromtimestamp(0, UTC))
        return EndedError(
            Outcome.REFUSED,
            word or otherwise,
            text,
            status=answer.status_code,
            retry_after_s=retry_after_s,
        )

    def _finish(self, ended: EndedError) -> Reply:
        assembler = self._assembler
        terminal = assembler.terminal
        timings = Timings(
            accepted_ms=self._accepted_ms,
            first_event_ms=assembler.first_event_ms,
            first_delta_ms=assembler.first_delta_ms,
            total_ms=self._elapsed_ms() if terminal is None else terminal.at_ms,
        )
        base = Reply(
            ended.outcome,
            self._ask.request_id,
            message_id=self._ids[0],
            conversation_id=self._ids[1],
            status=ended.status,
            error=ended.error,
            error_text=rules.clean(ended.text, self._ask.access_token),
            retry_after_s=ended.retry_after_s,
            timings=timings,
            bytes_received=self._bytes,
            gaps_ms=tuple(self._gaps),
        )
        return assembler.reply(base, self._ask.access_token)

    def _headers(self, accept: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._ask.access_token}",
            "X-Request-Id": self._ask.request_id,
            "Accept": accept,
        }

    def _elapsed_ms(self) -> float:
        return (perf_counter() - self._started) * 1000
