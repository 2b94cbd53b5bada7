"""Version view: one version with its facts, its text, tools and differences, and what can be done."""

from functools import partial

from nicegui import ui

from components.primitives.button import button, copy_button, icon_button
from components.primitives.card import heading
from components.primitives.formats import clock_text, moment_text
from components.primitives.toolbar import Segment
from components.prompts.diff_view import comparison, size_text
from components.prompts.editor import write_tools
from components.prompts.names import author, is_live, message_text, type_word
from components.words import tr, trn
from gymbro_ui.actions import act
from gymbro_ui.pages.prompts.acts import PromptActs
from gymbro_ui.pages.prompts.desk import Desk
from gymbro_ui.pages.prompts.editing import Editing
from services.prompts.types import Prompt, PromptVersion


class VersionView:
    """Drawn anew for each version."""

    def __init__(
        self,
        page: Desk,
        head: Prompt,
        version: PromptVersion,
        calls: tuple[PromptActs, Editing],
    ) -> None:
        """Show that version of that prompt."""
        self._page = page
        self._acts, self._editing = calls
        self._head = head
        self._version = version
        self._is_live = is_live(head, version)
        self._is_newest = version.version_no == head.newest_no
        self._is_ahead = head.is_active and version.version_no > head.version_no

    def draw(self) -> None:
        """Draw the card in the present slot."""
        with ui.element("section").classes("gb-card").mark("version-card"):
            with ui.element("header").classes("gb-card__head gb-wrap"):
                heading(self._head.name)
                ui.label(f"v{self._version.version_no}").classes("gb-badge").mark("shown-version")
                self._draw_state()
                ui.element("div").classes("gb-grow")
                self._draw_acts()
            with ui.element("div").classes("gb-card__body"):
                self._draw_facts()
                self._draw_body()

    def _draw_state(self) -> None:
        if self._is_live:
            ui.label(tr("Live now")).classes("gb-badge").props("data-tone=ok").mark("live-badge")
        elif self._is_newest and self._head.is_active:
            ui.label(tr("Draft")).classes("gb-badge gb-badge--line")

    def _draw_acts(self) -> None:
        acts, editing = self._acts, self._editing
        button(tr("Try"), acts.try_out, icon="science", small=True, acts=True).mark("try-version")
        if self._is_newest:
            kind = "primary" if self._is_live else "default"
            made = button(tr("Edit"), editing.begin, icon="edit", small=True, kind=kind)
            made.mark("edit-version")
        if not self._is_live and (self._is_newest or self._is_ahead):
            made = button(tr("Activate"), acts.activate, small=True, kind="primary", acts=True)
            made.mark("activate-version")
        elif not self._is_newest:
            back = tr("Roll back to v{n}", n=self._version.version_no)
            button(back, acts.roll_back, icon="history", small=True, acts=True).mark("roll-back")
        self._draw_menu()

    def _draw_menu(self) -> None:
        acts, head = self._acts, self._head
        with icon_button("more_vert", tr("More"), small=True).mark("more"), ui.menu():
            ui.menu_item(tr("Name and description"), acts.describe)
            ui.menu_item(tr("Duplicate"), self._editing.duplicate)
            ui.menu_item(tr("Export as JSON"), acts.export)
            if head.is_active:
                ui.menu_item(tr("Switch off"), acts.deactivate)
            else:
                ui.menu_item(tr("Delete"), acts.delete)

    def _draw_facts(self) -> None:
        version, zone = self._version, self._page.zone
        ui.label(message_text(version)).classes("t-wrap").mark("version-said")
        with ui.element("div").classes("pr-facts"):
            who = author(version.created_by)
            at = clock_text(version.created_at, zone)
            saved = tr("saved {at} by {who}", at=at, who=who) if who else tr("saved {at}", at=at)
            ui.label(saved).tooltip(moment_text(version.created_at, zone))
            ui.label(type_word(self._head.prompt_type))
            if version.parent_no is not None:
                ui.label(tr("written from v{n}", n=version.parent_no))
            ui.label(f"sha {version.sha256[:12]}").tooltip(version.sha256)
        if self._is_live:
            self._draw_live()
        if self._head.description:
            ui.label(self._head.description).classes("t-table c-muted t-wrap")

    def _draw_live(self) -> None:
        """Say since when it is live as the table has it, and as the gateway saw it."""
        head, zone = self._head, self._page.zone
        parts: list[str] = []
        if head.live_since is not None:
            parts.append(tr("live since {at}", at=clock_text(head.live_since, zone)))
        served = self._page.console.prompts.served(head.id, head.version_no)
        if served is None:
            parts.append(tr("not used by the gateway since the console started"))
        else:
            last = clock_text(served.last_at, zone)
            uses = trn("{n} use", "{n} uses", served.count)
            parts.append(tr("{uses} since the console started, last {at}", uses=uses, at=last))
        with ui.element("div").classes("pr-facts").mark("live-facts"):
            for part in parts:
                ui.label(part)

    def _draw_body(self) -> None:
        tools = write_tools(self._version.tools_json)
        views = {"text": tr("Text"), "tools": tr("Tools"), "changes": tr("Changes")}
        with ui.element("div").classes("gb-row gb-wrap"):
            segment = Segment(views, "text", self._show, name=tr("Views"))
            segment.mark("version-views")
            ui.element("div").classes("gb-grow")
            self._aside = ui.element("div").classes("gb-row")
        self._body = ui.element("div").classes("gb-col")
        self._tools = tools
        self._show("text")

    def _show(self, view: str) -> None:
        self._aside.clear()
        self._body.clear()
        if view == "changes":
            self._draw_changes()
            return
        text = self._version.content if view == "text" else self._tools
        with self._aside:
            ui.label(size_text(text)).classes("t-meta c-faint")
            copy_button(text, tr("Copy"))
        with self._body:
            if text:
                with ui.element("pre").classes("pr-text").props("tabindex=0"):
                    ui.label(text).style("display:contents")
            else:
                ui.label(tr("No tools")).classes("c-muted")

    def _draw_changes(self) -> None:
        number = self._version.version_no
        others = [v.version_no for v in self._page.versions if v.version_no != number]
        if not others:
            with self._body:
                ui.label(tr("There is no other version to compare with.")).classes("c-muted")
            return
        base = self._head.version_no if self._head.is_active else 0
        base = base if base in others else self._version.parent_no or others[0]
        base = base if base in others else others[0]
        options = {no: self._base_word(no) for no in others}
        with self._aside:
            ui.label(tr("Compared with")).classes("t-meta c-muted")
            chosen = ui.select(options, value=base).mark("compare-with")
            chosen.props["aria-label"] = tr("Compared with")
            chosen.on_value_change(lambda event: self._compare(int(event.value)))
        ui.timer(0, partial(self._compare, base), once=True)

    def _base_word(self, number: int) -> str:
        is_served = self._head.is_active and number == self._head.version_no
        return tr("v{n} (live)", n=number) if is_served else f"v{number}"

    async def _compare(self, base: int) -> None:
        prompts = self._page.console.prompts
        found = await act(lambda: prompts.compare(self._head.id, base, self._version.version_no))
        if found is not None and not self._body.is_deleted:
            self._body.clear()
            with self._body:
                comparison(found)
