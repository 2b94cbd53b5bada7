"""Prompts page: the list by type, the versions of one prompt, and the version that is shown."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from nicegui import background_tasks, context, ui

from components.live import on_batch
from components.primitives.banner import banner
from components.primitives.button import button
from components.primitives.card import card, page_head
from components.primitives.empty import empty, problem
from components.primitives.skeleton import skeleton_rows
from components.primitives.toolbar import spacer
from components.prompts.choice_list import ChoiceList
from components.prompts.names import prompt_entries, version_entries
from components.words import sentence, tr
from gymbro_ui.pages.prompts.acts import PromptActs
from gymbro_ui.pages.prompts.editing import Editing
from gymbro_ui.pages.prompts.version_view import VersionView
from services.foundation.errors import ConsoleError
from services.prompts.types import Hit, Prompt, PromptType, PromptVersion
from services.settings.types import OutputProtocol, PromptMode

if TYPE_CHECKING:
    from services.console import Console

PATH = "/prompts"
PAGE_MOST = 50  # versions read at a time


class PromptsPage:
    """One open page; what it shows can be read again at any time."""

    def __init__(self, console: "Console") -> None:
        """Read prompt and version from the address."""
        self.console = console
        query = parse_qs(context.client.sub_pages_router.current_path.partition("?")[2])
        self._asked_no = _number(query.get("v", [""])[0])
        self._chosen = _number(query.get("id", [""])[0])
        self._hits: list[Hit] | None = None
        self._needle = ""
        self._asked = 0  # number of the newest load; older ones are dropped
        self.head: Prompt | None = None
        self.versions: list[PromptVersion] = []  # without texts, newest first
        self.shown: PromptVersion | None = None
        self.acts = PromptActs(self)
        self.editing = Editing(self)

    # -- drawing

    def draw(self) -> None:
        """Draw the frame of the page and follow every change."""
        with page_head(tr("Prompts")):
            spacer()
            button(tr("Import"), self.acts.bring_in, icon="upload_file").mark("import-prompts")
            button(tr("New prompt"), self.editing.begin_new, icon="add", acts=True).mark(
                "new-prompt"
            )
        with ui.element("div") as self.root:
            self._draw_mode()
            with ui.element("div").classes("pr-split"):
                with ui.element("div").classes("pr-side"):
                    self._draw_lists()
                self.main = ui.element("div").classes("pr-main")
        with self.main, card():
            skeleton_rows(8)
        on_batch(self.console.prompts.changed, lambda _: self._changed())
        self._show_list()

    def _draw_mode(self) -> None:
        if self.console.settings.app.prompt_mode is PromptMode.PASSTHROUGH:
            text = tr("The prompt mode is passthrough: the gateway adds none of these prompts.")
            with ui.element("div").style("margin-bottom:16px"):
                banner(text, tone="slow")

    def _draw_lists(self) -> None:
        with ui.element("section").classes("gb-card"):
            with ui.element("div").classes("pr-side__search"):
                find = ui.input(placeholder=tr("Name, text or message"), on_change=self._search)
                find.props("debounce=200 clearable").props["aria-label"] = tr("Search prompts")
                find.mark("search-prompts").style("width:100%")
            with ui.element("div").classes("gb-card__body").style("padding:0"):
                none = tr("Nothing found")
                self._list = ChoiceList(tr("Prompts"), self._choose, none=none)
        with ui.element("section").classes("gb-card gb-card--tight") as self._past:
            with ui.element("header").classes("gb-card__head"), ui.element("h2"):
                ui.label(tr("Versions")).classes("t-table t-strong")
            with ui.element("div").classes("gb-card__body"):
                self._timeline = ChoiceList(
                    tr("Versions"), self.open_version, is_timeline=True
                ).mark("versions")
                self._older = button(tr("Show older"), self._more, kind="quiet", small=True)

    def _show_list(self) -> None:
        self._list.show(
            prompt_entries(self.console.prompts.all(), self._in_use(), self.zone, self._hits),
            self.head.id if self.head else None,
        )

    def _in_use(self) -> list[PromptType]:
        app = self.console.settings.app
        if app.prompt_mode is PromptMode.PASSTHROUGH:
            return []
        if app.app_output_protocol is OutputProtocol.JSONSEQ:
            return [PromptType.SYSTEM_JSONSEQ, PromptType.TOOLS_JSONSEQ]
        return [PromptType.SYSTEM, PromptType.TOOLS]

    def _show_timeline(self) -> None:
        head = self.head
        self._past.set_visibility(head is not None)
        if head is not None:
            shown = self.shown.version_no if self.shown else None
            self._timeline.show(version_entries(head, self.versions, self.zone), shown)
            self._older.set_visibility(bool(self.versions) and self.versions[-1].version_no > 1)

    @property
    def zone(self) -> str:
        """The operator's time zone."""
        return self.console.schedules.view().zone

    # -- loading

    async def load(self, version_no: int | None = None) -> None:
        """Read the chosen prompt's versions and one version's text, and show them."""
        self._asked += 1
        asked, wanted = self._asked, version_no or self._asked_no
        self._pick()
        head, prompts = self.head, self.console.prompts
        if head is None:
            self._draw_empty()
            return
        try:
            most = max(PAGE_MOST, len(self.versions))
            versions = await prompts.history(head.id, most)
            known = {version.version_no for version in versions}
            number = wanted if wanted in known else head.newest_no
            shown = await prompts.version(head.id, number)
        except ConsoleError as error:
            if asked == self._asked and not self.root.is_deleted:
                self._fail(sentence(error.message))
            return
        if asked == self._asked and not self.root.is_deleted:
            self.versions, self.shown, self._asked_no = versions, shown, None
            self._show_list()
            self._show_timeline()
            self.draw_main()

    def _pick(self) -> None:
        found = self.console.prompts.get(self._chosen) if self._chosen else None
        if found is None:
            used = self._in_use()
            found = min(
                self.console.prompts.all(),
                key=lambda p: (
                    not p.is_active,
                    p.prompt_type not in used,
                    used.index(p.prompt_type) if p.prompt_type in used else 0,
                ),
                default=None,
            )
        self.head = found
        self._chosen = found.id if found else None

    def draw_main(self) -> None:
        """Draw the shown version, or the text that is being written."""
        self.main.clear()
        with self.main:
            if self.editing.is_open:
                self.editing.draw()
            elif self.head is not None and self.shown is not None:
                VersionView(self, self.head, self.shown, (self.acts, self.editing)).draw()

    def _draw_empty(self) -> None:
        self._show_list()
        self._show_timeline()
        self.main.clear()
        with self.main:
            if self.editing.is_open:
                self.editing.draw()
                return
            with ui.element("section").classes("gb-card"):
                text = tr("A prompt is a text with tools that the gateway puts in front.")
                with empty(tr("No prompt yet"), text, symbol="edit_note"):
                    button(tr("New prompt"), self.editing.begin_new, icon="add", acts=True)

    def _fail(self, reason: str) -> None:
        self.main.clear()
        with self.main, card():
            problem(tr("This prompt could not be read"), reason, self.load)

    # -- what changes

    def _changed(self) -> None:
        """Show what is stored now; a text that is being written stays as it is."""
        background_tasks.create(self._follow(), name="read a prompt")

    async def _follow(self) -> None:
        with self.root:
            before, shown = self.head, self.shown
            keeps = (
                shown is not None and before is not None and shown.version_no != before.newest_no
            )
            if self.editing.is_open:
                self._pick()
                self._show_list()
                self.editing.warn()
                return
            await self.load(shown.version_no if keeps and shown else None)

    # -- what an operator does

    async def _choose(self, number: int) -> None:
        if await self.editing.may_leave():
            self._chosen, self.versions, self.shown = number, [], None
            await self.load()
            self.went()

    async def open_version(self, number: int) -> None:
        """Show that version."""
        if await self.editing.may_leave():
            await self.load(number)
            self.went()
        else:
            self._show_timeline()

    async def open_prompt(self, prompt_id: int, version_no: int | None = None) -> None:
        """Show another prompt."""
        self._chosen, self.versions, self.shown = prompt_id, [], None
        await self.load(version_no)
        self.went()

    async def _more(self) -> None:
        head = self.head
        if head is not None and self.versions:
            older = await self.console.prompts.history(
                head.id, PAGE_MOST, before=self.versions[-1].version_no
            )
            self.versions += older
            self._show_timeline()

    async def _search(self, event: object) -> None:
        self._needle = needle = str(getattr(event, "value", "") or "").strip()
        hits = await self.console.prompts.search(needle) if needle else None
        if needle == self._needle and not self.root.is_deleted:
            self._hits = hits
            self._show_list()

    def went(self) -> None:
        """Keep what is open in the address, so that a link shows the same."""
        if self.head is not None and self.shown is not None:
            query = f"?id={self.head.id}&v={self.shown.version_no}"
            ui.navigate.history.replace(PATH + query)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
