"""Scripted suppliers, tokens that name their caller, and a sink that keeps what was counted."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from services.accounts.types import Caller, TokenRefusedError, UserType
from services.suppliers.types import (
    Delta,
    ProbeResult,
    ProbeState,
    SupplierCall,
    SupplierError,
    Usage,
)

Script = Callable[[SupplierCall], AsyncIterator[Delta]]


def says(*texts: str, usage: Usage | None = None, tools: tuple[str, ...] = ()) -> Script:
    """A supplier that streams these texts."""

    async def script(_call: SupplierCall) -> AsyncIterator[Delta]:
        yield Delta(upstream_request_id="up-1")
        for text in texts:
            yield Delta(text=text)
        yield Delta(tool_names=tools, finish_reason="stop", usage=usage)

    return script


def fails(word: str, status: int | None = None, detail: str = "", after: str = "") -> Script:
    """A supplier that fails, perhaps after some text."""

    async def script(_call: SupplierCall) -> AsyncIterator[Delta]:
        if after:
            yield Delta(text=after)
        raise SupplierError(word, status=status, detail=detail)

    return script


class ScriptedSuppliers:
    """Implements what the gateway needs of Suppliers; each model name plays its script."""

    def __init__(self) -> None:
        self.scripts: dict[str, Script] = {}
        self.calls: list[SupplierCall] = []
        self.probe_result = ProbeResult(ProbeState.ONLINE, 7, models=("m-1", "m-2"))

    def stream(self, call: SupplierCall) -> AsyncIterator[Delta]:
        self.calls.append(call)
        return self.scripts.get(call.model, says("hello"))(call)

    async def probe(self, **_: Any) -> ProbeResult:
        return self.probe_result


class NamedTokens:
    """Verifier: `anon:x`, `user:x`, `admin:x`, `test:x` and `operator` are tokens of callers."""

    def cached(self, token: str) -> Caller | None:
        return None

    async def verify(self, token: str) -> Caller:
        kind, _, name = token.partition(":")
        if kind == "operator":
            return Caller("operator", UserType.PERMANENT, is_operator=True, is_admin=True)
        if not name or kind not in ("anon", "user", "admin", "test"):
            raise TokenRefusedError("token_expired" if token == "expired" else "invalid_token")
        user_type = UserType.ANONYMOUS if kind == "anon" else UserType.PERMANENT
        return Caller(name, user_type, is_admin=kind == "admin", is_test=kind == "test")


@dataclass
class Counted:
    """UsageSink that keeps what it was told."""

    activity: list[str] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def record_activity(self, caller: Caller) -> None:
        self.activity.append(caller.user_id)

    def record_request(self, **values: Any) -> None:
        self.requests.append(values)
