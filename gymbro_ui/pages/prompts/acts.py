"""Acts: try, activate, roll back, describe, switch off, delete, export, import."""

from typing import TYPE_CHECKING

from nicegui import ui

from components.live import on_batch
from components.primitives.confirm import confirm
from components.primitives.field import Field
from components.primitives.toast import toast
from components.prompts.dialogs import Review, describe, review
from components.prompts.import_dialog import ImportCalls, ImportDialog
from components.prompts.names import type_word
from components.prompts.trial_dialog import TrialCalls, TrialChoices, TrialDialog
from components.prompts.trial_grid import summary
from components.words import tr, trn
from gymbro_ui.actions import act
from gymbro_ui.pages.prompts.desk import Desk, on_page
from gymbro_ui.run_actions import BY
from services.prompts.types import ImportRow, Prompt, TrialRequest, TrialView

if TYPE_CHECKING:
    from services.console import Console


class PromptActs:
    """What the buttons of the shown version do."""

    def __init__(self, page: Desk) -> None:
        """Act on what that page shows."""
        self.page = page
        self._trial: TrialDialog | None = None
        self._trial_id = ""

    @property
    def _console(self) -> "Console":
        return self.page.console

    # -- live

    @on_page
    async def activate(self) -> None:
        """Show what would change for the app, with the newest trial, then make it live."""
        head, version = self.page.head, self.page.shown
        if head is None or version is None:
            return
        found = await act(
            lambda: self._console.prompts.compare_with_live(head.id, version.version_no)
        )
        if found is None:
            return
        trial = self._console.prompt_trials.newest(head.id, version.version_no)
        live = self._console.prompts.live_of(head.prompt_type)
        title = tr("Activate v{n} of {name}?", n=version.version_no, name=head.name)
        note = [tr("The app gets it on its next call."), _tried(trial)]
        if live is not None and live.id != head.id:
            note.insert(0, tr("It takes the place of {name}.", name=live.name))
        asked = Review(title, " ".join(note), _accept(trial), found, asks_message=False)
        if await review(asked) is None:
            return
        done = await act(
            lambda: self._console.prompts.activate(head.id, version.version_no),
            done=tr("v{n} is live", n=version.version_no),
            undo=None if live is None else lambda: self._back_to(live),
        )
        if done is not None and self._trial is not None:
            self._trial.dialog.close()

    async def _back_to(self, live: Prompt) -> None:
        await self._console.prompts.activate(live.id, live.version_no)

    @on_page
    async def roll_back(self) -> None:
        """Show the difference, then bring the old text back as a new version."""
        head, version = self.page.head, self.page.shown
        if head is None or version is None:
            return
        prompts = self._console.prompts
        found = await act(lambda: prompts.compare(head.id, head.version_no, version.version_no))
        if found is None:
            return
        if found.is_same:
            toast(tr("v{n} is the text in force already; nothing was added", n=version.version_no))
            return
        note = tr("It becomes v{n}, restored from this one.", n=head.newest_no + 1)
        if head.is_active:
            note = f"{note} {tr('It is live at once.')}"
        title = tr("Roll back to v{n}?", n=version.version_no)
        message = await review(Review(title, note, tr("Roll back"), found))
        if message is None:
            return
        done = await act(
            lambda: prompts.roll_back(head.id, version.version_no, edited_by=BY, message=message)
        )
        if done is not None:
            toast(tr("v{n} restored from v{old}", n=done.newest_no, old=version.version_no))
            await self.page.open_prompt(head.id, done.newest_no)

    @on_page
    async def deactivate(self) -> None:
        """Switch the prompt off after asking."""
        head = self.page.head
        if head is None:
            return
        text = tr(
            "No prompt of this type would be active: {type}.", type=type_word(head.prompt_type)
        )
        title = tr("Switch {name} off?", name=head.name)
        if await confirm(title, text, accept=tr("Switch off"), danger=True):
            await act(
                lambda: self._console.prompts.deactivate(head.id),
                done=tr("{name} is off", name=head.name),
                undo=lambda: self._back_to(head),
            )

    # -- try

    @on_page
    async def try_out(self) -> None:
        """Open the trial of the shown version."""
        head, version = self.page.head, self.page.shown
        if head is None or version is None:
            return
        live = self._console.prompts.live_of(head.prompt_type)
        is_live = live is not None and (live.id, live.version_no) == (head.id, version.version_no)
        choices = TrialChoices(
            head.id,
            version.version_no,
            tr("Try v{n} of {name}", n=version.version_no, name=head.name),
            [model.name for model in self._console.mapping.mapped()],
            self._console.settings.preferences.e2e_prompt_text,
            0 if live is None or is_live else live.version_no,
        )
        calls = TrialCalls(
            self._start_trial,
            self._cancel_trial,
            self._trial_closed,
            None if is_live else self.activate,
        )
        self._trial_id = ""
        with self.page.root:
            self._trial = TrialDialog(choices, calls)
            with self._trial.dialog:
                on_batch(self._console.prompt_trials.changed, self._heard, keep=self._is_ours)

    async def _start_trial(
        self, request: TrialRequest, fields: dict[str, Field], busy: ui.button
    ) -> None:
        view = await act(
            lambda: self._console.prompt_trials.start(request, started_by=BY),
            busy=busy,
            fields=fields,
        )
        if view is not None and self._trial is not None:
            self._trial_id = view.execution_id
            now = self._console.prompt_trials.view(view.execution_id)
            self._trial.show(now or view)

    def _is_ours(self, view: TrialView) -> bool:
        return view.execution_id == self._trial_id

    def _heard(self, views: list[TrialView]) -> None:
        if self._trial is not None:
            self._trial.show(views[-1])

    async def _cancel_trial(self) -> None:
        if self._trial_id:
            await act(lambda: self._console.prompt_trials.cancel(self._trial_id))

    def _trial_closed(self) -> None:
        self._trial = None

    # -- the prompt itself

    @on_page
    async def describe(self) -> None:
        """Ask for another name and description."""
        head = self.page.head
        if head is None:
            return

        async def store(name: str, description: str, fields: dict[str, Field]) -> bool:
            prompts = self._console.prompts
            return (
                await act(
                    lambda: prompts.describe(head.id, name=name, description=description),
                    done=tr("Saved"),
                    fields=fields,
                )
                is not None
            )

        await describe(head.name, head.description, store)

    @on_page
    async def delete(self) -> None:
        """Remove the prompt with its versions after asking."""
        head = self.page.head
        if head is None:
            return
        count = trn("{n} version", "{n} versions", head.newest_no)
        agreed = await confirm(
            tr("Delete {name}?", name=head.name),
            tr("With it goes its past: {count}. Results of runs keep their hash.", count=count),
            accept=tr("Delete"),
            danger=True,
        )
        if agreed:
            done = tr("{name} deleted", name=head.name)
            await act(lambda: self._console.prompts.delete(head.id), done=done)

    @on_page
    async def export(self) -> None:
        """Hand the newest version to the browser as a file."""
        head = self.page.head
        if head is None:
            return
        text = await act(lambda: self._console.prompts.export_text(head.id))
        if text is not None:
            stem = "".join(ch if ch.isalnum() or ch in "-_." else "_" for ch in head.name)[:80]
            ui.download(text.encode(), f"{stem or 'prompt'}.json", "application/json")

    # -- import

    def bring_in(self) -> None:
        """Open the import."""
        prompts = self._console.prompts

        async def plan_folder(folder: str, fields: dict[str, Field]) -> list[ImportRow] | None:
            async def work() -> list[ImportRow]:
                return await prompts.plan_import(await prompts.read_folder(folder))

            return await act(work, fields=fields)

        async def store(rows: list[ImportRow]) -> bool:
            count = await act(lambda: prompts.import_rows(rows, edited_by=BY))
            if count is not None:
                toast(trn("{n} prompt imported", "{n} prompts imported", count))
            return count is not None

        with self.page.root:
            ImportDialog(
                ImportCalls(
                    plan=lambda files: act(lambda: prompts.plan_import(files)),
                    folder=plan_folder,
                    store=store,
                )
            )


def _tried(trial: TrialView | None) -> str:
    if trial is None:
        return tr("It was not tried yet.")
    return tr("Trial: {what}.", what=summary(trial))


def _accept(trial: TrialView | None) -> str:
    is_whole = trial is not None and trial.is_over and trial.passed == len(trial.tried)
    return tr("Activate") if is_whole else tr("Activate anyway")
