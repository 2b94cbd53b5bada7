"""Sending: what goes over the wire for one turn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.chat.types import ChatRequest
from services.dialogs import message
from services.dialogs.message import Said, SystemPart
from services.dialogs.parts import DialogParts
from services.dialogs.types import DialogRequest, LiveDialog, PromptSource
from services.foundation.errors import NotFoundError
from services.foundation.ids import new_hex
from services.prompts.rules import tools_of
from services.settings.types import OutputProtocol
from services.targets.types import Target

LIST_S = 15.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What a turn stands on: the server, what was said before, and the conversation's id there."""

    target: Target
    said: Said = ()
    conversation_id: str = ""


class Sending:
    """Makes the chat request of a turn."""

    def __init__(self, parts: DialogParts) -> None:
        """Keep the parts."""
        self._parts = parts

    async def request(self, live: LiveDialog, ground: Ground, token: str) -> ChatRequest:
        """Return the message with its history, its prompt and its parameters."""
        request = live.request
        system, dialect = SystemPart(), None
        if message.needs_payload(request):
            system = await self._system(request)
            listed = await self._parts.chat.list_models(ground.target.api_base, token, LIST_S)
            dialect = listed.rows.get(request.model, {}).get("dialect")
        return ChatRequest(
            api_base=ground.target.api_base,
            access_token=token,
            model_key=request.model,
            text=request.message,
            request_id=new_hex(),
            result_mode=request.result_mode,
            tool_choice=message.tool_choice(request),
            metadata={"source": "dialog", "dialog_id": live.dialog_id},
            conversation_id=ground.conversation_id or None,
            parameters=message.parameters(request, ground.said, system, dialect),
            total_s=float(request.timeout_s),
            max_events=self._parts.settings.env.e2e.max_events,
        )

    async def _system(self, request: DialogRequest) -> SystemPart:
        active = self._parts.prompts.active(self._protocol(request))
        if request.prompt is not PromptSource.STORED:
            return SystemPart(request.system_prompt, active.tools, active.tools_text)
        prompts = self._parts.prompts
        head = prompts.get(request.prompt_id or 0)
        if head is None:
            raise NotFoundError("The chosen prompt is gone")
        version = await prompts.version(head.id, request.prompt_version_no or head.newest_no)
        tools: tuple[Mapping[str, Any], ...] = tuple(tools_of(version.tools_json))
        if tools:
            return SystemPart(version.content, tools)
        return SystemPart(version.content, active.tools, active.tools_text)

    def _protocol(self, request: DialogRequest) -> OutputProtocol:
        known = {str(protocol): protocol for protocol in OutputProtocol}
        return known.get(request.protocol, self._parts.settings.app.app_output_protocol)
