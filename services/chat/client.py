"""ChatClient: the one client of a GymBro server's messages, events and model list."""

import ssl
from dataclasses import replace

from services.chat import rules
from services.chat.conversation import Conversation, Listener
from services.chat.quick import QuickConversation
from services.chat.types import ChatRequest, ModelList, Reply
from services.foundation.clock import Clock
from services.wire.client import WireClient
from services.wire.types import Deadlines, Limits, WireError, WireResponse


class ChatClient:
    """Speaks contract 14: bounded, timed, without reconnecting and without exceptions."""

    def __init__(
        self, clock: Clock, *, tls: ssl.SSLContext | None = None, connections: int = 0
    ) -> None:
        """Start without a connection; `connections` may be kept open at once, else the usual number."""
        self._clock = clock
        usual = Limits()
        limits = replace(
            usual,
            connections_per_origin=max(connections, usual.connections_per_origin),
            idle_connections_per_origin=max(connections, usual.idle_connections_per_origin),
        )
        self._wire = WireClient(clock, limits=limits, tls=tls)

    async def converse(self, request: ChatRequest, on_event: Listener | None = None) -> Reply:
        """Return what became of one message; every failure of the network is a Reply too."""
        if on_event is None:
            return await QuickConversation(self._wire, self._clock, request, None).run()
        return await Conversation(self._wire, self._clock, request, on_event).run()

    async def list_models(self, api_base: str, token: str, timeout_s: float = 30.0) -> ModelList:
        """Return the mapped models of a server, or the word for why not."""
        started = self._clock.monotonic()
        deadlines = Deadlines(first_byte_s=timeout_s, total_s=timeout_s)
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        url = f"{api_base}/llm/models?view=mapped"
        try:
            response = await self._wire.request("GET", url, headers, b"", deadlines)
        except WireError as error:
            word = f"fetch_models_failed: {error.deadline or error.kind.value}"
            return ModelList(error=word, error_text=error.detail, elapsed_ms=self._since(started))
        return self._read_list(response, token, self._since(started))

    def _read_list(self, response: WireResponse, token: str, elapsed_ms: int) -> ModelList:
        status = response.status
        value = rules.read_object(response.body)
        models = None if value is None else rules.read_models(value)
        if status == 200 and models is not None:
            return ModelList(tuple(models), models, status=status, elapsed_ms=elapsed_ms)
        word, text = rules.read_error(response.body, token)
        return ModelList(
            error=f"fetch_models_failed: {'not_a_list' if status == 200 else f'HTTP {status}'}",
            error_text=text if word in ("", text) else f"{word}: {text}",
            status=status,
            retry_after_s=rules.read_retry_after(
                response.headers.get("retry-after", ""), self._clock.now()
            ),
            elapsed_ms=elapsed_ms,
        )

    def _since(self, started: float) -> int:
        return round((self._clock.monotonic() - started) * 1000)

    @property
    def open_count(self) -> int:
        """How many conversations hold a connection now."""
        return self._wire.lent_count

    def close(self) -> None:
        """Close the idle connections."""
        self._wire.close()
