"""Replies and ThinkingML texts for tests of checks and of whoever judges replies."""

from collections.abc import Mapping
from typing import Any

from services.chat.types import Outcome, Reply, Timings


def queries(inner: str = '["深蹲 膝盖 角度"]') -> str:
    return f"<!-- <serp_queries>\n{inner}\n</serp_queries> -->"


def phase(number: object = 1, content: str = "<title>看</title>\n文字") -> str:
    return f'<phase id="{number}">\n{content}\n</phase>'


def thinkingml(
    *,
    head: str = "",
    phases: str = "",
    between: str = "\n",
    final: str = "答案\n",
    comment: str | None = None,
    tail: str = "",
) -> str:
    """A good text unless a part is replaced."""
    inner = phases or f"{phase(1)}\n{phase(2)}"
    ending = queries() if comment is None else comment
    return (
        f"{head}<thinking>\n{inner}\n</thinking>{between}<final>\n{final}{ending}\n</final>{tail}"
    )


def a_reply(
    text: str = "",
    *,
    outcome: Outcome = Outcome.COMPLETED,
    sequence: tuple[int, ...] = (1, 2, 3),
    total_ms: float = 1200.0,
    first_delta_ms: float | None = 400.0,
    **more: Any,
) -> Reply:
    """A completed reply with a good text unless told otherwise."""
    timings = Timings(
        accepted_ms=10.0, first_event_ms=12.0, first_delta_ms=first_delta_ms, total_ms=total_ms
    )
    return Reply(
        outcome, "rid", text=text or thinkingml(), sequence=sequence, timings=timings, **more
    )


def jsonseq(
    *changes: tuple[str, Mapping[str, Any]] | str, **replaced: Mapping[str, Any]
) -> list[tuple[str, Mapping[str, Any]]]:
    """Good JSONSeq events; each replaced name gets other data."""
    good: list[tuple[str, Mapping[str, Any]]] = [
        ("thinking_start", {}),
        ("phase_start", {"id": 1, "title": "看"}),
        ("phase_delta", {"id": 1, "text": "想一想"}),
        ("thinking_end", {}),
        ("final_delta", {"text": "答案"}),
        ("serp_queries", {"queries": ["深蹲"]}),
        ("final_end", {}),
    ]
    return [(name, replaced.get(name, data)) for name, data in good]
