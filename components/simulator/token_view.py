"""Token view: what a token says of itself, when it ends, and what speaks against it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from nicegui import ui

from components.primitives.button import icon
from components.primitives.formats import zone_of
from components.words import sentence, tr
from services.dialogs.types import TokenLook

_FIRST = ("sub", "is_anonymous", "role", "iss", "aud", "exp", "iat")
_TIMES = ("exp", "iat", "nbf", "auth_time")


def token_view(look: TokenLook, zone: str) -> None:
    """Draw the warnings first, then the claims; nothing here was verified."""
    if look.refusal is not None:
        warn(sentence(look.refusal), tone="failed")
    for message in look.warnings:
        warn(sentence(message))
    claims_view(look.claims, zone)


def warn(text: str, *, tone: str = "slow") -> None:
    """Draw one warning as a line with its sign."""
    with ui.element("div").classes("si-warn").props("role=status") as line:
        line.props["data-tone"] = tone
        icon("warning" if tone == "slow" else "block")
        ui.label(text).classes("t-wrap")


def claims_view(claims: Mapping[str, Any], zone: str) -> None:
    """Draw the claims as names and values, the telling ones first."""
    if not claims:
        ui.label(tr("No claims are known.")).classes("c-muted")
        return
    ui.label(tr("Decoded, not verified; the token itself is never stored.")).classes(
        "t-meta c-faint"
    )
    with ui.element("dl").classes("gb-facts si-claims"):
        for name in sorted((name for name in claims if claims[name] != ""), key=_place):
            with ui.element("dt"):
                ui.label(name).classes("t-mono")
            with ui.element("dd"):
                ui.label(_text(name, claims[name], zone)).classes("t-mono t-wrap")


def _place(name: str) -> tuple[int, str]:
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST), name)


def _text(name: str, value: Any, zone: str) -> str:
    is_time = name in _TIMES and isinstance(value, int) and 0 < value < 1 << 33
    if is_time:
        at = datetime.fromtimestamp(value, UTC).astimezone(zone_of(zone))
        return f"{value} · {at:%m-%d %H:%M:%S}"
    return value if isinstance(value, str) else json.dumps(value)
