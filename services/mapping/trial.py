"""The execution kind `mapping_trial`: ask the affected models under a mapping that is not active yet."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from services.chat.client import ChatClient
from services.chat.types import ChatRequest, Outcome, Reply
from services.checks import registry
from services.checks.types import Limits
from services.executions.service import Executions
from services.executions.types import Control, Ending, Execution, ExecutionKind, ExecutionState
from services.foundation.errors import InputError
from services.foundation.ids import new_hex
from services.foundation.signals import Signal
from services.mapping import transfer, trial_plan
from services.mapping.service import Mappings
from services.mapping.trial_plan import Question
from services.mapping.types import MappingEdit, TrialResult, TrialView
from services.settings.service import Settings

KIND = "mapping_trial"
KEPT_MOST = 20  # trials a page can still ask for
_VERDICTS: Mapping[int, str] = {401: "signin_failed", 403: "signin_failed", 429: "limited"}


@dataclass(frozen=True, slots=True)
class TrialParts:
    """What a trial stands on; address and token are asked for when it runs."""

    mappings: Mappings
    settings: Settings
    executions: Executions
    chat: ChatClient
    active_prompt: Callable[[], str]  # id of the active system prompt, or an empty text
    own_api_base: Callable[[], str]
    operator_token: Callable[[], str]


class Trials:
    """Posts through our own gateway, which resolves by the candidate for the operator alone."""

    def __init__(self, parts: TrialParts) -> None:
        """Register the kind."""
        self._parts = parts
        self._views: dict[str, TrialView] = {}
        self.changed: Signal[TrialView] = Signal("mapping.trial_changed")
        parts.executions.register(
            ExecutionKind(
                KIND,
                "Check of a mapping",
                "rule",
                self._run,
                is_exclusive=False,
                limit=2,
                timeout_s=1_800,
                home="/mapping",
                is_startable=False,
                check=self._check,
            )
        )
        parts.executions.changed.subscribe(self._execution_changed)

    def forecast(self, edits: Iterable[MappingEdit]) -> int:
        """Return how many conversations a trial of the edits makes; raise InputError."""
        return len(self._plan(edits))

    async def start(self, edits: Iterable[MappingEdit], *, started_by: str = "") -> TrialView:
        """Return the trial of these edits, under way; raise InputError when nothing can be asked."""
        rows = [_as_row(edit) for edit in edits]
        total = len(self._plan(map(transfer.to_edit, rows)))
        if not total:
            raise InputError("No model of this change can be asked", field="default_model")
        execution = await self._parts.executions.start(KIND, {"edits": rows}, started_by=started_by)
        return self._show(
            self.view(execution.execution_id) or TrialView(execution.execution_id, total)
        )

    def view(self, execution_id: str) -> TrialView | None:
        """Return a trial of this process, or None."""
        return self._views.get(execution_id)

    def _plan(self, edits: Iterable[MappingEdit]) -> list[Question]:
        return trial_plan.questions(self._parts.mappings, edits, self._parts.active_prompt())

    def _check(self, params: Mapping[str, Any]) -> None:
        _edits(params)

    async def _run(self, params: Mapping[str, Any], control: Control) -> Ending:
        questions = self._plan(_edits(params))
        view = self._show(TrialView(control.execution.execution_id, len(questions)))
        await control.progress(0, len(questions))
        for question in questions:
            result = await self._ask(question)
            control.append_output(_line(result) + "\n")
            view = self._show(replace(view, results=(*view.results, result)))
            await control.progress(len(view.results), len(questions))
        meta = {"passed": view.passed, "total": view.total, "results": _told(view)}
        return Ending(ExecutionState.SUCCEEDED, "\n".join(map(_line, view.results)), meta=meta)

    async def _ask(self, question: Question) -> TrialResult:
        if question.resolution is None:
            return _unreachable(question)
        trial_id = new_hex()
        mappings = self._parts.mappings
        mappings.begin_trial(trial_id, question.resolver, question.context)
        try:
            reply = await self._parts.chat.converse(self._request(question, trial_id))
        finally:
            mappings.end_trial(trial_id)
        return self._judge(question, reply)

    def _request(self, question: Question, trial_id: str) -> ChatRequest:
        preferences = self._parts.settings.preferences
        return ChatRequest(
            api_base=self._parts.own_api_base(),
            access_token=self._parts.operator_token(),
            model_key=question.key,
            text=preferences.e2e_prompt_text,
            request_id=new_hex(),
            result_mode=str(preferences.e2e_result_mode),
            metadata={"source": KIND, "mapping_trial": trial_id, "save_history": False},
            total_s=float(preferences.e2e_model_timeout_s),
            max_events=self._parts.settings.env.e2e.max_events,
        )

    def _judge(self, question: Question, reply: Reply) -> TrialResult:
        settings = self._parts.settings
        limits = Limits(
            slow_total_ms=settings.preferences.e2e_slow_total_ms,
            slow_ttft_ms=settings.preferences.e2e_slow_ttft_ms,
            strict=settings.preferences.e2e_strict,
        )
        validate = settings.env.e2e.validate_structure
        finding = registry.overall(registry.evaluate(reply, limits, validate_structure=validate))
        if reply.outcome is Outcome.COMPLETED:
            verdict, reason = finding.verdict, finding.reason
        else:
            verdict = _VERDICTS.get(reply.status or 0, "failed")
            reason = reply.error_text or reply.error or str(reply.outcome)
        first_ms = reply.timings.first_delta_ms
        assert question.resolution is not None
        return TrialResult(
            key=question.key,
            model=question.model,
            endpoint=question.resolution.endpoint.name,
            verdict=verdict,
            reason=reason[:300],
            latency_ms=round(reply.timings.total_ms),
            ttft_ms=None if first_ms is None else round(first_ms),
            request_id=reply.request_id,
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
        self._views.pop(view.execution_id, None)
        self._views[view.execution_id] = view
        while len(self._views) > KEPT_MOST:
            self._views.pop(next(iter(self._views)))
        self.changed.emit(view)
        return view


def _as_row(edit: MappingEdit) -> dict[str, Any]:
    return {
        "scope_type": str(edit.scope_type),
        "scope_key": edit.scope_key,
        "name": edit.name,
        "default_model": edit.default_model,
        "candidates": list(edit.candidates),
        "is_active": edit.is_active,
        "metadata": dict(edit.metadata),
    }


def _edits(params: Mapping[str, Any]) -> list[MappingEdit]:
    rows = params.get("edits")
    if not isinstance(rows, list) or not rows:
        raise InputError("Must be a list of mappings", field="edits")
    return [transfer.to_edit(row) for row in cast("list[Any]", rows)]


def _unreachable(question: Question) -> TrialResult:
    return TrialResult(question.key, question.model, "", "not_judged", question.why)


def _line(result: TrialResult) -> str:
    took = "" if result.latency_ms is None else f", {result.latency_ms} ms"
    return f"{result.key} -> {result.model}: {result.verdict} ({result.reason}){took}"


def _told(view: TrialView) -> list[dict[str, Any]]:
    return [
        {
            "key": result.key,
            "model": result.model,
            "endpoint": result.endpoint,
            "verdict": result.verdict,
            "reason": result.reason,
            "latency_ms": result.latency_ms,
            "ttft_ms": result.ttft_ms,
            "request_id": result.request_id,
        }
        for result in view.results
    ]
