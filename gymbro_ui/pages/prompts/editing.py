"""Editing: write a version, see the difference, save it; nothing that was typed is lost on the way."""

from nicegui import ui

from components.primitives.banner import banner
from components.primitives.button import button
from components.primitives.card import heading
from components.primitives.confirm import confirm
from components.primitives.toast import toast
from components.prompts.dialogs import ask_new
from components.prompts.editor import Draft, Editor, EditorCalls, write_tools
from components.prompts.names import TYPE_WORDS, type_word
from components.words import tr
from gymbro_ui.actions import act
from gymbro_ui.pages.prompts import shelf
from gymbro_ui.pages.prompts.desk import NEW, Desk, Work, on_page
from gymbro_ui.pages.prompts.saving import Saving
from gymbro_ui.pages.prompts.shelf import Shelved
from services.prompts.types import PromptType, PromptVersion


class Editing:
    """At most one text of a page is open."""

    def __init__(self, page: Desk) -> None:
        """Start closed."""
        self.page = page
        self.work: Work | None = None
        self.editor: Editor | None = None
        self._saving = Saving(page, self)
        self._warning: ui.element | None = None

    @property
    def is_open(self) -> bool:
        """Whether a text is being written."""
        return self.work is not None

    # -- begin and end

    @on_page
    async def begin(self) -> None:
        """Open the newest version for a change, with what was typed before."""
        head = self.page.head
        if head is None:
            return
        prompts = self.page.console.prompts
        version = await act(lambda: prompts.version(head.id, head.newest_no))
        if version is not None:
            self.work = Work(
                head.name, head.prompt_type, draft_of(version), version.version_no, head.id
            )
            self.page.draw_main()

    @on_page
    async def begin_new(self) -> None:
        """Ask for name and type, then open an empty text or the live one."""
        if not await self.may_leave():
            return
        prompts = self.page.console.prompts
        types = {kind: type_word(kind) for kind in TYPE_WORDS}
        asked = await ask_new(types, lambda name: any(p.name == name for p in prompts.all()))
        if asked is None:
            return
        same = [p for p in prompts.all() if p.prompt_type is asked.prompt_type and p.is_active]
        start = Draft(same[0].content, write_tools(same[0].tools_json)) if same else Draft("", "")
        self._open_new(asked.name, asked.prompt_type, start if asked.is_copy else Draft("", ""))

    @on_page
    async def duplicate(self) -> None:
        """Open the shown version as a new prompt."""
        head, shown = self.page.head, self.page.shown
        if head is not None and shown is not None and await self.may_leave():
            taken = {prompt.name for prompt in self.page.console.prompts.all()}
            names = (tr("{name} copy {n}", name=head.name[:180], n=n) for n in range(1, 1000))
            name = next(name for name in names if name not in taken)
            self._open_new(name, head.prompt_type, draft_of(shown))

    def _open_new(self, name: str, prompt_type: PromptType, start: Draft) -> None:
        shelf.keep(NEW, Shelved(start, 0))
        self.work = Work(name, prompt_type, Draft("", ""), 0)
        self.page.draw_main()

    async def may_leave(self) -> bool:
        """Close the editor; what was typed stays on the shelf, and the operator is told so."""
        if self.work is None:
            return True
        if self.work.prompt_id == NEW and self.editor is not None and self.editor.is_changed:
            agreed = await confirm(
                tr("Discard the new prompt?"),
                tr("It was never saved."),
                accept=tr("Discard"),
                danger=True,
            )
            if not agreed:
                return False
        elif self.editor is not None and self.editor.is_changed:
            toast(tr("Your text of {name} is kept until you save it", name=self.work.name))
        self._close()
        return True

    @on_page
    async def _discard(self) -> None:
        work = self.work
        if work is None:
            return
        if self.editor is not None and self.editor.is_changed:
            agreed = await confirm(tr("Discard your changes?"), accept=tr("Discard"), danger=True)
            if not agreed:
                return
        shelf.forget(work.prompt_id)
        self._close()
        await self.page.load()

    def _close(self) -> None:
        self.work, self.editor, self._warning = None, None, None

    # -- drawing

    def draw(self) -> None:
        """Draw the editor in the present slot."""
        work = self.work
        assert work is not None  # the page asks is_open first
        kept = shelf.find(work.prompt_id)
        if kept is not None:
            work.parent_no = kept.parent_no
        with ui.element("section").classes("gb-card").mark("editor-card"):
            with ui.element("header").classes("gb-card__head"):
                heading(work.name)
                number = work.parent_no + 1
                text = tr("new v{n} from v{parent}", n=number, parent=work.parent_no)
                ui.label(text if work.parent_no else type_word(work.prompt_type)).classes(
                    "gb-badge"
                )
            with ui.element("div").classes("gb-card__body"):
                self._warning = ui.element("div").style("display:none")
                self.editor = Editor(
                    kept.draft if kept is not None else work.base,
                    work.base,
                    EditorCalls(self._typed, self._saving.review, self._discard),
                )
        self.warn()

    def _typed(self, draft: Draft) -> None:
        work = self.work
        if work is None:
            return
        if draft == work.base and work.prompt_id != NEW:
            shelf.forget(work.prompt_id)
        else:
            shelf.keep(work.prompt_id, Shelved(draft, work.parent_no))

    def warn(self) -> None:
        """Say that another version was saved since this text was begun."""
        work, place = self.work, self._warning
        head = self.page.console.prompts.get(work.prompt_id) if work else None
        if work is None or place is None or place.is_deleted:
            return
        place.clear()
        is_late = head is not None and head.newest_no > work.parent_no
        place.style("display:block" if is_late else "display:none")
        if head is not None and is_late:
            with place:
                text = tr("v{n} was saved meanwhile.", n=head.newest_no)
                row = banner(text, tone="slow")
                with row:
                    button(tr("Compare"), self._saving.settle, kind="quiet", small=True)

    # -- for the saving

    def close(self) -> None:
        """Stop writing."""
        self._close()

    def rebase(self, version: PromptVersion, draft: Draft | None) -> None:
        """Stand on another version, with this text or with its own."""
        work = self.work
        assert work is not None  # only a text that is written can change its ground
        work.base, work.parent_no = draft_of(version), version.version_no
        if draft is None:
            shelf.forget(work.prompt_id)
        else:
            shelf.keep(work.prompt_id, Shelved(draft, work.parent_no))
        self.page.draw_main()


def draft_of(version: PromptVersion) -> Draft:
    """Return a version as it is edited."""
    return Draft(version.content, write_tools(version.tools_json))
