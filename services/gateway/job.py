"""One accepted message on its way through a supplier, and the words it ends with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.accounts.types import Caller
from services.foundation.redact import redact
from services.gateway.delivery import Delivery
from services.gateway.message_log import MessageLog
from services.gateway.prompt import Assembly
from services.gateway.types import IncomingMessage, Route
from services.settings.types import ResultMode
from services.suppliers.types import Dialect, SupplierCall, SupplierError, Usage

DETAIL_MAX = 200
TOOL_NAMES_MAX = 20
LOG_REQUEST_MAX = 20_000
_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_LOGGED_METADATA = ("source", "e2e", "user_type", "module")


@dataclass(slots=True)
class Job:
    """Everything that is known of a message while it is generated."""

    caller: Caller
    incoming: IncomingMessage
    key: str
    route: Route
    mode: ResultMode
    assembly: Assembly
    delivery: Delivery
    log: MessageLog
    request_id: str
    created_at: datetime
    began: float  # monotonic seconds
    saves_history: bool = True
    is_routed: bool = False
    tool_names: tuple[str, ...] = ()
    upstream_request_id: str = ""
    usage: Usage | None = None
    ttft_ms: float | None = None  # when the first text was sent
    error_detail: str = ""  # for the log only

    @property
    def ids(self) -> dict[str, str]:
        """What every event carries."""
        return {"message_id": self.log.message_id, "request_id": self.request_id}

    def supplier_call(self) -> SupplierCall:
        """Return the call to the resolved endpoint."""
        endpoint = self.route.resolution.endpoint
        payload = self.incoming.payload
        dialect = Dialect(self.incoming.dialect or self.route.resolution.dialect)
        return SupplierCall(
            base_url=endpoint.base_url,
            protocol=endpoint.provider_protocol,
            model=self.route.resolution.model,
            conversation=self.assembly.conversation,
            payload=None if payload is None else forced_payload(payload, dialect, self),
            dialect=dialect,
            api_key=self.route.api_key,
            timeout_s=float(endpoint.timeout),
            request_id=self.request_id,
            allows_local=endpoint.allows_local,
        )

    def routed(self) -> dict[str, Any]:
        """Return the data of status routed."""
        return {
            "state": "routed",
            **self.ids,
            **self._where(),
            "upstream_request_id": None,
            "prompt": dict(self.assembly.block),
        }

    def completed(self) -> dict[str, Any]:
        """Return the data of the completed event."""
        repairs = self.delivery.repairs
        names = list(dict.fromkeys(self.tool_names))[:TOOL_NAMES_MAX]
        return {
            **self.ids,
            "result_mode": str(self.mode),
            "result_mode_effective": str(self.delivery.effective),
            **self._where(),
            "upstream_request_id": self.upstream_request_id or None,
            "reply_len": self.delivery.reply_len,
            "reply_snapshot_included": False,
            "metadata": {"tool_calls": {"names": names}} if names else None,
            "repaired": bool(repairs),
            "repairs": repairs,
            "usage": usage_data(self.usage),
        }

    def failed(self, code: str, message: str, status: int | None = None) -> dict[str, Any]:
        """Return the data of the error event."""
        return {
            **self.ids,
            "code": code,
            "message": message,
            "error": message,
            "result_mode": str(self.mode),
            "result_mode_effective": str(self.delivery.effective),
            **self._where(),
            "upstream_status": status,
        }

    def message_row(self, event: str, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """Return the message's row with its terminal event."""
        return {
            "message_id": self.log.message_id,
            "conversation_id": self.log.conversation_id,
            "request_id": self.request_id,
            "user_id": self.caller.user_id,
            "model_key": self.key,
            "result_mode": str(self.mode),
            "state": "completed" if event == "completed" else "error",
            "terminal_json": dict(data),
            "created_at": self.created_at,
            "finished_at": now,
        }

    def log_row(self, event: str, data: Mapping[str, Any], latency_ms: int) -> dict[str, Any]:
        """Return the summary for the conversation log."""
        is_error = event == "error"
        detail = self.error_detail or str(data.get("message", ""))
        return {
            "user_id": self.caller.user_id,
            "message_id": self.log.message_id,
            "conversation_id": self.log.conversation_id,
            "request_id": self.request_id,
            "kind": "summary",
            "request_payload": storable(self._asked(), LOG_REQUEST_MAX),
            "response_payload": storable(self.delivery.kept_text),
            "request_detail_json": self._request_detail(),
            "response_detail_json": {"event": event, **data},
            "model_used": self.route.resolution.model,
            "latency_ms": latency_ms,
            "status": "error" if is_error else "completed",
            "error_message": storable(redact(detail), 2_000) if is_error else None,
            "created_at": self.created_at,
        }

    def _where(self) -> dict[str, Any]:
        resolution = self.route.resolution
        if not self.is_routed:
            return {"provider": None, "resolved_model": None, "endpoint_id": None}
        return {
            "provider": resolution.provider,
            "resolved_model": resolution.model,
            "endpoint_id": resolution.endpoint.id,
        }

    def _asked(self) -> str:
        if self.incoming.text.strip() or self.assembly.conversation is None:
            return self.incoming.text
        content = (
            self.assembly.conversation.messages[-1].get("content")
            if (self.assembly.conversation.messages)
            else ""
        )
        return content if isinstance(content, str) else ""

    def _request_detail(self) -> dict[str, Any]:
        metadata = self.incoming.metadata
        return {
            "model_key": self.key,
            "result_mode": str(self.mode),
            "dialect": self.incoming.dialect,
            "prompt": dict(self.assembly.block),
            "metadata": {
                name: storable(str(metadata[name]), 100)
                for name in _LOGGED_METADATA
                if name in metadata
            },
        }


def forced_payload(payload: Mapping[str, Any], dialect: Dialect, job: Job) -> dict[str, Any]:
    """Return the payload for the resolved model, streamed (contract 2.3)."""
    if dialect is Dialect.GEMINI:
        return dict(payload)
    return {**payload, "model": job.route.resolution.model, "stream": True}


def supplier_words(error: SupplierError, api_key: str) -> str:
    """Return the message of a supplier's failure: its word, and a short detail after an HTTP status."""
    if not error.detail or not error.word.startswith("upstream_http_"):
        return error.word
    detail = _URL.sub("", redact(error.detail, [api_key]))
    detail = " ".join(detail.split())[:DETAIL_MAX]
    return f"{error.word}:{detail}" if detail else error.word


def usage_data(usage: Usage | None) -> dict[str, int | None] | None:
    """Return the tokens as they travel in the completed event."""
    if usage is None:
        return None
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }


def storable(text: str, longest: int = 65_536) -> str:
    """Return text that both databases take: no NUL, valid Unicode, bounded."""
    return text[:longest].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
