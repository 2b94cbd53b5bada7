"""Mappings as rows of the big table: what each gets now, its candidates, what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.primitives.big_table import BigColumn, RowAct
from components.primitives.formats import epoch_ms, moment_text
from components.status.impacts import flaw_word
from components.status.looks import Look, look_props
from components.words import tr, word
from services.mapping.types import MappedModel, ModelMapping, Problem, Scope

SCOPE_WORDS: Mapping[Scope, str] = {
    Scope.USER: word("User"),
    Scope.PREMIUM_USER: word("Premium user"),
    Scope.PROMPT: word("Prompt"),
    Scope.MODULE: word("Module"),
    Scope.MAPPING: word("Mapping"),
    Scope.GLOBAL: word("Global"),
}
ROUTES = Look("ok", "tick", "tint", word("Routed"))
RESTRICTS = Look("ok", "tick", "tint", word("Restricts"))
PARTLY = Look("slow", "half", "outline", word("Partly"))
NOTHING = Look("failed", "cross", "solid", word("No model"))
OFF = Look("none", "hollow", "plain", word("Off"))
KEY_SCOPES = (Scope.MAPPING, Scope.GLOBAL)


@dataclass(frozen=True, slots=True)
class MappingView:
    """What the table shows beside the mappings themselves."""

    zone: str
    problems: Mapping[str, Sequence[Problem]] = field(default_factory=dict[str, Sequence[Problem]])
    routed: Mapping[str, MappedModel] = field(default_factory=dict[str, MappedModel])  # by mapping
    titles: Mapping[str, str] = field(default_factory=dict[str, str])  # prompt names by id


def scope_word(scope: Scope) -> str:
    """Return the scope in the page's language."""
    return tr(SCOPE_WORDS[scope])


def columns() -> list[BigColumn]:
    """Return the columns."""
    return [
        BigColumn("key", tr("Key"), "name"),
        BigColumn("scope", tr("Scope"), width="92px", from_px=520),
        BigColumn("state", tr("State"), "look", "108px"),
        BigColumn("now", tr("Gets now"), mono=True, width="150px", from_px=780),
        BigColumn("models", tr("Models in order"), "chips", "26%", from_px=900),
        BigColumn("changed", tr("Changed"), "age", "108px", from_px=1240),
        BigColumn("source", tr("Source"), width="84px", from_px=1360),
        BigColumn("on", tr("On"), "switch", "64px"),
    ]


def acts() -> list[RowAct]:
    """Return the icons at the end of a row."""
    return [
        RowAct("repair", "build", tr("Repair"), only=True, tone="slow"),
        RowAct("explain", "help", tr("What would it get, and why"), only=True),
        RowAct("try", "forum", tr("Try it in a conversation"), only=True),
        RowAct("edit", "edit", tr("Edit"), letter="e"),
    ]


def mapping_rows(mappings: Sequence[ModelMapping], view: MappingView) -> list[dict[str, Any]]:
    """Return one row a mapping: those that route keys first, then those that restrict."""
    ordered = sorted(mappings, key=lambda m: (m.scope_type not in KEY_SCOPES, m.id.lower()))
    return [_row(mapping, view) for mapping in ordered]


def state_of(mapping: ModelMapping, view: MappingView) -> Look:
    """Return how a mapping stands."""
    if not mapping.is_active:
        return OFF
    problems = view.problems.get(mapping.id, ())
    names = dict.fromkeys((mapping.default_model, *mapping.candidates))
    if len(problems) >= len(names):
        return NOTHING
    if mapping.scope_type not in KEY_SCOPES:
        return PARTLY if problems else RESTRICTS
    return PARTLY if problems else ROUTES


def _row(mapping: ModelMapping, view: MappingView) -> dict[str, Any]:
    problems = {problem.model: problem for problem in view.problems.get(mapping.id, ())}
    look = state_of(mapping, view)
    routed = view.routed.get(mapping.id)
    names = dict.fromkeys((mapping.default_model, *mapping.candidates))
    facets = [str(mapping.scope_type)] if mapping.is_active else [str(mapping.scope_type), "off"]
    if problems:
        facets.append("problem")
    return {
        "id": mapping.id,
        "key": view.titles.get(mapping.id, mapping.scope_key),
        "key_tags": _tags(mapping, routed),
        "find": f"{mapping.id} {mapping.name}",
        "scope": scope_word(mapping.scope_type),
        "state": look_props(look),
        "state_title": "\n".join(f"{p.model}: {flaw_word(p.flaw)}" for p in problems.values()),
        "now": _now(mapping, routed),
        "now_title": routed.endpoint_name if routed else None,
        "models": [_chip(name, problems.get(name)) for name in names if name],
        "changed": epoch_ms(mapping.updated_at),
        "changed_title": moment_text(mapping.updated_at, view.zone),
        "source": source_word(mapping.source),
        "on": mapping.is_active,
        "off": not mapping.is_active,
        "facets": facets,
        "can": _can(mapping, problems, is_routed=_now(mapping, routed) != "–"),
    }


def source_word(source: str) -> str:
    """Return where a mapping came from; an unknown word stays as it is."""
    words = {"local": tr("Here"), "import": tr("Import"), "supabase": "Supabase"}
    return words.get(source, source)


def _can(mapping: ModelMapping, problems: Mapping[str, Problem], *, is_routed: bool) -> list[str]:
    can = ["explain"] if mapping.scope_type in KEY_SCOPES else []
    can += ["try"] if is_routed and mapping.is_active else []
    return [*can, "repair"] if problems else can


def _now(mapping: ModelMapping, routed: MappedModel | None) -> str:
    if routed is None or not routed.resolved_model or not mapping.is_active:
        return "–"
    return routed.resolved_model


def _tags(mapping: ModelMapping, routed: MappedModel | None) -> list[list[str]]:
    tags: list[list[str]] = []
    if mapping.name.casefold() not in ("", mapping.scope_key.casefold()):
        tags.append([mapping.name[:40], "", mapping.name])
    if routed is not None and routed.is_demo:
        tags.append([tr("Demo"), "", tr("Answered by the built-in demo supplier")])
    tier = mapping.metadata.get("required_tier")
    if isinstance(tier, str) and tier:
        tags.append([tier[:20], "", tr("Required tier, only shown to the apps")])
    return tags


def _chip(name: str, problem: Problem | None) -> list[str]:
    if problem is None:
        return [name]
    return [name, "slow", f"{name}: {flaw_word(problem.flaw)}"]
