"""Target form: the address, tag and keys of one service under test, in a dialog."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from nicegui import ui

from components.primitives.button import button
from components.primitives.field import Field, text_field
from components.primitives.status_dot import StatusDot
from components.primitives.toolbar import Segment
from components.status.looks import CELL_LOOKS
from components.status.targets import target_name
from components.words import tr, word
from services.e2e.types import CellStatus
from services.targets.types import Target, TargetEdit

COLOUR_WORDS: Mapping[str, str] = {
    "blue": word("Blue"),
    "teal": word("Teal"),
    "purple": word("Purple"),
    "orange": word("Orange"),
}
Save = Callable[[TargetEdit, dict[str, Field]], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Tested:
    """What a test of the connection found, in one sentence."""

    is_good: bool
    text: str


Test = Callable[[TargetEdit, dict[str, Field]], Awaitable[Tested | None]]


class TargetForm:
    """One dialog; stored keys are never shown, an empty key field leaves them as they are."""

    def __init__(self, target: Target | None, save: Save, test: Test) -> None:
        """Open it for the target, or for a new one; `save` returns whether it was stored.

        `test` tries the values as they stand, without storing them; None when they were refused.
        """
        self._target = target
        self._store = save
        self._try = test
        self._fields: dict[str, Field] = {}
        with ui.dialog() as self._dialog, ui.card().classes("gb-dialog gb-dialog--wide"):
            self._draw()
        self._dialog.on("hide", self._dialog.delete)
        self._dialog.open()

    @property
    def _is_self(self) -> bool:
        return self._target is not None and self._target.is_self

    def _draw(self) -> None:
        old = self._target
        with ui.element("h2").classes("t-section"):
            ui.label(
                tr("Add a service under test")
                if old is None
                else tr("Edit {name}", name=target_name(old))
            )
        with ui.element("form").classes("gb-form").on("submit.prevent", self._save):
            self._fields["name"] = text_field(tr("Name"), old.name if old else "")
            self._colour_field(old.colour if old else "teal")
            self._address_fields(old)
            self._key_fields(old)
            self._account_fields(old)
            with ui.element("div").classes("gb-form__wide"):
                self._production = ui.switch(
                    tr("Production: shown beside its name everywhere"),
                    value=old.is_production if old else False,
                )
            self._test_row()
            with ui.element("div").classes("gb-form__acts gb-form__wide"):
                button(tr("Cancel"), self._dialog.close).props("type=button")
                self._submit = button(tr("Save"), None, kind="primary", acts=True).props(
                    "type=submit"
                )

    def _colour_field(self, colour: str) -> None:
        field = Field(tr("Colour tag"))
        with field:
            choices = {key: tr(text) for key, text in COLOUR_WORDS.items()}
            self._colour = Segment(choices, colour, lambda _: None, name=tr("Colour tag"))
            field.hold(self._colour)
        self._fields["colour"] = field

    def _address_fields(self, old: Target | None) -> None:
        api = text_field(
            tr("API address"),
            old.api_base if old else "",
            placeholder="https://api.example.com/api/v1",
            hint=tr("This console's own gateway; its address follows the settings of the process")
            if self._is_self
            else "",
        )
        sign_in = text_field(
            tr("Sign-in address"),
            old.auth_url if old else "",
            placeholder="https://xxxx.supabase.co",
            hint="" if self._is_self else tr("A changed address forgets the stored keys"),
        )
        for name, field in (("api_base", api), ("auth_url", sign_in)):
            field.classes("gb-form__wide")
            field.control.set_enabled(not self._is_self)
            self._fields[name] = field

    def _key_fields(self, old: Target | None) -> None:
        if self._is_self:
            return
        for name, label, stored in (
            ("anon_key", tr("Anon key"), bool(old and old.anon_key)),
            ("service_key", tr("Service key"), bool(old and old.service_key)),
        ):
            hint = tr("Stored; leave empty to keep it") if stored else ""
            self._fields[name] = text_field(label, secret=True, hint=hint)

    def _account_fields(self, old: Target | None) -> None:
        email = text_field(
            tr("Test account (e-mail)"),
            old.user_email if old else "",
            hint=tr("Empty: an account is made for each run and deleted after it"),
        )
        stored = bool(old and old.user_password)
        hint = tr("Stored; leave empty to keep it") if stored else ""
        self._fields["user_email"] = email
        self._fields["user_password"] = text_field(tr("Its password"), secret=True, hint=hint)

    def _test_row(self) -> None:
        with ui.element("div").classes("gb-form__wide gb-col gap-4"):
            with ui.element("div").classes("gb-row"):
                self._tester = button(
                    tr("Test connection"), self._test, icon="network_check", acts=True
                )
                self._tester.props("type=button")
                ui.label(
                    tr(
                        "Signs in anonymously once: one test user, deleted after it; no conversation"
                    )
                ).classes("t-meta c-faint")
            self._found = ui.element("div").props("aria-live=polite")

    async def _test(self) -> None:
        self._found.clear()
        self._tester.props("loading")
        asked = self._edit()
        tested = await self._try(asked, self._fields)
        if self._dialog.is_deleted:
            return
        self._tester.props(remove="loading")
        if tested is not None and self._edit() == asked:
            look = CELL_LOOKS[CellStatus.OK if tested.is_good else CellStatus.FAILED]
            with self._found:
                StatusDot(look.tone, look.shape, look.weight, tested.text)

    def _edit(self) -> TargetEdit:
        def value(name: str) -> str:
            field = self._fields.get(name)
            return str(field.control.value or "").strip() if field is not None else ""

        return TargetEdit(
            id=self._target.id if self._target else None,
            name=value("name"),
            api_base=value("api_base"),
            auth_url=value("auth_url"),
            colour=self._colour.value,
            is_production=bool(self._production.value),
            anon_key=value("anon_key") or None,
            service_key=value("service_key") or None,
            user_email=value("user_email"),
            user_password=value("user_password") or None,
        )

    async def _save(self) -> None:
        self._submit.props("loading")
        is_stored = await self._store(self._edit(), self._fields)
        self._submit.props(remove="loading")
        if is_stored:
            self._dialog.close()
