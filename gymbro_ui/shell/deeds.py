"""Deeds: what the palette can do beside going somewhere; acts are for who may change things."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import ui

from components.frame import memory
from components.frame.agent import dress_page, listen_page
from components.frame.ranking import Entry
from components.primitives.toast import toast
from components.rights import may_change
from components.status.targets import target_name
from components.theme import apply as theme
from components.words import LANGUAGES, choose_language, language, speaking, tr, trn, word
from gymbro_ui.actions import act, run_e2e
from gymbro_ui.run_actions import cancel_runs, name_of
from gymbro_ui.shell.account import account_menu
from services.accounts.types import UserType
from services.e2e.types import LaunchRequest
from services.executions.types import Execution
from services.targets.types import Target

if TYPE_CHECKING:
    from services.console import Console

_RUNNING_MOST = 20
_PLAIN = LaunchRequest().user_types


@dataclass(frozen=True, slots=True)
class Deed:
    """One act: its line, and what it calls; without a call its line is a place."""

    entry: Entry
    call: Callable[[], Any] | None = None


@dataclass(frozen=True, slots=True)
class _Way:
    """A line that leads to where something is made or begun."""

    name: str
    title: str  # msgid
    icon: str
    path: str
    also: str = ""
    acts: bool = True


_WAYS = (
    _Way("chat", word("Simulate a chat"), "forum", "/simulator", "conversation message"),
    _Way("load", word("Start a load test"), "speed", "/simulator/load", "users stress"),
    _Way("new-prompt", word("New prompt"), "note_add", "/prompts?do=new", "add create"),
    _Way("new-provider", word("Add provider"), "add_circle", "/models?do=new", "new create"),
    _Way("new-mapping", word("Add mapping"), "add_link", "/mapping?do=new", "new create"),
    _Way("new-agent", word("New agent"), "smart_toy", "/agents?tab=agents&do=new", "add create"),
    _Way(
        "new-workflow",
        word("New workflow"),
        "account_tree",
        "/agents?tab=workflows&do=new",
        "add create",
    ),
    _Way("errors", word("Errors in the log"), "error", "/logs?level=ERROR", "log", acts=False),
)
# Kinds of execution that are started without any parameter: kind, words, icon, further words.
_STARTS = (
    ("probe", word("Probe all providers"), "network_check", "endpoints check"),
    ("backup", word("Back up now"), "database", "backup copy save"),
    ("retention", word("Clean up now"), "auto_delete", "delete old retention"),
)
_E2E = (
    ("all", word("Run E2E"), _PLAIN),
    ("anonymous", word("Run E2E: anonymous only"), (UserType.ANONYMOUS,)),
    ("permanent", word("Run E2E: registered only"), (UserType.PERMANENT,)),
)
_LOOKS = (
    ("light", word("Light"), "light_mode"),
    ("dark", word("Dark"), "dark_mode"),
    ("auto", word("As the system"), "brightness_auto"),
)


def both(text: str) -> str:
    """Return the words of a msgid in every language, to be found by."""
    found = [text]
    for code in LANGUAGES:
        with speaking(code):
            found.append(tr(text))
    return " ".join(dict.fromkeys(found))


def deeds(console: "Console", first_steps: Callable[[], Any]) -> list[Deed]:
    """Return every act the page's visitor may do now."""
    group = tr("Actions")
    found = list(_everybodys(console, group, first_steps))
    if may_change():
        found = [*_operators(console, group), *found]
    return found


def _operators(console: "Console", group: str) -> Iterator[Deed]:
    """What changes or starts something."""
    if console.e2e.health().running is None:
        yield from _e2e_runs(console, group)
    for one in console.executions.running()[:_RUNNING_MOST]:
        if one.parent_id is None:
            yield _cancelling(console, group, one)
    for kind, title, icon, also in _STARTS:
        if kind in console.executions.kinds and _is_possible(console, kind):
            line = Entry(f"start:{kind}", group, tr(title), icon, also=f"{both(title)} {also}")
            yield Deed(line, partial(_start, console, kind))
    for target in console.targets.all():
        if not target.is_current:
            yield _selecting(console, group, target)


