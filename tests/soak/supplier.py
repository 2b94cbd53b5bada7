"""The supplier of a soak: good replies in pieces, and on demand errors, cut streams or no supplier."""

import asyncio
from collections.abc import Mapping

from tests.support.replies import thinkingml
from tests.support.supplier_server import (
    CLOSE,
    HANG,
    RESET,
    SSE_HEAD,
    Received,
    Step,
    SupplierServer,
    answer,
    chat_chunk,
    hostile,
    sse,
)

MODEL = "soak-1"
_KEPT = 100  # requests


def _good() -> list[Step]:
    text = thinkingml()
    size = -(-len(text) // 12)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    said = [chat_chunk(piece) for piece in pieces]
    steps = sse(*said, chat_chunk(finish="stop"), "data: [DONE]\n\n")
    paced: list[Step] = [steps[0], 0.1]
    for step in steps[1:]:
        paced += [step, 0.02]
    return paced


def _cut(how: str) -> list[Step]:
    head = SSE_HEAD + b"Connection: close\r\n\r\n"
    return [head, chat_chunk("<thinking>").encode(), 0.05, how]


PLAYS: Mapping[str, list[list[Step]]] = {
    "good": [_good()],
    "errors": [
        answer(500, {"error": {"message": "provoked"}}),
        answer(429, {"error": {"message": "provoked"}}, "Retry-After: 1\r\n"),
        answer(503, b"<html>provoked</html>", kind="text/html"),
        hostile("html"),
    ],
    "cut": [_cut(CLOSE), _cut(RESET), hostile("trunc"), [0.5, RESET]],
    "silent": [[3.0, RESET], [HANG]],
}


class SoakSupplier(SupplierServer):
    """One address that is good until `mode` says otherwise, and can go away and come back."""

    mode = "good"
    _turn = 0

    def steps_for(self, received: Received) -> list[Step]:
        """Return what this request gets; the list of models is always good while there is a supplier."""
        del self.requests[:-_KEPT]
        if received.path.endswith("/models"):
            return answer(200, {"object": "list", "data": [{"id": MODEL, "object": "model"}]})
        self._turn += 1
        plays = PLAYS[self.mode]
        return plays[self._turn % len(plays)]

    async def go(self) -> None:
        """Be down: no listener, every open connection cut."""
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def come_back(self) -> None:
        """Listen at the same address again."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, limit=1 << 22
        )
