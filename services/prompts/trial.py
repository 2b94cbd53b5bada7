"""The execution kind `prompt_trial`: ask chosen models under a version that is not live, side by side."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.chat.client import ChatClient
from services.chat.types import ChatEvent, ChatRequest, Outcome, Reply
from services.checks import registry
from services.checks.types import Limits
from services.executions.service import Executions
from services.executions.types import Control, Ending, Execution, ExecutionKind, ExecutionState
from services.foundation.errors import InputError
from services.foundation.ids import new_hex
from services.foundation.signals import Signal
from services.prompts import rules, trial_shapes
from services.prompts.service import Prompts
from services.prompts.types import (
    Prompt,
    PromptTrial,
    PromptVersion,
    TrialAnswer,
    TrialRequest,
    TrialState,
    TrialView,
)
from services.settings.service import Settings

KIND = "prompt_trial"
MODELS_MOST = 12
TEXT_MAX = 500  # characters of the question
TEXT_MOST = 40_000  # characters of an answer a page is shown
AT_ONCE = 4
KEPT_MOST = 20  # trials a page can still ask for
_VERDICTS: Mapping[int, str] = {401: "signin_failed", 403: "signin_failed", 429: "limited"}


@dataclass(frozen=True, slots=True)
class PromptTrialParts:
    """What a trial stands on; models, address and token are asked for when it runs."""

    prompts: Prompts
    settings: Settings
    executions: Executions
    chat: ChatClient
    models: Callable[[], Sequence[str]]  # keys that can be asked
    own_api_base: Callable[[], str]
    operator_token: Callable[[], str]


class PromptTrials:
    """Posts through our own gateway, which takes the version for the operator alone."""

    def __init__(self, parts: PromptTrialParts) -> None:
        """Register the kind."""
        self._parts = parts
        self._views: dict[str, TrialView] = {}
        self.changed: Signal[TrialView] = Signal("prompts.trial_changed")
        parts.executions.register(
            ExecutionKind(
                KIND,
                "Try of a prompt",
                "edit_note",
                self._run,
                is_exclusive=False,
                limit=2,
                timeout_s=1_800,
                home="/prompts",
                is_startable=False,
                check=self._check,
            )
        )
        parts.executions.changed.subscribe(self._execution_changed)

    def forecast(self, request: TrialRequest) -> int:
        """Return how many conversations it makes."""
        return len(self._planned(request))

    async def start(self, request: TrialRequest, *, started_by: str = "") -> TrialView:
        """Return the trial, under way; raise InputError or NotFoundError."""
        self._check(trial_shapes.as_params(request))
        await self._parts.prompts.version(request.prompt_id, request.version_no)
        execution = await self._parts.executions.start(
            KIND, trial_shapes.as_params(request), started_by=started_by
        )
        known = self._views.get(execution.execution_id)
        return known or self._show(
            TrialView(execution.execution_id, request, self._planned(request))
        )

    async def cancel(self, execution_id: str) -> None:
        """End a trial; raise what Executions.cancel raises."""
        await self._parts.executions.cancel(execution_id)

    def view(self, execution_id: str) -> TrialView | None:
        """Return a trial of this process, or None."""
        return self._views.get(execution_id)

    def newest(self, prompt_id: int, version_no: int) -> TrialView | None:
        """Return the newest trial of that version in this process, or None."""
        wanted = (prompt_id, version_no)
        found = (v for v in self._views.values() if trial_shapes.subject(v.request) == wanted)
        return max(found, key=lambda view: view.execution_id, default=None)

    # -- planning

    def _planned(self, request: TrialRequest) -> tuple[TrialAnswer, ...]:
        live_no = self._live_no(request)
        answers: list[TrialAnswer] = []
        for model in dict.fromkeys(request.models):
            answers.append(TrialAnswer(model, request.version_no))
            if request.with_live and live_no:
                answers.append(TrialAnswer(model, live_no, is_live=True))
        return tuple(answers)

    def _live_no(self, request: TrialRequest) -> int:
        """Return the number of the version that is live of that type; 0 when there is none."""
        live = self._live(request)
        return live.version_no if live is not None else 0

    def _live(self, request: TrialRequest) -> Prompt | None:
        head = self._parts.prompts.get(request.prompt_id)
        if head is None:
            return None
        return self._parts.prompts.live_of(head.prompt_type)

    def _check(self, params: Mapping[str, Any]) -> None:
        request = trial_shapes.as_request(params)
        known = set(self._parts.models())
        if not request.models:
            raise InputError("Choose at least one model", field="models")
        if len(request.models) > MODELS_MOST:
            raise InputError("At most {count} models", field="models", count=MODELS_MOST)
        unknown = next((model for model in request.models if model not in known), None)
        if unknown is not None:
            raise InputError("{model} is not mapped", field="models", model=unknown)
        if len(request.text) > TEXT_MAX:
            raise InputError("At most {longest} characters", field="text", longest=TEXT_MAX)

    # -- running

    async def _run(self, params: Mapping[str, Any], control: Control) -> Ending:
        request = trial_shapes.as_request(params)
        run = _Run(self, TrialView(control.execution.execution_id, request), control)
        prompts = self._parts.prompts
        version = await prompts.version(request.prompt_id, request.version_no)
        run.start(self._planned(request))
        places = asyncio.Semaphore(AT_ONCE)
        try:
            async with asyncio.TaskGroup() as group:  # a cancel ends every conversation under way
                for number in range(len(run.answers)):
                    group.create_task(self._ask(run, number, version, places))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None  # the reason for people is in the first one
        view = run.view
        meta = {"passed": view.passed, "total": len(view.tried), "results": trial_shapes.told(view)}
        return Ending(
            ExecutionState.SUCCEEDED, "\n".join(map(trial_shapes.line, view.answers)), meta=meta
        )

    async def _ask(
        self, run: "_Run", number: int, version: PromptVersion, places: asyncio.Semaphore
    ) -> None:
        async with places:
            answer = run.answers[number]
            trial_id = new_hex()
            self._parts.prompts.begin_trial(trial_id, self._ground(version, answer))
            run.put(number, replace(answer, state=TrialState.RUNNING))
            request = self._chat_request(run.view.request, answer.model, version, trial_id)
            try:
                reply = await self._parts.chat.converse(
                    request, lambda event: run.hear(number, event)
                )
            finally:
                self._parts.prompts.end_trial(trial_id)
            run.put(number, self._judged(run.answers[number], reply))
            await run.tell(number)

    def _ground(self, version: PromptVersion, answer: TrialAnswer) -> PromptTrial:
        """Return the active prompts, with the version in the place of its type."""
        settings, prompts = self._parts.settings, self._parts.prompts
        head = prompts.get(version.prompt_id)
        kind = rules.type_of(version.prompt_type) if head is None else head.prompt_type
        protocol = rules.protocol_of(kind, settings.app.app_output_protocol)
        active = prompts.active(protocol)
        return PromptTrial(
            active if answer.is_live else trial_shapes.with_version(active, version), protocol
        )

    def _chat_request(
        self, request: TrialRequest, model: str, version: PromptVersion, trial_id: str
    ) -> ChatRequest:
        preferences = self._parts.settings.preferences
        return ChatRequest(
            api_base=self._parts.own_api_base(),
            access_token=self._parts.operator_token(),
            model_key=model,
            text=request.text.strip() or preferences.e2e_prompt_text,
            request_id=new_hex(),
            result_mode="raw_passthrough",  # the model's own text is judged
            tool_choice="auto" if rules.is_tools(rules.type_of(version.prompt_type)) else None,
            metadata={"source": KIND, "prompt_trial": trial_id, "save_history": False},
            total_s=float(preferences.e2e_model_timeout_s),
            max_events=self._parts.settings.env.e2e.max_events,
        )

    def _judged(self, answer: TrialAnswer, reply: Reply) -> TrialAnswer:
        preferences = self._parts.settings.preferences
        limits = Limits(
            slow_total_ms=preferences.e2e_slow_total_ms,
            slow_ttft_ms=preferences.e2e_slow_ttft_ms,
            strict=preferences.e2e_strict,
        )
        finding = registry.overall(registry.evaluate(reply, limits))
        verdict, reason = finding.verdict, finding.reason
        if reply.outcome is not Outcome.COMPLETED:
            verdict = _VERDICTS.get(reply.status or 0, "failed")
            reason = reply.error or reply.error_text or str(reply.outcome)
        first_ms = reply.timings.first_delta_ms
        return replace(
            answer,
            state=TrialState.DONE,
            text=reply.text[:TEXT_MOST],
            verdict=verdict,
            reason=reason[:300],
            ttft_ms=None if first_ms is None else round(first_ms),
            latency_ms=round(reply.timings.total_ms),
            resolved_model=str(reply.routed.get("resolved_model") or "")[:200],
            request_id=reply.request_id,
            tool_names=trial_shapes.tool_names(reply),
        )

    def _execution_changed(self, execution: Execution) -> None:
        if execution.execution_type != KIND or not execution.status.is_final:
            return
        view = self._views.get(execution.execution_id)
        if view is not None:
            is_good = execution.status is ExecutionState.SUCCEEDED
            error = "" if is_good else execution.error or str(execution.status)
            self._show(replace(view, is_over=True, error=error))

    def _show(self, view: TrialView) -> TrialView:
        self._views[view.execution_id] = view
        while len(self._views) > KEPT_MOST:
            self._views.pop(next(iter(self._views)))
        self.changed.emit(view)
        return view

    def show(self, view: TrialView) -> None:
        """Keep and announce how far a trial is."""
        self._show(view)


class _Run:
    """The answers of a running trial, told as they grow."""

    def __init__(self, trials: PromptTrials, view: TrialView, control: Control) -> None:
        self._trials = trials
        self._control = control
        self.view = view
        self.answers: list[TrialAnswer] = []

    def start(self, answers: Sequence[TrialAnswer]) -> None:
        self.answers = list(answers)
        self._tell()

    def put(self, number: int, answer: TrialAnswer) -> None:
        self.answers[number] = answer
        self._tell()

    def hear(self, number: int, event: ChatEvent) -> None:
        """Add the text of an event to its answer."""
        delta = trial_shapes.text_of(event)
        answer = self.answers[number]
        if not delta or len(answer.text) >= TEXT_MOST:
            return
        ttft_ms = round(event.at_ms) if answer.ttft_ms is None else answer.ttft_ms
        text = (answer.text + delta)[:TEXT_MOST]
        self.put(number, replace(answer, text=text, ttft_ms=ttft_ms))

    async def tell(self, number: int) -> None:
        """Note an answer that is done."""
        self._control.append_output(trial_shapes.line(self.answers[number]) + "\n")
        done = sum(answer.state is TrialState.DONE for answer in self.answers)
        await self._control.progress(done, len(self.answers))

    def _tell(self) -> None:
        self.view = replace(self.view, answers=tuple(self.answers))
        self._trials.show(self.view)
