"""Legs: sign-in, gateway, provider looked at apart, at most once per launch and provider."""

import asyncio
from dataclasses import dataclass, field

from services.chat.client import ChatClient
from services.chat.types import ChatRequest, Outcome, Reply
from services.e2e.causes import NOT_ASKED, OK, Facts, evident
from services.e2e.types import Cell
from services.foundation.ids import new_hex
from services.models.service import Models
from services.suppliers.service import Suppliers
from services.suppliers.types import ProbeState
from services.targets.types import Target

GATEWAY_S = 15.0
PROVIDER_S = 10.0
Source = tuple[str, int | None]  # provider word and endpoint


@dataclass(slots=True)
class Evidence:
    """What the launch has shown so far."""

    good_gateway: bool = False  # a cell came through the gateway to its end
    providers_ok: set[Source] = field(default_factory=set[Source])  # those that answered
    providers_seen: set[Source] = field(default_factory=set[Source])

    def note(self, cell: Cell) -> None:
        """Take a cell that ended."""
        if cell.is_demo or not cell.provider:
            self.good_gateway = self.good_gateway or cell.success
            return
        self.providers_seen.add(_source(cell))
        if cell.success or cell.ttft_ms is not None:
            self.providers_ok.add(_source(cell))
            self.good_gateway = True

    def other_provider_ok(self, cell: Cell) -> bool | None:
        """Whether another provider than the cell's answered; None when there was no other."""
        if self.providers_ok - {_source(cell)}:
            return True
        return False if self.providers_seen - {_source(cell)} else None


def _source(cell: Cell) -> Source:
    """Return which supplier was asked: `openai` is the word of every OpenAI-compatible one."""
    return cell.provider, cell.endpoint_id


class Legs:
    """The three-leg check of one launch."""

    def __init__(
        self,
        chat: ChatClient,
        suppliers: Suppliers,
        models: Models,
        target: Target,
        demo_key: str,
    ) -> None:
        """Start without evidence; demo_key is a mapped key of the demo supplier, or empty."""
        self._chat = chat
        self._suppliers = suppliers
        self._models = models
        self._target = target
        self._demo_key = demo_key if target.is_self else ""
        self._lock = asyncio.Lock()
        self._gateway: str | None = None
        self._providers: dict[int, str] = {}
        self.evidence = Evidence()
        self.calls = 0  # extra calls made, for the record

    def facts(self, cell: Cell) -> Facts:
        """Return what causes.settle needs beside the reply."""
        return Facts(
            kind=cell.kind,
            is_self=self._target.is_self,
            other_provider_ok=self.evidence.other_provider_ok(cell),
        )

    def endpoint_name(self, cell: Cell) -> str:
        """Return the name of our own endpoint that was asked; empty for another server's."""
        if not self._target.is_self or cell.endpoint_id is None or cell.is_demo:
            return ""
        endpoint = self._models.endpoint(cell.endpoint_id)
        return "" if endpoint is None else endpoint.name

    async def look(self, cell: Cell, reply: Reply, token: str) -> dict[str, str]:
        """Return a word a leg: ok, what failed, or not_asked; empty when the failure says it all."""
        if evident(self.facts(cell), reply) is not None:
            return {}
        async with self._lock:
            return {
                "signin": OK,
                "gateway": await self._gateway_leg(cell, token),
                "provider": await self._provider_leg(cell),
            }

    async def _gateway_leg(self, cell: Cell, token: str) -> str:
        if self.evidence.good_gateway:
            return OK
        if not self._demo_key or cell.is_demo:
            return NOT_ASKED
        if self._gateway is None:
            self.calls += 1
            request = ChatRequest(
                api_base=self._target.api_base,
                access_token=token,
                model_key=self._demo_key,
                text="ping",
                request_id=new_hex(),
                metadata={"source": "daily_e2e", "e2e": True, "leg": "gateway"},
                total_s=GATEWAY_S,
            )
            reply = await self._chat.converse(request)
            is_ok = reply.outcome is Outcome.COMPLETED
            self._gateway = OK if is_ok else reply.error or reply.outcome.value
        return self._gateway

    async def _provider_leg(self, cell: Cell) -> str:
        endpoint = (
            self._models.endpoint(cell.endpoint_id)
            if self._target.is_self and cell.endpoint_id is not None and not cell.is_demo
            else None
        )
        if endpoint is None:
            return NOT_ASKED
        if endpoint.id not in self._providers:
            self.calls += 1
            probe = await self._suppliers.probe(
                base_url=endpoint.base_url,
                protocol=endpoint.provider_protocol,
                api_key=self._models.api_key(endpoint.id),
                timeout_s=PROVIDER_S,
                allows_local=endpoint.allows_local,
            )
            answers = probe.state in (ProbeState.ONLINE, ProbeState.MODELS_NOT_LISTED)
            self._providers[endpoint.id] = OK if answers else probe.error or probe.state.value
        return self._providers[endpoint.id]
