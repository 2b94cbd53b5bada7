"""The execution kind `agent_test`: one message to a target in an agent's name, judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.accounts.types import UserType
from services.agents import message, rules
from services.agents.message import PinnedPrompt
from services.agents.parts import AgentParts
from services.agents.types import Agent
from services.chat.types import ChatEvent, ChatRequest, Outcome, Reply
from services.checks import registry
from services.checks.types import Limits
from services.executions.types import Control, Ending, ExecutionState
from services.foundation.errors import NotFoundError
from services.foundation.ids import new_hex
from services.foundation.messages import Message, say
from services.identities.types import SignIn
from services.prompts.rules import TYPES, tools_of
from services.prompts.types import Prompt, PromptType
from services.settings.types import OutputProtocol
from services.targets.types import Target

LIST_S = 15.0
_PIECES = ("content_delta", "phase_delta", "final_delta")  # events that carry text of the reply


@dataclass(frozen=True, slots=True)
class _Test:
    """What one test is about."""

    agent: Agent
    text: str
    user_type: UserType
    target: Target
    prompt: PinnedPrompt | None


class AgentTesting:
    """Runs tests; every one releases the user it was given."""

    def __init__(self, parts: AgentParts) -> None:
        """Keep the parts."""
        self._parts = parts

    async def run(self, agent: Agent, params: Mapping[str, Any], control: Control) -> Ending:
        """Return how the test ended; the reply streams into the execution meanwhile."""
        text, user_type = rules.read_test(params.get("test_input"), params.get("user_type"))
        target = self._parts.targets.current
        test = _Test(agent, text, user_type, target, await self._pinned(agent))
        method = self._parts.settings.preferences.e2e_anon_method
        is_anonymous = user_type is UserType.ANONYMOUS
        who = (
            say("Sign-in as an anonymous user")
            if is_anonymous
            else say("Sign-in as a registered user")
        )
        await _note(control, "sign_in", who)
        signed = await self._parts.identities.sign_in(target, user_type, anon_method=method)
        try:
            if signed.token is None:
                return _no_token(test, signed)
            return await self._ask(test, signed.token.access_token, control)
        finally:
            await self._parts.identities.release(target, signed)

    async def _ask(self, test: _Test, token: str, control: Control) -> Ending:
        request = await self._request(test, token)
        await _note(control, "asked", say("{model} is asked", model=test.agent.model_key))

        def hear(event: ChatEvent) -> None:
            piece = event.data.get("delta" if event.name == "content_delta" else "text")
            if event.name in _PIECES and isinstance(piece, str):
                control.append_output(piece)

        reply = await self._parts.chat.converse(request, hear)
        return self._judge(test, reply)

    async def _request(self, test: _Test, token: str) -> ChatRequest:
        agent = test.agent
        dialect: object = None
        if test.prompt is not None:
            listed = await self._parts.chat.list_models(test.target.api_base, token, LIST_S)
            dialect = listed.rows.get(agent.model_key, {}).get("dialect")
        return ChatRequest(
            api_base=test.target.api_base,
            access_token=token,
            model_key=agent.model_key,
            text=test.text,
            request_id=new_hex(),
            tool_choice=message.tool_choice(agent, test.prompt),
            metadata={"source": "agent_test", "agent_id": agent.id},
            parameters=message.parameters(agent, test.text, test.prompt, dialect),
            total_s=float(agent.timeout_s),
            max_events=self._parts.settings.env.e2e.max_events,
        )

    # -- the prompt

    async def _pinned(self, agent: Agent) -> PinnedPrompt | None:
        """Return the chosen version; raise NotFoundError when it is gone."""
        if agent.prompt_id is None:
            return None
        prompts = self._parts.prompts
        prompt = prompts.get(agent.prompt_id)
        versions = [] if prompt is None else await prompts.versions(agent.prompt_id)
        wanted = agent.prompt_version_no
        version = next((v for v in versions if wanted in (None, v.version_no)), None)
        if prompt is None or version is None:
            raise NotFoundError("The prompt of agent {name} is gone", name=agent.name)
        tools, tools_text = tools_of(version.tools_json), ""
        if not tools:
            tools, tools_text = self._active_tools(prompt)
        return PinnedPrompt(
            prompt_id=prompt.id,
            version_no=version.version_no,
            content=version.content,
            is_structured=_protocol_of(prompt) is not None,
            tools=tools,
            tools_text=tools_text,
        )

    def _active_tools(self, prompt: Prompt) -> tuple[tuple[Mapping[str, Any], ...], str]:
        protocol = _protocol_of(prompt)
        if protocol is not None:
            active = self._parts.prompts.active(protocol)
            return tuple(active.tools), active.tools_text
        for other in self._parts.prompts.all():
            if other.prompt_type is PromptType.AGENT_TOOLS and other.is_active:
                return tuple(other.tools), other.content
        return (), ""

    # -- the verdict

    def _judge(self, test: _Test, reply: Reply) -> Ending:
        preferences = self._parts.settings.preferences
        limits = Limits(
            slow_total_ms=preferences.e2e_slow_total_ms,
            slow_ttft_ms=preferences.e2e_slow_ttft_ms,
            strict=preferences.e2e_strict,
        )
        is_structured = test.prompt is None or test.prompt.is_structured
        findings = registry.evaluate(
            reply,
            limits,
            validate_structure=is_structured and self._parts.settings.env.e2e.validate_structure,
        )
        finding = registry.overall(findings)
        meta = _facts(test, reply)
        if reply.outcome is Outcome.COMPLETED:
            meta |= {"verdict": finding.verdict, "reason": finding.reason}
            return Ending(ExecutionState.SUCCEEDED, reply.text, meta=meta)
        word = reply.error_text or reply.error or str(reply.outcome)
        meta |= {"verdict": _verdict(reply), "reason": word}
        state = (
            ExecutionState.TIMED_OUT if reply.outcome is Outcome.DEADLINE else ExecutionState.FAILED
        )
        error = say("{model} did not answer: {reason}", model=test.agent.model_key, reason=word)
        return Ending(state, reply.text, reply.error or str(reply.outcome), error, meta)


async def _note(control: Control, kind: str, message: Message) -> None:
    await control.note(kind, message.text, message.params)


def _protocol_of(prompt: Prompt) -> OutputProtocol | None:
    """Return the structure its replies are asked for in; None for an agent's own prompt."""
    return next(
        (protocol for protocol, types in TYPES.items() if prompt.prompt_type in types), None
    )


