"""Choosing: the settings form bound to the console, drawn anew when users or models change."""

from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, ui

from components.live import on_batch
from components.primitives.card import heading
from components.primitives.skeleton import skeleton_rows
from components.primitives.toast import toast
from components.simulator.settings_form import FormCalls, FormChoices, SettingsForm
from components.status.reasons import reason_text
from components.words import tr
from gymbro_ui.actions import act
from services.dialogs.types import DialogRequest
from services.identities.types import SavedUser
from services.prompts.types import PromptType

if TYPE_CHECKING:
    from services.console import Console

_SYSTEM = (PromptType.SYSTEM, PromptType.SYSTEM_JSONSEQ, PromptType.AGENT_SYSTEM)


class Choosing:
    """The left panel."""

    def __init__(self, console: "Console") -> None:
        """Stand without a form until the saved users are read."""
        self._console = console
        self.form: SettingsForm | None = None

    def draw(self) -> None:
        """Draw the frame of the panel."""
        with ui.element("header").classes("si-panel__head"):
            heading(tr("How to ask"))
        self._body = ui.element("div").classes("si-panel__body")
        with self._body:
            skeleton_rows(5)
        on_batch(self._console.mapping.changed, lambda _: self._remap(), every_s=0.5)
        on_batch(self._console.targets.changed, lambda _: self._retarget(), every_s=0.5)

    async def load(self, asked: DialogRequest) -> None:
        """Draw the form for the present target with the values of `asked`."""
        users = await self._users()
        if self._body.is_deleted:
            return
        choices = FormChoices(
            models=self._models(),
            is_own=self._console.targets.current.is_self,
            users=users,
            prompts={p.id: p.name for p in self._console.prompts.all() if p.prompt_type in _SYSTEM},
            zone=self._console.settings.preferences.e2e_timezone,
            asked=asked,
        )
        calls = FormCalls(
            look_at=self._console.dialogs.look_at,
            add_user=self._add_user,
            drop_user=self._drop_user,
            read_models=self._read_models,
            versions=self._versions,
        )
        self._body.clear()
        with self._body:
            self.form = SettingsForm(choices, calls)

    def _models(self) -> list[str]:
        if not self._console.targets.current.is_self:
            return []
        return [model.name for model in self._console.mapping.mapped()]

    def _remap(self) -> None:
        if self.form is not None and self._console.targets.current.is_self:
            self.form.show_models(self._models())

    def _retarget(self) -> None:
        """Draw the form anew: another service has other users and models."""
        background_tasks.create(self._redraw_here(), name="another service under test")

    async def _redraw_here(self) -> None:
        if not self._body.is_deleted:
            with self._body:  # a background task stands on no page
                await self._redraw()

    async def _users(self) -> list[SavedUser]:
        target = self._console.targets.current
        found = await act(self._console.identities.saved.all)
        return [user for user in found or () if user.auth_url == target.auth_url]

    async def _redraw(self) -> None:
        """Draw the form with other users, what is chosen staying as it is."""
        form = self.form
        if form is None:
            return
        values: dict[str, Any] = form.values()
        kept = {name: values[name] for name in ("model", "result_mode", "protocol", "uses_tools")}
        await self.load(DialogRequest(message="", **kept))

    async def _add_user(self) -> None:
        target = self._console.targets.current

        async def make() -> SavedUser | None:
            user, signed = await self._console.identities.saved.create(target)
            if user is None:
                words = f"{reason_text(signed.error)} {signed.detail}".strip()
                toast(tr("No user was made: {reason}", reason=words), tone="failed")
            return user

        made = await act(make)
        if made is not None:
            await self._redraw_for(made.id)
            with self._body:
                toast(tr("{name} is saved", name=made.email))

    async def _redraw_for(self, number: int | None) -> None:
        await self._redraw()
        if self.form is not None:
            with self._body:
                self.form.identity.control.set_value("saved")
                if number is not None:
                    self.form.user.control.set_value(str(number))

    async def _drop_user(self, number: int) -> None:
        target = self._console.targets.current
        await act(
            lambda: self._console.identities.saved.delete(target, number),
            done=tr("The user is forgotten"),
        )
        await self._redraw_for(None)

    async def _read_models(self) -> None:
        found = await act(self._console.dialogs.model_keys)
        if found is not None and self.form is not None:
            self.form.show_models(found)
            toast(tr("{n} model keys were read", n=len(found)))

    async def _versions(self, prompt_id: int) -> list[int]:
        found = await act(lambda: self._console.prompts.versions(prompt_id))
        return [version.version_no for version in found or ()]
