"""One cell: ask, ask again where the rules allow it, judge, and find whose side a failure is on."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from services.chat.types import ChatRequest, Outcome, Reply
from services.checks import registry
from services.checks.types import Limits
from services.e2e import causes, prompting, rules
from services.e2e.lane import Lane
from services.e2e.opening import Opening
from services.e2e.order import Order, Tools
from services.e2e.types import Cell, CellStatus, Kind
from services.foundation.ids import new_hex
from services.settings.types import PromptMode

RENEW_BEFORE_S = 60


class Asking:
    """Asks one model at a time in a lane's name."""

    def __init__(
        self, tools: Tools, order: Order, opening: Opening, left_s: Callable[[], float]
    ) -> None:
        """`left_s` says how long the launch may still take."""
        self._tools = tools
        self._order = order
        self._opening = opening
        self._left_s = left_s
        preferences = order.preferences
        self._limits = Limits(
            slow_total_ms=preferences.e2e_slow_total_ms,
            slow_ttft_ms=preferences.e2e_slow_ttft_ms,
            strict=preferences.e2e_strict,
        )

    async def ask(self, lane: Lane, cell: Cell) -> tuple[Cell, Reply]:
        """Return the cell with its verdict and cause, and the reply that counts."""
        before = self._active_prompt()
        reply, retries = await self._converse(lane, lane.sent.get(cell.model_key, cell.model_key))
        validate = self._order.env.validate_structure
        findings = registry.evaluate(reply, self._limits, validate_structure=validate)
        decisive = registry.overall(findings)
        name = next((n for n, finding in findings.items() if finding is decisive), "")
        judged = rules.judge(cell, reply, findings, (name, decisive))
        if reply.outcome is Outcome.DEADLINE and self._left_s() <= 0:  # the launch's, not its own
            judged = replace(
                judged, status=CellStatus.NOT_RUN, kind=Kind.NOT_RUN, error=rules.LAUNCH_TIMEOUT
            )
        after = self._active_prompt()  # one that changed meanwhile cannot be compared
        prompt = prompting.look(judged.prompt, after if after == before else None)
        judged = replace(
            judged,
            retries=retries,
            endpoint_name=self._tools.legs.endpoint_name(judged),
            at=self._tools.clock.now(),
            checks=(*judged.checks, prompt) if judged.request_id else judged.checks,
        )
        return await self._with_cause(lane, judged, reply), reply

    def _active_prompt(self) -> dict[str, Any] | None:
        """Return what our own gateway must report now; of another server nothing is known."""
        settings = self._tools.settings.app
        if not self._order.target.is_self or settings.prompt_mode is not PromptMode.SERVER:
            return None
        active = self._tools.prompts.active(settings.app_output_protocol)
        with_tools = self._order.preferences.e2e_tool_choice is not None
        return prompting.expected_block(active, with_tools=with_tools)

    async def _with_cause(self, lane: Lane, cell: Cell, reply: Reply) -> Cell:
        legs: dict[str, str] = {}
        if cell.status is CellStatus.FAILED and lane.token is not None:
            legs = await self._tools.legs.look(cell, reply, lane.token.access_token)
        self._tools.legs.evidence.note(cell)
        cause = causes.settle(self._tools.legs.facts(cell), reply, legs)
        return replace(cell, legs=legs, cause=cause)

    async def _converse(self, lane: Lane, key: str) -> tuple[Reply, tuple[str, ...]]:
        """Return the reply that counts and a word for each try before it, all in one deadline."""
        clock = self._tools.clock
        total_s = self._order.preferences.e2e_model_timeout_s
        end_s = clock.monotonic() + min(total_s, max(1.0, self._left_s()))
        retries: list[str] = []
        while True:
            request = await self._request(lane, key, end_s - clock.monotonic())
            reply = await self._tools.chat.converse(request)
            again = rules.try_again(reply, retries, end_s - clock.monotonic())
            if again is None or (again.renew and not await self._opening.renew(lane)):
                return reply, tuple(retries)
            retries.append(again.word)
            if again.wait_s:
                await clock.sleep(again.wait_s)

    async def _request(self, lane: Lane, key: str, left_s: float) -> ChatRequest:
        token = lane.token
        assert token is not None
        if token.expires_at - self._tools.clock.now().timestamp() < RENEW_BEFORE_S:
            await self._opening.renew(lane)
            token = lane.token or token
        preferences = self._order.preferences
        return ChatRequest(
            api_base=self._order.target.api_base,
            access_token=token.access_token,
            model_key=key,
            text=preferences.e2e_prompt_text,
            request_id=new_hex(),
            result_mode=str(preferences.e2e_result_mode),
            tool_choice=preferences.e2e_tool_choice,
            metadata={"source": "daily_e2e", "e2e": True, "user_type": str(lane.run.user_type)},
            total_s=max(0.5, left_s),
            max_events=self._order.env.max_events,
        )
