"""Apply: give every page the tokens, the status shapes and the chosen look before it first paints."""

import hashlib
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from nicegui import Client, app, ui

_HERE = Path(__file__).resolve().parent
SHEET_PATH = "/_console/theme.css"
FAVICON = _HERE / "favicon.svg"
LOOKS = ("auto", "light", "dark")
_KEY = "look"
_SHEETS: list[Path] = [
    _HERE / f"{name}.css" for name in ("tokens", "base", "controls", "parts", "forms", "frame")
]

# What `ui.run` needs for this look; the caller adds host, port and storage secret.
RUN_OPTIONS: dict[str, Any] = {
    "title": "GymBro Console",
    "favicon": FAVICON,
    "dark": None,
    "language": "zh-CN",
    "tailwind": False,
    "binding_refresh_interval": None,
    "reconnect_timeout": 30.0,
    "reload": False,
    "show_welcome_message": False,
    "ws_per_message_deflate": False,
}


class Shapes(ui.element, component="shapes.js"):
    """The status shapes; the shell puts them once on every page."""


def add_sheet(path: Path) -> None:
    """Append a feature's own stylesheet; call it at import, before install()."""
    if path not in _SHEETS:
        _SHEETS.append(path)


def install() -> None:
    """Serve the stylesheet and set the defaults of every control; a second call does nothing."""
    if SHEET_PATH in Client.shared_head_html:
        return
    content = "\n".join(path.read_text(encoding="utf-8") for path in _SHEETS).encode()
    version = hashlib.sha256(content).hexdigest()[:12]

    @app.get(SHEET_PATH, include_in_schema=False)
    def sheet(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        fresh = request.query_params.get("v") == version
        cache = "public, max-age=31536000, immutable" if fresh else "no-cache"
        return Response(content, media_type="text/css", headers={"Cache-Control": cache})

    ui.add_head_html(f'<link rel="stylesheet" href="{SHEET_PATH}?v={version}">', shared=True)
    _set_defaults()


def _set_defaults() -> None:
    # No bar over the page for each transfer: it has no name, and pages have skeletons.
    app.config.quasar_config["loadingBar"]["skipHijack"] = True
    ui.button.default_props("flat no-caps :ripple=false")
    for kind in (ui.input, ui.number, ui.select, ui.textarea):
        kind.default_props("outlined dense hide-bottom-space no-error-icon")
    ui.menu.default_props("transition-duration=80")
    ui.tooltip.default_props("delay=350 transition-duration=80")
    ui.switch.default_props("dense")
    ui.checkbox.default_props("dense")
    ui.card.default_props("flat bordered")


def look_of_user() -> str:
    """Return auto, light or dark: what this user chose."""
    chosen = str(app.storage.user.get(_KEY, ""))  # pyright: ignore[reportUnknownArgumentType]
    return chosen if chosen in LOOKS else "auto"


def choose_look(look: str) -> None:
    """Remember the look for this user."""
    if look in LOOKS:
        app.storage.user[_KEY] = look


def settle_look(client: Client) -> str:
    """Write the look into the page's head, so that the first paint has its colours."""
    look = look_of_user()
    client.page.dark = {"light": False, "dark": True}.get(look)
    if look in ("light", "dark"):  # one of two constants, never a stored text
        ui.add_head_html(f'<script>document.documentElement.dataset.look="{look}"</script>')
    return look
