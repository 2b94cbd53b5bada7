"""Feed: announcements kept a while for who comes back, and one outbox for each listening client."""

import asyncio
from collections import deque
from collections.abc import Sequence

from gymbro_ui.api.execution_records import update_message
from services.executions.types import Execution

KEPT_FRAMES = 2_000
KEPT_CHARACTERS = 8_000_000  # of outputs
COALESCE_OVER = 200  # waiting frames; above, only the newest of each execution is kept
OUTBOX_MAX = 1_000  # executions a slow client may lag behind; then it is let go


class Frame:
    """One announcement; its text is made once, when the first client needs it."""

    __slots__ = ("_text", "execution", "seq")

    def __init__(self, execution: Execution) -> None:
        """Keep the record."""
        self.execution = execution
        self.seq = execution.seq
        self._text: str | None = None

    @property
    def text(self) -> str:
        """The message as it is sent."""
        if self._text is None:
            self._text = update_message(self.execution)
        return self._text


class Outbox:
    """What one client has not been sent yet; it never makes anybody wait."""

    def __init__(self) -> None:
        """Start empty and awake."""
        self._frames: deque[Frame] = deque()
        self._replies: list[str] = []
        self._news = asyncio.Event()
        self.is_overrun = False  # it lags so far behind that it must start anew
        self.coalesced = 0

    def put(self, frame: Frame) -> None:
        """Add a frame; a long line is shortened to the newest of each execution."""
        if self.is_overrun:
            return
        self._frames.append(frame)
        if len(self._frames) > COALESCE_OVER + self.coalesced:
            self._shorten()
        self._news.set()

    def skip(self, seq: int) -> None:
        """Leave out what the client knows up to that number."""
        self._frames = deque(frame for frame in self._frames if frame.seq > seq)

    def answer(self, text: str) -> None:
        """Add a reply; the same reply is not queued twice."""
        if text not in self._replies:
            self._replies.append(text)
        self._news.set()

    def _shorten(self) -> None:
        newest = {frame.execution.id: frame for frame in self._frames}
        kept = [frame for frame in self._frames if newest[frame.execution.id] is frame]
        self._frames = deque(kept)
        self.coalesced = len(kept)  # the next look comes COALESCE_OVER frames later
        if len(kept) > OUTBOX_MAX:
            self.is_overrun = True
            self._frames.clear()

    def __len__(self) -> int:
        """Return how many frames wait."""
        return len(self._frames)

    def take(self) -> str | None:
        """Return the next text, None when nothing waits."""
        if self._replies:
            return self._replies.pop(0)
        return self._frames.popleft().text if self._frames else None

    async def wait(self) -> bool:
        """Return once something waits; False when the client lags too far behind."""
        while not self.is_overrun:
            if self._replies or self._frames:
                return True
            self.coalesced = 0
            self._news.clear()
            await self._news.wait()
        return False


class Feed:
    """Takes every announcement, in the order of its numbers, and gives it to every client."""

    def __init__(self) -> None:
        """Start with nothing kept."""
        self._kept: deque[Frame] = deque()
        self._kept_characters = 0
        self._forgotten = 0  # the newest number that is not kept any more
        self._clients: set[Outbox] = set()

    @property
    def clients(self) -> int:
        """How many listen now."""
        return len(self._clients)

    @property
    def outboxes(self) -> Sequence[Outbox]:
        """The line of each client."""
        return tuple(self._clients)

    def add(self, execution: Execution) -> None:
        """Pass on an announcement."""
        frame = Frame(execution)
        if not self._kept:
            self._forgotten = max(self._forgotten, frame.seq - 1)
        self._kept.append(frame)
        self._kept_characters += len(execution.output)
        while len(self._kept) > KEPT_FRAMES or self._kept_characters > KEPT_CHARACTERS:
            gone = self._kept.popleft()
            self._kept_characters -= len(gone.execution.output)
            self._forgotten = gone.seq
        for outbox in tuple(self._clients):
            outbox.put(frame)

    def since(self, seq: int) -> list[Frame] | None:
        """Return every announcement after that number, None when some are not kept any more."""
        if not self._kept or seq < self._forgotten:
            return None
        return [frame for frame in self._kept if frame.seq > seq]

    def join(self, outbox: Outbox) -> None:
        """Give a client everything from now on."""
        self._clients.add(outbox)

    def leave(self, outbox: Outbox) -> None:
        """Give a client nothing more."""
        self._clients.discard(outbox)
