"""Access lists: accounts, who is signed in now, tokens for programs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from nicegui import ui

from components.primitives.button import button, icon_button
from components.primitives.formats import age_words, epoch_ms, moment_text
from components.primitives.status_dot import Age
from components.rights import for_operators
from components.words import tr, word
from services.access.types import Account, ApiToken, OpenSession, Role, TokenKind

ROLE_WORDS: Mapping[str, str] = {
    Role.OPERATOR: word("Operator"),
    Role.READ_ONLY: word("Read-only"),
}
KIND_WORDS: Mapping[str, str] = {
    TokenKind.READ_ONLY: word("Read-only"),
    TokenKind.FULL: word("All rights"),
}
_BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")  # the first that is named is meant
_NAMES: Mapping[str, str] = {"Edg": "Edge", "OPR": "Opera"}
_SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux")


@dataclass(frozen=True, slots=True)
class AccountActs:
    """What an account's row calls."""

    set_role: Callable[[Account, Role], Any]
    set_password: Callable[[Account], Any]
    delete: Callable[[Account], Any]


class AccountList(ui.element):
    """One row an account."""

    def __init__(self, acts: AccountActs, zone: Callable[[], str]) -> None:
        """Start empty; show() fills it."""
        super().__init__("div")
        self.classes("gb-list").props("role=list").mark("access-accounts")
        self._acts, self._zone = acts, zone

    def show(self, accounts: Sequence[Account], own_id: int) -> None:
        """Replace the rows."""
        self.clear()
        with self:
            if not accounts:
                _none(tr("No account yet. Whoever comes from another machine needs one."))
            for one in accounts:
                self._row(one, is_own=one.id == own_id)

    def _row(self, one: Account, *, is_own: bool) -> None:
        with ui.element("div").classes("gb-list__row").props("role=listitem"):
            with ui.element("div").classes("gb-col gap-0 gb-grow"):
                with ui.element("div").classes("gb-row"):
                    ui.label(one.name).classes("t-strong t-clip")
                    if is_own:
                        ui.label(tr("You")).classes("gb-badge gb-badge--ink")
                with ui.element("div").classes("gb-row gb-wrap gb-access__facts t-meta c-muted"):
                    _age(tr("Last sign-in"), one.last_sign_in_at, self._zone(), tr("never"))
            roles = {key: tr(text) for key, text in ROLE_WORDS.items()}
            choose = ui.select(
                roles,
                value=str(one.role),
                on_change=lambda e: self._acts.set_role(one, Role(e.value)),
            )
            choose.props["aria-label"] = tr("Role of {name}", name=one.name)
            for_operators(choose.classes("gb-access__role"))
            name = tr("Set a new password for {name}", name=one.name)
            icon_button("key", name, partial(self._acts.set_password, one), small=True, acts=True)
            name = tr("Delete {name}", name=one.name)
            icon_button("delete", name, partial(self._acts.delete, one), small=True, acts=True)


class SessionList(ui.element):
    """One row a sign-in that is good now; one's own browser is marked."""

    def __init__(self, end: Callable[[OpenSession], Any], zone: Callable[[], str]) -> None:
        """Start empty; show() fills it."""
        super().__init__("div")
        self.classes("gb-list").props("role=list").mark("access-sessions")
        self._end, self._zone = end, zone

    def show(self, sessions: Sequence[OpenSession], own_id: str) -> None:
        """Replace the rows."""
        self.clear()
        with self:
            if not sessions:
                _none(tr("Nobody is signed in."))
            for one in sessions:
                self._row(one, is_own=one.id == own_id)

    def _row(self, one: OpenSession, *, is_own: bool) -> None:
        with ui.element("div").classes("gb-list__row").props("role=listitem"):
            with ui.element("div").classes("gb-col gap-0 gb-grow"):
                with ui.element("div").classes("gb-row"):
                    ui.label(one.name).classes("t-strong t-clip")
                    ui.label(tr(ROLE_WORDS[one.role])).classes("gb-badge gb-badge--line")
                    if is_own:
                        ui.label(tr("This browser")).classes("gb-badge gb-badge--ink")
                with ui.element("div").classes("gb-row gb-wrap gb-access__facts t-meta c-muted"):
                    ui.label(one.address).classes("t-mono")
                    ui.label(browser_text(one.agent)).tooltip(one.agent or "–")
                    _age(tr("Last seen"), one.last_seen_at, self._zone(), "–")
                    until = moment_text(one.ends_at, self._zone())
                    ui.label(tr("until {day}", day=until[:10])).tooltip(until)
            if not is_own:
                end = partial(self._end, one)
                button(tr("Sign out"), end, small=True, acts=True).mark(f"end-{one.id[:8]}")


class TokenList(ui.element):
    """One row a token; what is over stays to be seen."""

    def __init__(self, revoke: Callable[[ApiToken], Any], zone: Callable[[], str]) -> None:
        """Start empty; show() fills it."""
        super().__init__("div")
        self.classes("gb-list").props("role=list").mark("access-tokens")
        self._revoke, self._zone = revoke, zone

    def show(self, tokens: Sequence[ApiToken], now: datetime) -> None:
        """Replace the rows."""
        self.clear()
        with self:
            if not tokens:
                _none(tr("No token yet. A program that is no user of the app needs one."))
            for one in tokens:
                self._row(one, now)

    def _row(self, one: ApiToken, now: datetime) -> None:
        zone = self._zone()
        with ui.element("div").classes("gb-list__row").props("role=listitem"):
            with ui.element("div").classes("gb-col gap-0 gb-grow"):
                with ui.element("div").classes("gb-row"):
                    ui.label(one.name).classes("t-strong t-clip")
                    ui.label(tr(KIND_WORDS[one.kind])).classes("gb-badge gb-badge--line")
                with ui.element("div").classes("gb-row gb-wrap gb-access__facts t-meta c-muted"):
                    ui.label(f"{one.prefix}…").classes("t-mono")
                    _age(tr("Last used"), one.last_used_at, zone, tr("never"))
                    made = moment_text(one.created_at, zone)
                    ui.label(tr("made by {name}", name=maker_text(one.created_by))).tooltip(made)
                    if one.expires_at is not None and one.is_live(now):
                        ui.label(tr("until {day}", day=moment_text(one.expires_at, zone)[:10]))
            if one.is_live(now):
                revoke = partial(self._revoke, one)
                button(tr("Revoke"), revoke, kind="danger", small=True, acts=True)
            else:
                over = tr("Revoked") if one.revoked_at is not None else tr("Expired")
                ui.label(over).classes("gb-badge").props["data-tone"] = "ended"


def browser_text(agent: str) -> str:
    """Return browser and system as a person calls them; an unknown one in its own words."""
    browser = next((name for name in _BROWSERS if f"{name}/" in agent), "")
    system = next((name for name in _SYSTEMS if name in agent), "")
    found = " · ".join(
        filter(None, (_NAMES.get(browser, browser), system.replace("Mac OS", "macOS")))
    )
    return found or agent[:40] or tr("unknown browser")


def maker_text(actor: str) -> str:
    """Return who made a token, in few words."""
    if actor == "console":
        return tr("this machine")
    return actor.removeprefix("account:")


def _age(name: str, at: datetime | None, zone: str, never: str) -> None:
    with ui.element("span").classes("gb-row gap-4"):
        ui.label(name)
        if at is None:
            ui.label(never)
        else:
            Age(epoch_ms(at), age_words(), title=moment_text(at, zone))


def _none(text: str) -> None:
    with ui.element("div").classes("gb-list__row").props("role=listitem"):
        ui.label(text).classes("t-meta c-faint")
