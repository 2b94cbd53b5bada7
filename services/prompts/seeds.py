"""The four prompts a new store begins with, written once in its life."""

from datetime import datetime

from sqlmodel import Session

from db.queries import config as config_queries
from db.queries import prompts as queries
from db.tables.prompts import PromptRow
from services.prompts import texts
from services.prompts.types import PromptType

SEEDED = "seeded_prompts"
_SEEDS = (
    (
        "gymbro-default-system-thinkingml-v45",
        PromptType.SYSTEM,
        texts.THINKINGML_SYSTEM,
        None,
    ),
    ("gymbro-default-tools-v1", PromptType.TOOLS, texts.TOOLS_THINKINGML, list(texts.TOOLS)),
    (
        "gymbro-default-system-jsonseq-v1",
        PromptType.SYSTEM_JSONSEQ,
        texts.JSONSEQ_SYSTEM,
        None,
    ),
    (
        "gymbro-default-tools-jsonseq-v1",
        PromptType.TOOLS_JSONSEQ,
        texts.TOOLS_JSONSEQ,
        list(texts.TOOLS),
    ),
)


def write(session: Session, now: datetime) -> None:
    """Add them, each the active one of its type, and note that they were written."""
    for name, prompt_type, content, tools in _SEEDS:
        values = {
            "name": name,
            "prompt_type": str(prompt_type),
            "content": content,
            "tools_json": tools,
            "version": "1",
            "category": "default",
        }
        row = queries.add_prompt(session, values, now, "")
        row.is_active = True
        row.live_since = now
        session.add(row)
    config_queries.write_app_settings(session, {SEEDED: True}, now)


def is_untouched(row: PromptRow) -> bool:
    """Return whether the prompt is one of them, as it was written."""
    return row.newest_no == 1 and any(
        row.name == name and row.prompt_type == prompt_type and row.content == content
        for name, prompt_type, content, _ in _SEEDS
    )
