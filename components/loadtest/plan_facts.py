"""Plan facts: what a run was asked to do, as names and values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from components.loadtest.metrics import threshold_text
from components.loadtest.words import FIELD_WORDS, MODE_WORDS, load_text, models_text
from components.primitives.formats import clock_text, duration_text, moment_text
from components.status.looks import user_type_word
from components.words import tr, word
from services.loadtest.types import Arrangement, LoadPlan, LoadRun

_PLACES = {
    Arrangement.IN_PROCESS: word("In the console's own process"),
    Arrangement.WORKER: word("In a worker process"),
    Arrangement.LOCUST: word("By Locust's workers"),
}


@dataclass(frozen=True, slots=True)
class Around:
    """What a run's page knows beside the run."""

    target: str  # the name of the service
    whole: tuple[str, str] | None  # address and title of what it is a step of
    zone: str
    now: datetime


def plan_facts(run: LoadRun, around: Around) -> list[dict[str, Any]]:
    """Return what is known of the plan, without what is empty."""
    plan, zone, now = run.plan, around.zone, around.now
    href, title = around.whole or ("", "")
    facts = [
        _fact(tr("Run id"), run.run_id, mono=True),
        _fact(_word("target"), around.target, title=run.target),
        _fact(tr("Part of"), title) | {"href": href},
        _fact(tr("Load"), load_text(plan)),
        _fact(_word("stages"), _stages(plan)),
        _fact(_word("ramp_s"), duration_text(plan.ramp_s * 1000) if plan.ramp_s else ""),
        _fact(_word("cap"), str(plan.cap)),
        _fact(_word("models"), models_text(plan)),
        _fact(_word("user_type"), user_type_word(plan.user_type)),
        _fact(_word("result_mode"), tr(MODE_WORDS.get(plan.result_mode, plan.result_mode))),
        _fact(_word("message"), plan.message),
        _fact(tr("Time limit of a call"), duration_text(plan.timeout_s * 1000)),
        _fact(tr("Stops early"), _stops(plan)),
        _fact(tr("Good is"), _good(plan)),
        _fact(tr("Thresholds"), _thresholds(plan)),
        _fact(tr("Engine"), tr(_PLACES[run.arrangement])),
        _fact(tr("Begun"), clock_text(run.created_at, zone, now),
              title=moment_text(run.created_at, zone)),
        _fact(tr("Took"), _took(run)),
    ]  # fmt: skip
    return [fact for fact in facts if fact["text"]]


def _word(name: str) -> str:
    return tr(FIELD_WORDS[name])


def _stages(plan: LoadPlan) -> str:
    return " → ".join(
        f"{duration_text(one.seconds * 1000)}: {one.users if one.users is not None else f'{one.rate:g}/s'}"
        for one in plan.stages
    )


def _stops(plan: LoadPlan) -> str:
    parts: list[str] = []
    if plan.stop_error_share is not None:
        parts.append(tr("over {share} failed calls", share=f"{plan.stop_error_share * 100:g}%"))
    if plan.stop_errors is not None:
        parts.append(tr("after {n} failed calls", n=plan.stop_errors))
    if plan.stop_p95_ttft_ms is not None:
        parts.append(tr("over {ms} ms to the first text (p95)", ms=f"{plan.stop_p95_ttft_ms:g}"))
    return " · ".join(parts)


def _good(plan: LoadPlan) -> str:
    parts: list[str] = []
    if plan.good_ttft_ms is not None:
        parts.append(tr("first text within {ms} ms", ms=f"{plan.good_ttft_ms:g}"))
    if plan.good_total_ms is not None:
        parts.append(tr("whole answer within {ms} ms", ms=f"{plan.good_total_ms:g}"))
    return " · ".join(parts)


def _thresholds(plan: LoadPlan) -> str:
    return " · ".join(threshold_text(one.metric, one.limit) for one in plan.thresholds)


def _took(run: LoadRun) -> str:
    return "" if run.summary is None else duration_text(run.summary.elapsed_s * 1000)


def _fact(name: str, text: str, *, title: str = "", mono: bool = False) -> dict[str, Any]:
    return {"name": name, "text": text, "title": title, "href": "", "mono": mono}