def _e2e_runs(console: "Console", group: str) -> Iterator[Deed]:
    for key, title, kinds in _E2E:
        request = LaunchRequest(user_types=kinds)
        count = console.e2e.forecast(request).conversations
        if count:
            cost = trn("{n} conversation", "{n} conversations", count)
            also = f"{both(title)} start"
            line = Entry(f"run:{key}", group, tr(title), "play_arrow", hint=cost, also=also)
            yield Deed(line, partial(run_e2e, console, request))


def _is_possible(console: "Console", kind: str) -> bool:
    return kind != "backup" or console.upkeep.backups.is_possible


def _cancelling(console: "Console", group: str, one: Execution) -> Deed:
    share = f"{one.done}/{one.total}" if one.total else ""
    line = Entry(
        f"cancel:{one.execution_id}",
        group,
        tr("Cancel {name}", name=name_of(console, one)),
        "stop_circle",
        hint=share,
        also=both("Cancel the run") + " stop end",
    )
    return Deed(line, partial(cancel_runs, console, [one.execution_id]))


def _selecting(console: "Console", group: str, target: Target) -> Deed:
    line = Entry(
        f"target:{target.id}",
        group,
        tr("Test {name}", name=target_name(target)),
        "my_location",
        hint=tr("Production") if target.is_production else "",
        also=both("Service under test") + " target select",
    )
    return Deed(line, lambda: act(lambda: console.targets.select(target.id)))


async def _start(console: "Console", kind: str) -> None:
    started = await act(lambda: console.executions.start(kind, {}))
    if started is not None:
        address = f"/executions/{started.execution_id}"
        toast(
            tr("The run was started"), action=tr("Open"), on_action=lambda: ui.navigate.to(address)
        )


def _everybodys(console: "Console", group: str, first_steps: Callable[[], Any]) -> Iterator[Deed]:
    """Ways, and what changes nothing but the own view."""
    for way in _WAYS:
        if may_change() or not way.acts:
            also = f"{both(way.title)} {way.also}"
            yield Deed(Entry(f"go:{way.name}", group, tr(way.title), way.icon, way.path, also=also))
    also = both("First steps") + " first five minutes supplier key"
    yield Deed(Entry("first", group, tr("First steps"), "flag", also=also), first_steps)
    also = both("Keyboard shortcuts") + " keys help"
    yield Deed(Entry("keys", group, tr("Keyboard shortcuts"), "keyboard", hint="?", also=also))
    yield from _views()
    account = account_menu(console)
    if account is not None:
        line = Entry("sign-out", group, tr("Sign out"), "logout", also=both("Sign out"))
        yield Deed(line, account.sign_out)


def _views() -> Iterator[Deed]:
    """Language, look, and whether single letters are keys."""
    group = tr("Language & look")
    for code, name in LANGUAGES.items():
        if code != language():
            also = f"{both('Language')} {code}"
            line = Entry(f"language:{code}", group, name, "translate", also=also)
            yield Deed(line, partial(_speak, code))
    for key, title, icon in _LOOKS:
        also = f"{both(title)} {both('Light or dark')} theme"
        yield Deed(Entry(f"look:{key}", group, tr(title), icon, also=also), partial(_dress, key))
    keys = word("Single letters are keys (g, ?, j, k, r)")
    line = Entry("letters", group, tr(keys), "keyboard_keys", also=both(keys) + " shortcuts")
    yield Deed(line, _switch_letters)


def _speak(code: str) -> None:
    choose_language(code)
    ui.navigate.reload()


def _dress(look: str) -> None:
    theme.choose_look(look)
    dress_page(look)


def _switch_letters() -> None:
    on = not memory.are_keys_on()
    memory.switch_keys(on=on)
    listen_page(keys=on)
    toast(tr("Single letters are keys now") if on else tr("Single letters are no keys any more"))
