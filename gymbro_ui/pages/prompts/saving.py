"""Saving: the difference before a version is kept, and what to do when another came in between."""

from typing import Any

from components.primitives.toast import toast
from components.prompts.dialogs import Review, conflict, review
from components.prompts.editor import BadToolsError, Draft
from components.prompts.names import author
from components.words import sentence, tr
from gymbro_ui.actions import act
from gymbro_ui.pages.prompts import shelf
from gymbro_ui.pages.prompts.desk import Desk, Writing, on_page
from gymbro_ui.run_actions import BY
from services.prompts.types import Prompt, PromptEdit, VersionConflictError


class Saving:
    """The way from a typed text to a stored version."""

    def __init__(self, page: Desk, editing: Writing) -> None:
        """Save what `editing` holds."""
        self.page = page
        self._editing = editing

    @on_page
    async def review(self) -> None:
        """Show what changed, ask for a message, save."""
        work, draft = self._editing.work, self._readable()
        if work is None or draft is None:
            return
        old_tools: Any = [] if work.is_new else work.base.tools_json()
        prompts = self.page.console.prompts
        found = await act(
            lambda: prompts.compare_texts(work.base.text, old_tools, draft.text, draft.tools_json())
        )
        if found is None:
            return
        note = tr("It does not go live by that: trying and activating are acts of their own.")
        title = tr("Save v{n} of {name}?", n=work.parent_no + 1, name=work.name)
        message = await review(Review(title, note, tr("Save"), found))
        if message is not None:
            await self._store(draft, message)

    @on_page
    async def settle(self) -> None:
        """Show their version against this text, and let one of them stand."""
        if await self._agree(""):
            toast(tr("Your text now stands on their version. Review it, then save."))

    def _readable(self) -> Draft | None:
        """Return what is typed, or None after pointing at tools that cannot be read."""
        editor = self._editing.editor
        if editor is None:
            return None
        try:
            editor.draft.tools_json()
        except BadToolsError:
            editor.tools.point_out()
            return None
        return editor.draft

    async def _store(self, draft: Draft, message: str) -> None:
        work, editor = self._editing.work, self._editing.editor
        if work is None or editor is None:
            return
        edit = PromptEdit(
            id=None if work.is_new else work.prompt_id,
            name=work.name if work.is_new else None,
            prompt_type=work.prompt_type,
            content=draft.text,
            tools_json=None if draft.tools == work.base.tools else draft.tools_json(),
            edited_by=BY,
            message=message,
            parent_no=work.parent_no or None,
        )

        async def save() -> Prompt | VersionConflictError:
            try:
                return await self.page.console.prompts.save(edit)
            except VersionConflictError as error:
                return error

        done = await act(save, fields=editor.fields)
        if isinstance(done, VersionConflictError):
            if await self._agree(sentence(done.message)):
                await self._store(draft, message)
        elif done is not None:
            shelf.forget(work.prompt_id)
            self._editing.close()
            toast(tr("v{n} saved. Try it, then activate it.", n=done.newest_no))
            await self.page.open_prompt(done.id, done.newest_no)

    async def _agree(self, note: str) -> bool:
        """Return whether this text shall stand, on top of the version that came in between."""
        work, draft = self._editing.work, self._readable()
        prompts = self.page.console.prompts
        head = prompts.get(work.prompt_id) if work else None
        if head is None or draft is None:
            return False
        theirs = await act(lambda: prompts.version(head.id, head.newest_no))
        if theirs is None:
            return False
        found = await act(
            lambda: prompts.compare_texts(
                theirs.content, theirs.tools_json, draft.text, draft.tools_json()
            )
        )
        if found is None:
            return False
        who = author(theirs.created_by) or "?"
        saved = tr("v{n} by {who}. Below: from theirs to yours.", n=theirs.version_no, who=who)
        chosen = await conflict(f"{note} {saved}".strip(), found)
        if chosen:
            self._editing.rebase(theirs, draft if chosen == "mine" else None)
        return chosen == "mine"
