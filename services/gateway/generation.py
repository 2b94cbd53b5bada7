"""Generation: run one message through its supplier, event by event, to its one terminal event."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, Protocol

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import messages as queries
from services.foundation.clock import Clock
from services.gateway.delivery import Event
from services.gateway.frames import DeltaFrames, frame
from services.gateway.job import Job, supplier_words
from services.gateway.message_log import BuffersFullError
from services.journal.types import Keeper
from services.settings.types import ResultMode
from services.suppliers.types import Delta, SupplierCall, SupplierError

_log = logging.getLogger(__name__)
REPLY_MAX = 8_000_000  # characters of supplier text
GENERATION_MAX_S = 1_800.0
RESTARTED = "server_restarted"
Ended = Callable[[Job, str, dict[str, Any], int], None]


class Streams(Protocol):
    """What the generation needs of the suppliers."""

    def stream(self, call: SupplierCall) -> Any:
        """Return the async iterator of deltas; raise SupplierError."""
        ...


class MessageFailedError(Exception):
    """The message ends with this code and these words."""

    def __init__(self, code: str, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.code = code
        self.message = message


class Generation:
    """Works off jobs; each ends with one completed or error event, on disk before it is told."""

    def __init__(
        self, database: Database, clock: Clock, suppliers: Streams, ended: Ended, journal: Keeper
    ) -> None:
        """Tell `ended` of every job with its event and latency in ms."""
        self._database = database
        self._journal = journal
        self._clock = clock
        self._suppliers = suppliers
        self._ended = ended

    async def run(self, job: Job) -> None:
        """Generate until the terminal event; never raises but for cancellation."""
        try:
            async with asyncio.timeout(GENERATION_MAX_S):
                event, data = await self._generate(job)
        except asyncio.CancelledError:
            data = job.failed("internal_error", RESTARTED)
            job.log.close(frame("error", data))
            raise
        except TimeoutError:
            event, data = "error", job.failed("provider_error", "upstream_timeout")
        except SupplierError as error:
            event, data = "error", self._supplier_failed(job, error)
        except MessageFailedError as error:
            event, data = "error", job.failed(error.code, error.message)
        except BuffersFullError:
            event, data = "error", job.failed("internal_error", "buffers_full")
        except Exception:  # noqa: BLE001  # boundary: whatever happens, the message gets its end
            _log.exception("message %s failed", job.log.message_id)
            event, data = "error", job.failed("internal_error", "generation_failed")
        await self._close(job, event, data)

    async def _generate(self, job: Job) -> tuple[str, dict[str, Any]]:
        job.log.append([frame("status", {"state": "working", **job.ids})])
        self._check_route(job)
        job.is_routed = True
        job.log.append([frame("status", job.routed())])
        deltas = DeltaFrames(job.log.message_id, job.request_id)
        async with aclosing(self._suppliers.stream(job.supplier_call())) as stream:
            async for delta in stream:
                self._take(job, delta, deltas)
        self._check_content(job)
        self._send(job, job.delivery.finish(), deltas)
        return "completed", job.completed()

    def _check_route(self, job: Job) -> None:
        route = job.route
        if route.failure:
            raise MessageFailedError("provider_error", route.failure)
        if not route.api_key and not route.resolution.endpoint.is_demo:
            raise MessageFailedError("provider_error", "endpoint_api_key_missing")

    def _take(self, job: Job, delta: Delta, deltas: DeltaFrames) -> None:
        if delta.tool_names:
            job.tool_names += delta.tool_names
        if delta.upstream_request_id:
            job.upstream_request_id = delta.upstream_request_id[:200]
        if delta.usage is not None:
            job.usage = delta.usage
        events = job.delivery.feed(delta)
        if events:
            if job.ttft_ms is None:
                job.ttft_ms = (self._clock.monotonic() - job.began) * 1000
            self._send(job, events, deltas)
        if job.delivery.received > REPLY_MAX:
            job.error_detail = "the reply is longer than 8 million characters"
            raise MessageFailedError("provider_error", "upstream_invalid_response")

    def _send(self, job: Job, events: list[Event], deltas: DeltaFrames) -> None:
        job.log.append(
            deltas.frame(data["seq"], data["delta"])
            if name == "content_delta"
            else frame(name, {**data, **job.ids})
            for name, data in events
        )

    def _check_content(self, job: Job) -> None:
        if job.delivery.has_text:
            return
        if job.tool_names:
            names = ",".join(dict.fromkeys(job.tool_names))[:300]
            raise MessageFailedError("provider_error", f"tool_calls_not_supported tools={names}")
        if job.mode is not ResultMode.AUTO:
            raise MessageFailedError("provider_error", "upstream_empty_content")

    def _supplier_failed(self, job: Job, error: SupplierError) -> dict[str, Any]:
        job.error_detail = str(error)
        words = supplier_words(error, job.route.api_key)
        return job.failed("provider_error", words, error.status)

    async def _close(self, job: Job, event: str, data: dict[str, Any]) -> None:
        """Keep the end on disk, then tell it: who saw it once sees it again after a restart."""
        row = job.message_row(event, data, self._clock.now())
        try:
            await self._database.write(lambda session: queries.keep_message(session, row))
        except DatabaseUnavailableError as error:
            if not await self._journal.keep("gateway_messages", [row], error):
                _log.warning("the end of message %s is not on disk: %s", job.log.message_id, error)
        finally:
            job.log.close(frame(event, data))
        latency_ms = round((self._clock.monotonic() - job.began) * 1000)
        self._ended(job, event, data, latency_ms)
