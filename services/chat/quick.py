"""QuickConversation: the conversation nobody watches, over one connection and with one waking.

The POST's answer sends the GET, the stream's end ends the wait; who asked is woken once. What is
out of the ordinary goes the way of Conversation, whose words and limits hold here too.
"""

import asyncio
from functools import partial

from services.chat.conversation import DRAIN_S, ERROR_BODY, Conversation
from services.chat.endings import (
    EndedError,
    create_failed,
    limit_passed,
    not_a_stream,
    stream_failed,
)
from services.wire.line import WireLine
from services.wire.types import Chunk, Deadlines, WireError, WireResponse


class QuickConversation(Conversation):
    """State of one `converse` without a listener."""

    async def _create(self) -> None:
        """Make both calls; raise EndedError when it ended without a terminal event."""
        request = self._request
        self._accept_s = min(request.accept_s, request.total_s)
        self._ended: EndedError | None = None
        self._is_open = self._is_refused = self._is_done = False
        self._refusal: list[bytes] = []
        post = self._post()
        try:
            connect_s = min(request.connect_s, self._accept_s)
            self._line = line = await self._wire.lend(post[1], connect_s)
        except WireError as error:
            raise create_failed(error, self._accept_s) from error
        self._loop = asyncio.get_running_loop()
        self._woken: asyncio.Future[None] = self._loop.create_future()
        try:
            deadlines = Deadlines(first_byte_s=self._accept_s, total_s=self._accept_s)
            line.send(post, deadlines, self._on_answer)
            await self._woken
            if self._assembler.terminal is not None and not line.is_whole:
                await line.drain(DRAIN_S)
        except WireError as error:
            raise create_failed(error, self._accept_s) from error
        finally:
            line.close()
        if self._ended is not None:
            raise self._ended

    async def _follow(self) -> None:
        """Follow the events the usual way where the connection could not be used for them."""
        if not self._is_done:
            await super()._follow()

    # -- called by the connection

    def _on_answer(self) -> None:
        try:
            self._take_answer(self._line)
        except EndedError as ended:
            self._end(ended)
        except Exception as error:  # noqa: BLE001  # boundary: told by who waits
            self._fail(error)

    def _take_answer(self, line: WireLine) -> None:
        if line.error is not None:
            raise create_failed(line.error, self._accept_s) from line.error
        self._accept(WireResponse(line.status, line.headers, line.body))
        left_s = self._request.total_s - self._elapsed_ms() / 1000
        first_s = min(self._request.first_event_s, left_s)
        if first_s <= 0 or not line.can_send:
            self._wake()  # what follows is rare, and _follow knows how
            return
        end_at = self._loop.time() + left_s
        deadlines = Deadlines(first_byte_s=first_s, idle_s=left_s + 1, total_s=first_s)
        line.send(self._get(), deadlines, self._on_end, partial(self._take_body, line, end_at))

    def _take_body(self, line: WireLine, end_at: float, chunk: Chunk) -> bool:
        if self._is_open:
            return self._take_read(line, end_at, chunk)
        if line.status != 200:
            self._refusal.append(chunk.data)
            return sum(map(len, self._refusal)) >= ERROR_BODY
        self._ended = not_a_stream(line.headers)
        if self._ended is not None:
            return True
        self._is_open = True
        return self._take_read(line, end_at, chunk)

    def _on_end(self) -> None:
        try:
            self._take_end(self._line)
        except EndedError as ended:
            self._end(ended)
        except Exception as error:  # noqa: BLE001  # boundary: told by who waits
            self._fail(error)

    def _take_end(self, line: WireLine) -> None:
        if line.thrown is not None:
            raise line.thrown
        if line.was_cut_unanswered:
            self._wake()  # a GET may be asked again: _follow does
            return
        if self._held:
            self._look(self._elapsed_ms())
        self._judge_end(line)
        self._is_done = True
        self._wake()

    def _judge_end(self, line: WireLine) -> None:
        """Raise EndedError when the stream did not end as it should."""
        has_terminal = self._assembler.terminal is not None
        if line.status not in (0, 200):
            body = b"".join(self._refusal)[:ERROR_BODY]
            raise self._stream_refused(line.status, line.headers, body)
        if line.error is not None and not has_terminal:
            raise stream_failed(line.error, self._waited(), self._bytes) from line.error
        if self._limit is not None and not has_terminal:
            raise limit_passed(self._limit)
        if line.error is None and not self._is_open and self._ended is None:
            self._ended = not_a_stream(line.headers)

    def _end(self, ended: EndedError) -> None:
        self._ended = ended
        self._wake()

    def _fail(self, error: Exception) -> None:
        if not self._woken.done():
            self._woken.set_exception(error)

    def _wake(self) -> None:
        if not self._woken.done():
            self._woken.set_result(None)
