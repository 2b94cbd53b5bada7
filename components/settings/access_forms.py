"""Access forms: a new account, a new password, a new token and its one showing."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from components.primitives.button import button, copy_button
from components.primitives.field import Field, choice_field, text_field
from components.settings.access_lists import KIND_WORDS, ROLE_WORDS
from components.words import tr
from services.access.types import NewToken, Role, TokenKind

Fields = dict[str, Field]
SaveAccount = Callable[[str, Role, str, Fields], Awaitable[bool]]
SavePassword = Callable[[str, str, Fields], Awaitable[bool]]
SaveToken = Callable[[str, TokenKind, int | None, Fields], Awaitable[NewToken | None]]
_NO_END = "0"
_MIN = 10


class _Form(ABC):
    """A dialog with fields and two buttons; `save` returns whether it is done."""

    def __init__(self, title: str, accept: str) -> None:
        self.fields: Fields = {}
        with ui.dialog() as self.dialog, ui.card().classes("gb-dialog") as self.sheet:
            with ui.element("h2").classes("t-section"):
                ui.label(title)
            with ui.element("form").classes("gb-col gap-16") as form:
                form.on("submit.prevent", self._submit)
                self.draw()
                with ui.element("div").classes("gb-form__acts"):
                    button(tr("Cancel"), self.dialog.close).props("type=button")
                    self._accept = button(accept, None, kind="primary").props("type=submit")
        self.dialog.on("hide", self.dialog.delete)
        self.dialog.open()

    @abstractmethod
    def draw(self) -> None:
        """Draw the fields."""

    @abstractmethod
    async def save(self) -> bool:
        """Store; return whether the dialog may close."""

    def value(self, name: str) -> str:
        return str(self.fields[name].control.value or "")

    async def _submit(self) -> None:
        self._accept.disable()  # a second Enter meanwhile
        is_done = await self.save()
        if not self._accept.is_deleted:
            self._accept.enable()
        if is_done:
            self.dialog.close()

    def draw_password(self) -> None:
        """Draw a new password and its repetition."""
        hint = tr("At least {n} characters; a sentence is easily remembered", n=_MIN)
        self.fields["password"] = text_field(tr("New password"), secret=True, hint=hint)
        self.fields["again"] = text_field(tr("Once more"), secret=True)

    def is_same(self) -> bool:
        """Whether both passwords are the same; the field says so when not."""
        same = self.value("password") == self.value("again")
        self.fields["again"].refuse("" if same else tr("The two are not the same"))
        return same


class AccountForm(_Form):
    """Name, role and password of a new account."""

    def __init__(self, save: SaveAccount, *, is_first: bool) -> None:
        """Open; the first account is an operator."""
        self._store, self._is_first = save, is_first
        super().__init__(tr("Add an account"), tr("Add"))

    def draw(self) -> None:
        """Draw name, role and password."""
        first = "operator" if self._is_first else ""
        self.fields["name"] = text_field(tr("Account"), first, hint=tr("What one signs in with"))
        roles = {str(key): tr(text) for key, text in ROLE_WORDS.items()}
        hint = tr("Read-only sees everything and changes nothing")
        self.fields["role"] = choice_field(tr("Role"), roles, str(Role.OPERATOR), hint=hint)
        self.fields["role"].control.set_enabled(not self._is_first)
        self.draw_password()

    async def save(self) -> bool:
        """Store the account."""
        if not self.is_same():
            return False
        role = Role(self.value("role"))
        return await self._store(self.value("name"), role, self.value("password"), self.fields)


class PasswordForm(_Form):
    """A new password for an account; for one's own the present one is asked first."""

    def __init__(self, name: str, save: SavePassword, *, is_own: bool) -> None:
        """Open for the account."""
        self._store, self._is_own = save, is_own
        super().__init__(tr("New password for {name}", name=name), tr("Save"))

    def draw(self) -> None:
        """Draw the passwords."""
        if self._is_own:
            self.fields["old"] = text_field(tr("Present password"), secret=True)
            self.fields["old"].control.props("autocomplete=current-password")
        self.draw_password()
        ui.label(tr("Other sign-ins of this account end.")).classes("t-meta c-muted")

    async def save(self) -> bool:
        """Store the password."""
        if not self.is_same():
            return False
        old = self.value("old") if self._is_own else ""
        return await self._store(old, self.value("password"), self.fields)


class TokenForm(_Form):
    """What a token is for; then the token itself, once."""

    def __init__(self, save: SaveToken) -> None:
        """Open."""
        self._store = save
        super().__init__(tr("New token for a program"), tr("Make it"))

    def draw(self) -> None:
        """Draw name, right and end."""
        self.fields["name"] = text_field(tr("Name"), hint=tr("What uses it, such as prometheus"))
        kinds = {str(key): tr(text) for key, text in KIND_WORDS.items()}
        hint = tr("Read-only may call GET alone, /metrics among them")
        self.fields["kind"] = choice_field(tr("May do"), kinds, str(TokenKind.READ_ONLY), hint=hint)
        ends = {str(n): tr("{n} days", n=n) for n in (30, 90, 365)} | {_NO_END: tr("No end")}
        self.fields["days"] = choice_field(tr("Good for"), ends, "90")

    async def save(self) -> bool:
        """Make the token and show it in place of the form."""
        days = int(self.value("days")) or None
        kind = TokenKind(self.value("kind"))
        made = await self._store(self.value("name"), kind, days, self.fields)
        if made is not None:
            self.sheet.clear()
            with self.sheet:
                self._show(made)
        return False

    def _show(self, made: NewToken) -> None:
        with ui.element("h2").classes("t-section"):
            ui.label(tr("Token {name}", name=made.token.name))
        ui.label(tr("Copy it now: it is not shown again.")).classes("c-muted")
        with ui.element("div").classes("gb-access__secret"):
            ui.label(made.secret).classes("t-mono gb-grow").mark("token-secret")
            copy_button(made.secret, tr("Copy {name}", name=made.token.name), small=False)
        example: Any = ui.label(f"Authorization: Bearer {made.token.prefix}…")
        example.classes("t-mono c-faint")
        with ui.element("div").classes("gb-dialog__acts"):
            button(tr("Done"), self.dialog.close, kind="primary").props("autofocus")
