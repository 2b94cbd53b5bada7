"""Top bar: the service under test, the connection, and what one can do from anywhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from nicegui import ui

from components.primitives.button import button, icon, icon_button
from components.status.targets import target_name
from components.words import LANGUAGES, language, tr, trn
from services.targets.types import Target

LOOK_ICONS = {"auto": "brightness_auto", "light": "light_mode", "dark": "dark_mode"}


@dataclass(frozen=True, slots=True)
class AccountMenu:
    """Who is signed in, and what they call."""

    name: str
    role: str  # in the page's language
    settings: Callable[[], Any]
    sign_out: Callable[[], Any]
    sign_out_everywhere: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class TopActs:
    """What the top bar's controls call."""

    select_target: Callable[[int], Any]
    search: Callable[[], Any]
    run: Callable[[str], Any]  # all, anonymous or permanent
    choose_language: Callable[[str], Any]
    choose_look: Callable[[str], Any]
    account: AccountMenu | None = None  # None: nobody had to sign in


class TopBar(ui.element):
    """The row of 48 px above every page."""

    def __init__(self, acts: TopActs, look: str) -> None:
        """Draw the row; show_target and show_run fill it."""
        super().__init__("header")
        self.classes("gb-top")
        self._acts = acts
        self._looks: dict[str, ui.menu_item] = {}
        with self:
            self._target = ui.button(color=None).classes("gb-top__target")
            self.connection = ui.element("div").classes("gb-row gap-0")
            ui.element("div").classes("gb-top__gap")
            self._search()
            self._run_buttons()
            ui.element("div").classes("gb-top__line")
            self._language_button()
            self._look_button(look)
            if acts.account is not None:
                _account_button(acts.account)

    def show_target(self, current: Target, targets: Sequence[Target]) -> None:
        """Show which service is under test and which others there are."""
        self._target.clear()
        self._target.props["aria-label"] = tr(
            "Service under test: {name}", name=target_name(current)
        )
        with self._target:
            ui.element("span").classes("gb-tag").props["data-tag"] = current.colour
            ui.label(target_name(current)).classes("gb-top__name t-clip")
            if current.is_production:
                ui.label(tr("Production")).classes("gb-badge gb-badge--line")
            ui.label(address_text(current.api_base)).classes("gb-top__address t-clip")
            icon("expand_more").classes("c-faint")
            with ui.menu().props("fit"):
                ui.label(tr("Service under test")).classes("gb-palette__group")
                for target in targets:
                    self._target_item(target, is_current=target.id == current.id)
                ui.separator().classes("q-my-xs")
                ui.menu_item(tr("Manage services"), lambda: ui.navigate.to("/settings#targets"))

    def show_run(self, conversations: int, running: tuple[int, int] | None) -> None:
        """Name the cost of a run, or how far the running one is; until its cells are planned it starts."""
        if running is not None:
            done, total = running
            text = tr("Running {done}/{total}", done=done, total=total) if total else tr("Starting")
        else:
            text = trn("Run E2E · {n} conversation", "Run E2E · {n} conversations", conversations)
        idle = running is None and conversations > 0
        self._box.props["data-busy"] = "true" if running is not None else "false"
        self._box.update()
        self._run.set_text(text)
        self._run.set_enabled(idle)
        self._more.set_enabled(idle)

    def show_look(self, look: str) -> None:
        """Show the chosen look on its button."""
        self._look.props["icon"] = f"sym_o_{LOOK_ICONS[look]}"
        self._look.update()

    def _target_item(self, target: Target, *, is_current: bool) -> None:
        with ui.menu_item(on_click=lambda: self._acts.select_target(target.id)) as item:
            item.classes("gap-12 items-center")
            ui.element("span").classes("gb-tag").props["data-tag"] = target.colour
            with ui.element("div").classes("gb-col gap-0 gb-grow"):
                with ui.element("div").classes("gb-row"):
                    ui.label(target_name(target)).classes("t-strong" if is_current else "")
                    if target.is_production:
                        ui.label(tr("Production")).classes("gb-badge gb-badge--line")
                ui.label(address_text(target.api_base)).classes("t-meta c-faint")
            if is_current:
                icon("check")

    def _search(self) -> None:
        made = button("", self._acts.search, icon="search").classes("gb-top__search")
        made.props["aria-label"] = tr("Search (Ctrl+K)")
        with made:
            ui.label(tr("Search")).classes("gb-top__word")
            ui.label("Ctrl K").classes("gb-kbd")

    def _run_buttons(self) -> None:
        with ui.element("div").classes("gb-row gap-0 gb-run") as self._box:
            self._run = button(
                tr("Run E2E"), lambda: self._acts.run("all"), kind="primary", acts=True
            )
            self._run.props["icon"] = "sym_o_play_arrow"
            self._more = icon_button("expand_more", tr("Run only a part"), acts=True)
            self._more.classes("gb-btn-primary gb-run__more")
            with self._more, ui.menu().props("anchor='bottom right' self='top right'"):
                ui.menu_item(tr("Anonymous only"), lambda: self._acts.run("anonymous"))
                ui.menu_item(tr("Registered only"), lambda: self._acts.run("permanent"))

    def _language_button(self) -> None:
        other = next(code for code in LANGUAGES if code != language())
        made = icon_button("translate", LANGUAGES[other], lambda: self._acts.choose_language(other))
        made.props["lang"] = other

    def _look_button(self, look: str) -> None:
        self._look = icon_button(LOOK_ICONS[look], tr("Light or dark"))
        names = {"auto": tr("As the system"), "light": tr("Light"), "dark": tr("Dark")}
        with self._look, ui.menu():
            for key, name in names.items():
                with ui.menu_item(on_click=partial(self._acts.choose_look, key)) as item:
                    item.classes("gap-12 items-center")
                    icon(LOOK_ICONS[key])
                    ui.label(name)


def _account_button(account: AccountMenu) -> None:
    made = icon_button("account_circle", tr("Signed in as {name}", name=account.name))
    made.mark("account-menu")
    with made, ui.menu().props("anchor='bottom right' self='top right'"):
        with ui.element("div").classes("gb-top__who"):
            ui.label(account.name).classes("t-strong t-clip")
            ui.label(account.role).classes("t-meta c-muted")
        ui.separator()
        for symbol, text, call in (
            ("shield_person", tr("Access"), account.settings),
            ("logout", tr("Sign out"), account.sign_out),
            ("devices", tr("Sign out everywhere"), account.sign_out_everywhere),
        ):
            with ui.menu_item(on_click=call) as item:
                item.classes("gap-12 items-center")
                icon(symbol)
                ui.label(text)


def address_text(api_base: str) -> str:
    """Return host and port of an address, which is what tells two services apart."""
    return api_base.split("://", 1)[-1].removesuffix("/api/v1")
