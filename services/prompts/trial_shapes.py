"""Pure: a trial's request, answers and prompts in the shapes others take."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from services.chat.structured import visible_text_of
from services.chat.types import ChatEvent, Reply
from services.foundation.errors import InputError
from services.prompts import rules
from services.prompts.types import (
    ActivePrompts,
    PromptVersion,
    TrialAnswer,
    TrialRequest,
    TrialView,
)


def with_version(active: ActivePrompts, version: PromptVersion) -> ActivePrompts:
    """Return the active prompts with this version in the place of its type."""
    if rules.is_tools(rules.type_of(version.prompt_type)):
        return replace(
            active,
            tools_id=version.prompt_id,
            tools_version_no=version.version_no,
            tools_text=version.content,
            tools=rules.tools_of(version.tools_json),
        )
    return replace(
        active,
        system_id=version.prompt_id,
        system_version_no=version.version_no,
        system_text=version.content,
    )


def subject(request: TrialRequest) -> tuple[int, int]:
    """Return what a trial is about: prompt id and version number."""
    return request.prompt_id, request.version_no


def as_params(request: TrialRequest) -> dict[str, Any]:
    """Return the request as it is stored with its execution."""
    return {
        "prompt_id": request.prompt_id,
        "version_no": request.version_no,
        "models": list(request.models),
        "text": request.text,
        "with_live": request.with_live,
    }


def as_request(params: Mapping[str, Any]) -> TrialRequest:
    """Return the request of stored params; raise InputError."""
    models: object = params.get("models")
    names = cast("list[object]", models) if isinstance(models, list) else []
    numbers = (params.get("prompt_id"), params.get("version_no"))
    if not all(isinstance(number, int) for number in numbers):
        raise InputError("Must name a prompt and a version", field="prompt_id")
    return TrialRequest(
        prompt_id=cast("int", numbers[0]),
        version_no=cast("int", numbers[1]),
        models=tuple(dict.fromkeys(name for name in names if isinstance(name, str))),
        text=str(params.get("text") or ""),
        with_live=params.get("with_live") is True,
    )


def tool_names(reply: Reply) -> tuple[str, ...]:
    """Return the tools a reply asked for."""
    metadata: object = reply.terminal.get("metadata")
    calls = cast("Mapping[str, Any]", metadata).get("tool_calls") if metadata else None
    names: object = cast("Mapping[str, Any]", calls).get("names") if calls else None
    items = cast("list[object]", names) if isinstance(names, list) else []
    return tuple(str(name)[:100] for name in items[:20])


def line(answer: TrialAnswer) -> str:
    """Return one answer as a line of the output."""
    took = "" if answer.latency_ms is None else f", {answer.latency_ms} ms"
    verdict = answer.verdict or str(answer.state)
    return f"{answer.model} v{answer.version_no}: {verdict} ({answer.reason}){took}"


def told(view: TrialView) -> list[dict[str, Any]]:
    """Return the answers as they are kept with the execution."""
    return [
        {
            "model": answer.model,
            "version_no": answer.version_no,
            "is_live": answer.is_live,
            "verdict": answer.verdict,
            "reason": answer.reason,
            "ttft_ms": answer.ttft_ms,
            "latency_ms": answer.latency_ms,
            "request_id": answer.request_id,
        }
        for answer in view.answers
    ]


def text_of(event: ChatEvent) -> str:
    """Return the text an event adds to the answer, of either protocol."""
    if event.name == "content_delta":
        delta: object = event.data.get("delta")
        return delta if isinstance(delta, str) else ""
    return visible_text_of(event.name, event.data)
