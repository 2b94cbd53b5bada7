"""Access cards of the settings: how the console is reached, accounts, sign-ins, tokens."""

from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from components.live import on_batch
from components.primitives.button import button
from components.primitives.card import card
from components.primitives.confirm import confirm
from components.primitives.field import Field
from components.settings.access_forms import AccountForm, PasswordForm, TokenForm
from components.settings.access_head import AccessHead
from components.settings.access_lists import AccountActs, AccountList, SessionList, TokenList
from components.words import tr
from gymbro_ui.actions import act, save_preferences
from gymbro_ui.visitors import present_visitor
from services.access.types import Account, ApiToken, NewToken, OpenSession, Role, TokenKind
from services.settings.types import Preferences

if TYPE_CHECKING:
    from services.console import Console

REFRESH_S = 20.0


def access_card(console: "Console") -> None:
    """Draw every card of the section."""
    with ui.element("div").classes("gb-col gap-16"):
        _reach(console)
        _accounts(console)
        _sessions(console)
        _tokens(console)


def _reach(console: "Console") -> None:
    with card(tr("Access"), note=tr("From where the console is reached, and who signs in")):
        head = AccessHead(console.settings.preferences, partial(save_preferences, console))

    def show() -> None:
        head.show(console.access.exposure)

    def load(batch: list[Preferences]) -> None:
        head.load(batch[-1])
        show()

    on_batch(console.settings.changed, load)
    on_batch(console.access.changed, lambda _: show())
    show()


def _accounts(console: "Console") -> None:
    access, visitor = console.access, present_visitor()

    async def add(name: str, role: Role, password: str, fields: dict[str, Field]) -> bool:
        made = await act(
            lambda: access.admin.add_account(name, role, password),
            done=tr("{name} may sign in now", name=name),
            fields=fields,
        )
        return made is not None

    def toolbar() -> None:
        def open_form() -> None:
            AccountForm(add, is_first=not access.has_operator)

        button(tr("Add"), open_form, icon="person_add", small=True, acts=True).mark("add-account")
        if visitor.session_id:
            own = partial(_change_own_password, console)
            button(tr("Change my password"), own, icon="key", small=True).mark("own-password")

    acts = AccountActs(
        set_role=partial(_set_role, console),
        set_password=partial(_set_password, console),
        delete=partial(_delete_account, console),
    )
    with card(tr("Accounts"), toolbar=toolbar, tight=True):
        found = AccountList(acts, partial(_zone, console))

    def show() -> None:
        found.show(access.accounts(), visitor.account_id)

    on_batch(access.changed, lambda _: show())
    show()


async def _set_role(console: "Console", account: Account, role: Role) -> None:
    done = await act(
        lambda: console.access.admin.set_role(account.id, role),
        done=tr("{name} has another role and signs in anew", name=account.name),
    )
    if done is None:
        console.access.changed.emit(None)  # shows the role it still has


def _set_password(console: "Console", account: Account) -> None:
    async def save(_old: str, new: str, fields: dict[str, Field]) -> bool:
        stored = await act(
            lambda: console.access.admin.set_password(account.id, new),
            done=tr("The password of {name} is changed", name=account.name),
            fields=fields,
        )
        return stored is not None

    if account.id == present_visitor().account_id:
        _change_own_password(console)
    else:
        PasswordForm(account.name, save, is_own=False)


def _change_own_password(console: "Console") -> None:
    visitor = present_visitor()

    async def save(old: str, new: str, fields: dict[str, Field]) -> bool:
        stored = await act(
            lambda: console.access.signing.change_own_password(visitor, old, new),
            done=tr("Your password is changed"),
            fields=fields,
        )
        return stored is not None

    PasswordForm(visitor.name, save, is_own=True)


async def _delete_account(console: "Console", account: Account) -> None:
    if await confirm(
        tr("Delete {name}?", name=account.name),
        tr("Its sign-ins end at once. What it did stays in the audit log."),
        accept=tr("Delete"),
        danger=True,
    ):
        await act(
            lambda: console.access.admin.delete_account(account.id),
            done=tr("{name} deleted", name=account.name),
        )


def _sessions(console: "Console") -> None:
    access, visitor = console.access, present_visitor()

    def toolbar() -> None:
        if visitor.session_id:
            others = partial(_sign_out_others, console)
            button(tr("Sign out my other browsers"), others, small=True).mark("sign-out-others")

    with card(tr("Signed in now"), toolbar=toolbar, tight=True):
        found = SessionList(partial(_end_session, console), partial(_zone, console))

    def show() -> None:
        found.show(access.open_sessions(), visitor.session_id)

    on_batch(access.changed, lambda _: show())
    ui.timer(REFRESH_S, show, immediate=False)  # when somebody was last seen
    show()


async def _sign_out_others(console: "Console") -> None:
    visitor = present_visitor()
    await act(
        lambda: console.access.signing.sign_out_everywhere(visitor, but_here=True),
        done=tr("Your other browsers are signed out"),
    )


async def _end_session(console: "Console", session: OpenSession) -> None:
    await act(
        lambda: console.access.admin.end_session(session.id),
        done=tr("{name} is signed out there", name=session.name),
    )


def _tokens(console: "Console") -> None:
    access = console.access

    async def make(
        name: str, kind: TokenKind, days: int | None, fields: dict[str, Field]
    ) -> NewToken | None:
        return await act(lambda: access.admin.make_token(name, kind, days), fields=fields)

    def toolbar() -> None:
        new = partial(TokenForm, make)
        button(tr("New token"), new, icon="add", small=True, acts=True).mark("new-token")

    note = tr("For programs, instead of a user's token: /api/v1, /v1 and /metrics")
    with card(tr("API tokens"), toolbar=toolbar, note=note, tight=True):
        found = TokenList(partial(_revoke, console), partial(_zone, console))

    def show() -> None:
        found.show(access.tokens(), console.clock.now())

    on_batch(access.changed, lambda _: show())
    show()


async def _revoke(console: "Console", token: ApiToken) -> None:
    if await confirm(
        tr("Revoke {name}?", name=token.name),
        tr("What uses it is refused from now on. This cannot be undone."),
        accept=tr("Revoke"),
        danger=True,
    ):
        await act(
            lambda: console.access.admin.revoke_token(token.id),
            done=tr("{name} revoked", name=token.name),
        )


def _zone(console: "Console") -> str:
    return console.settings.preferences.e2e_timezone
