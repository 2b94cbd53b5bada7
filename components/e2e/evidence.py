"""Evidence: one cell as Markdown to paste into a ticket, with a curl that reproduces it, no token."""

import json
import re
import shlex
from collections.abc import Iterable

from components.primitives.formats import duration_text, moment_text
from components.status.looks import cause_word, cell_look, launch_text, user_type_word
from components.words import tr
from services.e2e.types import Cell, CellDetail
from services.targets.types import DEMO_TARGET_ID

REPLY_MOST = 4000


def evidence(detail: CellDetail, api_base: str, zone: str) -> str:
    """Return the Markdown; the reply is cut at 4,000 characters and fenced so that it stays text."""
    cell = detail.cell
    verdict = cell_look(cell.status).label
    lines = [
        f"## {verdict}: `{_inline(cell.model_key)}` ({user_type_word(cell.user_type)})",
        *(["", tr("Made-up demo data: it never ran")] if is_made_up(detail) else []),
        "",
        *_facts(detail, zone),
        "",
        f"### {tr('Checks')}",
        *_checks(cell),
        "",
        f"### {tr('Reproduce')}",
        fenced(reproduce(detail, api_base), "sh"),
    ]
    if detail.reply_text:
        is_cut = detail.is_reply_cut or len(detail.reply_text) > REPLY_MOST
        title = tr("Reply (cut)") if is_cut else tr("Reply")
        lines += ["", f"### {title}", fenced(detail.reply_text[:REPLY_MOST], "text")]
    return "\n".join(lines) + "\n"


def is_made_up(detail: CellDetail) -> bool:
    """Whether the cell is demo data."""
    return detail.launch.target_id == DEMO_TARGET_ID


def endpoint_text(cell: Cell) -> str:
    """Return name and number of the endpoint that was asked, or an empty text."""
    number = "" if cell.endpoint_id is None else f"#{cell.endpoint_id}"
    return f"{cell.endpoint_name} {number}".strip()


def _facts(detail: CellDetail, zone: str) -> Iterable[str]:
    cell = detail.cell
    facts = (
        (tr("Judged"), moment_text(cell.at, zone)),
        (tr("Launch"), launch_text(cell.launch_no, detail.launch.trigger)),
        (tr("Cause"), cause_word(cell.cause)),
        (tr("Reason"), cell.error),
        (tr("Resolved model"), cell.resolved_model),
        (tr("Endpoint"), endpoint_text(cell)),
        (tr("HTTP status"), "" if cell.upstream_status is None else str(cell.upstream_status)),
        (tr("Prompt"), prompt_text(cell)),
        (tr("Result mode"), cell.result_mode_effective),
        (tr("Repairs"), ", ".join(cell.repairs)),
        (tr("Retries"), ", ".join(cell.retries)),
        ("TTFT", duration_text(cell.ttft_ms)),
        (tr("Total"), duration_text(cell.latency_ms)),
        (tr("Request id"), cell.request_id),
        (tr("Message id"), cell.message_id),
        (tr("Conversation id"), cell.conversation_id),
        (tr("Run id"), cell.run_id),
    )
    return [f"- {name}: `{_inline(value)}`" for name, value in facts if value]


def _checks(cell: Cell) -> Iterable[str]:
    signs = {True: "✓", False: "✕", None: "–"}
    for check in cell.checks:
        line = f"- {signs[check.ok]} `{_inline(check.name)}`"
        if check.ok is False:
            line += (
                f": `{_inline(check.reason)}`"
                f" ({tr('expected')} `{_inline(check.expected)}`,"
                f" {tr('got')} `{_inline(check.actual)}`)"
            )
        yield line


def prompt_text(cell: Cell) -> str:
    """Return which prompt was in force, e.g. `server, system v12, tools v4 (9)`."""
    prompt = cell.prompt
    if not prompt:
        return ""
    parts = [str(prompt.get("mode") or "")]
    if prompt.get("system_version_no") is not None:
        parts.append(tr("system v{n}", n=prompt["system_version_no"]))
    if prompt.get("tools_version_no") is not None:
        parts.append(
            tr(
                "tools v{n} ({count})",
                n=prompt["tools_version_no"],
                count=prompt.get("tools_count", 0),
            )
        )
    return ", ".join(part for part in parts if part)


def reproduce(detail: CellDetail, api_base: str) -> str:
    """Return the two curl calls of this conversation; the token is a variable to fill in."""
    cell = detail.cell
    body = {
        "text": detail.prompt_text,
        "model": cell.model_key,
        "result_mode": cell.result_mode_effective or "raw_passthrough",
        "metadata": {"source": "daily_e2e", "e2e": True, "user_type": str(cell.user_type)},
    }
    base = api_base.rstrip("/")
    auth = '-H "Authorization: Bearer $TOKEN"'
    return "\n".join(
        (
            f"TOKEN=…  # {tr('an access token of this user type')}: {cell.user_type}",
            f"curl -sS {shlex.quote(base + '/messages')} {auth} \\",
            "  -H 'Content-Type: application/json' \\",
            f"  --data-raw {shlex.quote(json.dumps(body, ensure_ascii=False))}",
            f"curl -sSN {shlex.quote(base + '/messages/')}$MESSAGE_ID/events {auth}",
        )
    )


def fenced(text: str, kind: str) -> str:
    """Return the text in a code fence that nothing inside the text can close."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{kind}\n{text}\n{fence}"


def _inline(text: str) -> str:
    """Return the text fit for one line between single backticks."""
    return " ".join(text.replace("`", "'").split())[:300]