def _verdict(reply: Reply) -> str:
    if reply.status == 429:
        return "limited"
    return "signin_failed" if reply.status in (401, 403) else "failed"


def _facts(test: _Test, reply: Reply) -> dict[str, Any]:
    """Return what is kept of a judged test beside its text."""
    timings, source = reply.timings, {**reply.routed, **reply.terminal}
    facts: dict[str, Any] = {
        "agent": test.agent.name,
        "user_type": str(test.user_type),
        "target": test.target.api_base,
        "latency_ms": round(timings.total_ms),
        "ttft_ms": None if timings.first_delta_ms is None else round(timings.first_delta_ms),
        "request_id": reply.request_id,
        "message_id": reply.message_id,
        **rules.facts_of(source, "provider", "resolved_model"),
    }
    if test.prompt is not None:
        facts["prompt"] = {"id": test.prompt.prompt_id, "version_no": test.prompt.version_no}
    else:
        facts["prompt"] = rules.prompt_of(reply.routed.get("prompt"))
    return facts


def _no_token(test: _Test, signed: SignIn) -> Ending:
    words = f"{signed.error}: {signed.detail}" if signed.detail else signed.error
    meta = {
        "agent": test.agent.name,
        "user_type": str(test.user_type),
        "target": test.target.api_base,
        "verdict": "signin_failed",
        "reason": signed.error,
    }
    error = say("Sign-in failed: {reason}", reason=words)
    return Ending(ExecutionState.FAILED, "", signed.error, error, meta)
