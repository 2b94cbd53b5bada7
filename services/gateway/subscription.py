"""One subscription to a message's events: padding, events, heartbeats, the terminal event."""

from collections.abc import AsyncGenerator, Callable

from services.foundation.clock import Clock
from services.gateway.frames import PADDING, frame
from services.gateway.message_log import MessageLog


class Subscription:
    """Follows a live log, or tells a stored last event; `close` must be called in the end."""

    def __init__(
        self,
        clock: Clock,
        heartbeat_s: float,
        log: MessageLog,
        free_slot: Callable[[], None],
    ) -> None:
        """Follow the log."""
        self._clock = clock
        self._heartbeat_s = heartbeat_s
        self._log = log
        self._free_slot = free_slot
        self._is_gone = False
        self._is_closed = False
        log.is_followed = True

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Yield bytes to send; what was yielded counts as sent when the next is asked for."""
        yield PADDING
        log = self._log
        if not log.is_terminal_sent:
            async for chunk in self._events():
                yield chunk
        if not self._is_gone and log.terminal is not None:
            yield log.terminal
            log.is_terminal_sent = log.is_terminal_sent or not self._is_gone

    async def _events(self) -> AsyncGenerator[bytes]:
        log = self._log
        while not self._is_gone:
            chunk, count = log.peek()
            if count:
                yield chunk
                if not self._is_gone:
                    log.confirm(count)
            elif log.terminal is not None:
                return
            else:
                await log.wait(self._heartbeat_s)
                if not log.size and log.terminal is None and not self._is_gone:
                    yield self._heartbeat()

    def leave(self) -> None:
        """Stop: the client is gone; what it did not get stays for the next subscription."""
        self._is_gone = True
        self._log.wake()

    def close(self) -> None:
        """Free the place; more than one call does nothing."""
        if not self._is_closed:
            self._is_closed = True
            self._is_gone = True
            self._log.is_followed = False
            self._free_slot()

    def _heartbeat(self) -> bytes:
        data = {
            "ts": int(self._clock.now().timestamp() * 1000),
            "message_id": self._log.message_id,
            "request_id": self._log.request_id,
        }
        return frame("heartbeat", data)
