"""Gallery: the preview's world with real services over a store of its own where pages need one."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlmodel import SQLModel

import db.tables
from db.connect import sqlite_url
from db.engine import Database
from services.executions.types import ExecutionState
from services.load_history.service import LoadHistory
from services.loadtest.parts import LoadParts
from services.loadtest.service import LoadTests
from services.mapping.types import MappingEdit, Scope
from services.models.types import EndpointEdit
from services.prompts.types import PromptEdit, PromptType
from services.settings.env import read_env
from services.suppliers.types import ProbeResult, ProbeState
from tests.support.dialogs_desk import DialogsDesk
from tests.support.gallery_load import write_loads
from tests.support.gallery_talk import write_talk
from tests.support.preview_dialogs import FakeSaved
from tests.support.preview_journal import FakeJournal
from tests.support.preview_world import MODELS, NOW, PROVIDERS

CALM = (ExecutionState.SUCCEEDED, ExecutionState.CANCELLED)
OFFLINE = {"DeepSeek": "503 Service Unavailable"}
LATENCY_MS = {"OpenAI": 184, "Anthropic": 231, "Qwen": 96, "Zhipu": 118, "Moonshot": 142}
ROUTES = (
    (Scope.GLOBAL, "chat", ("gpt-4o", "claude-sonnet-4", "qwen-max")),
    (Scope.MAPPING, "coach-pro", ("claude-sonnet-4", "gpt-4o")),
    (Scope.MAPPING, "coach-fast", ("gpt-4o-mini", "gemini-2.5-flash", "qwen-turbo")),
    (Scope.MAPPING, "nutrition", ("qwen-plus", "glm-4-air")),
    (Scope.MODULE, "voice", ("gpt-4o", "gemini-2.5-pro")),
    (Scope.MAPPING, "legacy-coach", ("gpt-3.5-turbo", "gpt-4o-mini")),
)
COACH = """You are GymBro, a strength coach who answers briefly and safely.

<thinkingml>
  <phase id="1"><title>Understand</title> Restate the goal, level and limits in one sentence.</phase>
  <phase id="2"><title>Plan</title> Choose exercises, sets and repetitions; name the reason.</phase>
  <phase id="3"><title>Check</title> Look for pain, overload and missing rest days.</phase>
</thinkingml>

Rules
- Answer in the language of the question.
- Never diagnose. On pain, stop the exercise and point to a doctor.
- Weights in kilograms, times in minutes. No more than six exercises a day.
- End with <final>…</final>; nothing stands after it.
"""
VERSIONS = (
    (
        "First version",
        COACH.replace("- Never diagnose", "- Do not diagnose").split("- End with")[0],
    ),
    ("Say where the answer ends", COACH.replace("No more than six", "No more than eight")),
    ("At most six exercises a day", COACH),
)


async def furnish(console: Any, folder: Path, *, bare: bool) -> None:
    """Give the preview's console real prompts, mappings, conversations and load tests in the folder."""
    assert db.tables.__all__  # imported: the metadata is complete
    store = Database(sqlite_url(str(folder / "gallery.sqlite3")))
    SQLModel.metadata.create_all(store.writing_engine)
    env = read_env(port=9999, data_dir=str(folder), values={})
    desk = DialogsDesk(store, env)
    if not bare:
        await _write_catalogue(desk)
        await _write_prompts(desk)
        await write_talk(store)
        await write_loads(store)
    loads = LoadTests(
        LoadParts(store, desk.clock, desk.settings, desk.targets, desk.identities, desk.executions)
    )
    _calm(console)
    vars(console).update(
        models=desk.models,
        mapping=desk.mapping,
        prompts=desk.prompts,
        prompt_trials=SimpleNamespace(changed=console.trials.changed),
        dialogs=desk.dialogs,
        identities=SimpleNamespace(saved=FakeSaved()),
        loadtest=loads,
        load_history=LoadHistory(store, loads),
    )


def _calm(console: Any) -> None:
    """Leave a day's troubles to the pages that are about them: nothing waits, the past went well."""
    console.journal = FakeJournal(NOW, bare=True)
    console.cloud.outbox.rows = []
    past = console.executions._all
    console.executions._all = [*past[:8], *(one for one in past[8:] if one.status in CALM)]


async def _write_catalogue(desk: DialogsDesk) -> None:
    for place, (name, models) in enumerate(PROVIDERS.items()):
        if name == "Demo":
            continue
        made = await desk.models.save(
            EndpointEdit(
                name=name,
                base_url=f"https://api.{name.lower()}.example/v1",
                provider_protocol="anthropic" if name == "Anthropic" else "openai",
                model=models[0],
                model_list=(*models, "gpt-4o-legacy") if name == "OpenAI" else tuple(models),
                api_key=f"sk-{name.lower()}-0123456789abcdef",
                is_default=name == "OpenAI",
            )
        )
        state = ProbeState.OFFLINE if name in OFFLINE else ProbeState.ONLINE
        latency = LATENCY_MS.get(name, 120 + 17 * place)
        await desk.models.set_status(
            made.id, ProbeResult(state, latency, tuple(models), error=OFFLINE.get(name, ""))
        )
    for scope, key, models in ROUTES:
        await desk.mapping.save(MappingEdit(scope, key, key, models[0], models))
    for key, _ in MODELS[:-1]:
        await desk.mapping.save(MappingEdit(Scope.MAPPING, key, key, key, (key,)))


async def _write_prompts(desk: DialogsDesk) -> None:
    coach = None
    for message, text in VERSIONS:
        edit = PromptEdit(
            None if coach is None else coach.id,
            "gymbro-coach",
            PromptType.SYSTEM if coach is None else None,
            text,
            message=message,
            edited_by="lin",
        )
        coach = await desk.prompts.save(edit)
    assert coach is not None
    await desk.prompts.activate(coach.id, 3)
    for name, kind in (
        ("gymbro-coach-jsonseq", PromptType.SYSTEM_JSONSEQ),
        ("nutrition-agent", PromptType.AGENT_SYSTEM),
    ):
        await desk.prompts.save(PromptEdit(None, name, kind, COACH, message="First version"))
