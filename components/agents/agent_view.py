"""Agent view: what one agent is, in one row of facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from components.primitives.button import button, icon_button
from components.words import tr
from services.agents.types import Agent


@dataclass(frozen=True, slots=True)
class Acts:
    """What the buttons of a head call."""

    edit: Callable[[], Any]
    copy: Callable[[], Any]
    delete: Callable[[], Any]


def head_acts(acts: Acts) -> None:
    """Draw edit, copy and delete into the present slot."""
    button(tr("Edit"), acts.edit, icon="edit", small=True).mark("edit")
    icon_button("content_copy", tr("Make a copy"), acts.copy, small=True, acts=True).mark("copy")
    icon_button("delete", tr("Delete"), acts.delete, small=True, acts=True).mark("delete")


def agent_facts(agent: Agent, prompts: Mapping[int, str]) -> None:
    """Draw model, prompt, settings and tools of the agent."""
    with ui.element("dl").classes("ga-facts"):
        _fact(tr("Model key"), agent.model_key, mono=True)
        _fact(tr("Prompt"), prompt_text(agent, prompts))
        temperature = tr("The provider's own")
        if agent.temperature is not None:
            temperature = f"{agent.temperature:g}"
        _fact(tr("Temperature"), temperature)
        _fact(tr("Most tokens of a reply"), f"{agent.max_tokens or 1024:,}")
        _fact(tr("Time limit"), f"{agent.timeout_s} s")
        _fact(tr("Tools"), tr("On") if agent.uses_tools else tr("Off"))
    if agent.description:
        ui.label(agent.description).classes("t-table c-muted t-wrap")


def prompt_text(agent: Agent, prompts: Mapping[int, str]) -> str:
    """Return which prompt the agent speaks with."""
    if agent.prompt_id is None:
        return tr("The active prompts")
    name = prompts.get(agent.prompt_id) or tr("A prompt that is gone")
    version = tr("Newest") if agent.prompt_version_no is None else f"v{agent.prompt_version_no}"
    return f"{name} · {version}"


def _fact(name: str, value: str, *, mono: bool = False) -> None:
    with ui.element("div").classes("ga-fact"):
        with ui.element("dt"):
            ui.label(name)
        with ui.element("dd"):
            ui.label(value).classes("t-mono" if mono else "")
