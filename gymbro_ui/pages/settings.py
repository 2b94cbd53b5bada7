"""Settings page: what is tested, how it signs in, when, at what pace and in what look."""

import platform
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from nicegui import __version__ as nicegui_version
from nicegui import ui

from components.frame import memory
from components.frame.agent import dress_page, listen_page
from components.live import on_batch
from components.primitives.button import button
from components.primitives.card import card, page_head
from components.primitives.confirm import confirm
from components.primitives.field import Field
from components.primitives.toolbar import Segment
from components.settings.about import Path, about
from components.settings.executions_form import ExecutionsForm
from components.settings.pace_form import PaceForm
from components.settings.secret_row import fact_row, secret_row
from components.settings.supabase_form import SupabaseCalls, SupabaseForm
from components.settings.target_list import TargetActs, TargetList
from components.status.targets import target_name
from components.theme import apply as theme
from components.words import LANGUAGES, choose_language, language, tr, word
from gymbro_ui.access_cards import access_card
from gymbro_ui.actions import act, save_preferences, schedule_form
from gymbro_ui.command_line import VERSION
from gymbro_ui.import_card import import_card
from gymbro_ui.log_card import log_card
from gymbro_ui.target_dialog import edit_target
from gymbro_ui.upkeep_cards import backup_card, journal_card, retention_card, settings_file_card
from services.supabase.types import SupabaseEdit
from services.targets.types import Target

if TYPE_CHECKING:
    from services.console import Console


def render(console: "Console") -> None:
    """Draw every section; each saves by itself and says so."""
    page_head(tr("Settings"))
    with ui.element("div").classes("gb-settings"):
        with ui.element("nav").classes("gb-settings__nav") as nav:
            nav.props["aria-label"] = tr("Sections")
            for key, title, _ in SECTIONS:
                ui.link(tr(title), f"/settings#{key}").classes(remove="nicegui-link")
        with ui.element("div").classes("gb-settings__list"):
            for key, _, draw in SECTIONS:
                with ui.element("section").props(f"id={key}"):
                    draw(console)
    for problem in console.settings.problems:
        ui.label(problem).classes("gb-field__error")


# -- service under test


def _targets(console: "Console") -> None:
    add = partial(edit_target, console, None)
    with card(
        tr("Service under test"),
        toolbar=lambda: button(tr("Add"), add, icon="add", small=True, acts=True),
        note=tr("History belongs to the service it was made with"),
        tight=True,
    ):
        found = TargetList(
            TargetActs(
                select=partial(_select_target, console),
                edit=partial(edit_target, console),
                delete=partial(_delete_target, console),
            )
        )
    on_batch(console.targets.changed, lambda _: found.show(console.targets.all()))
    found.show(console.targets.all())


async def _select_target(console: "Console", target: Target) -> None:
    before = console.targets.current.id
    await act(
        lambda: console.targets.select(target.id),
        done=tr("{name} is under test now", name=target_name(target)),
        undo=lambda: console.targets.select(before),
    )


async def _delete_target(console: "Console", target: Target) -> None:
    agreed = await confirm(
        tr("Delete {name}?", name=target_name(target)),
        tr("Its keys are deleted. Its runs stay in the history."),
        accept=tr("Delete"),
        danger=True,
    )
    if agreed:
        await act(
            lambda: console.targets.delete(target.id),
            done=tr("{name} deleted", name=target_name(target)),
        )


# -- sign-in


def _sign_in(console: "Console") -> None:
    env, accounts = console.env, console.accounts
    state = tr("On") if env.embedded_auth else tr("Off: an outside project signs in")
    with card(tr("Embedded sign-in"), note=state), ui.element("dl").classes("gb-facts"):
        fact_row(tr("Project URL"), env.embedded_auth_url, copy=True)
        fact_row(tr("Issuer"), accounts.issuer, copy=True)
        fact_row(tr("Public keys (JWKS)"), f"{accounts.issuer}/.well-known/jwks.json", copy=True)
        secret_row(tr("Anon key"), lambda: accounts.anon_key)
        secret_row(tr("Service key"), lambda: accounts.service_key)
        fact_row(
            tr("Anonymous sign-in"),
            tr("Allowed") if env.anon_enabled else tr("Refused"),
            mono=False,
        )


# -- Supabase


def _supabase(console: "Console") -> None:
    project = console.cloud.supabase

    async def save(edit: SupabaseEdit, fields: dict[str, Field]) -> bool:
        stored = await act(lambda: project.save(edit), done=tr("Saved"), fields=fields)
        return stored is not None

    calls = SupabaseCalls(
        save=save,
        test=lambda: act(project.test),
        sync=lambda: ui.navigate.to("/sync"),
    )
    with card("Supabase", note=tr("The app's own copy of providers, mappings and prompts")):
        form = SupabaseForm(project.view, project.optional_sql, calls)
    on_batch(project.changed, lambda batch: form.load(batch[-1]))


# -- schedule


def _schedule(console: "Console") -> None:
    with card(tr("Schedule"), note=tr("When the E2E starts by itself")):
        form = schedule_form(console)
    on_batch(console.settings.changed, lambda batch: form.load(batch[-1]))


# -- executions, pace, look, about


def _executions(console: "Console") -> None:
    executions = console.executions
    note = tr("What is started over the limit waits and runs in start order")
    with card(tr("Executions"), note=note):
        form = ExecutionsForm(console.settings.preferences, partial(save_preferences, console))
    form.count(executions.counts())
    on_batch(console.settings.changed, lambda batch: form.load(batch[-1]))
    on_batch(executions.changed, lambda _: form.count(executions.counts()))


def _pace(console: "Console") -> None:
    note = tr("For figures without an event of their own; changes of state always come at once")
    with card(tr("Refresh pace"), note=note):
        form = PaceForm(console.settings.preferences, partial(save_preferences, console))
    on_batch(console.settings.changed, lambda batch: form.load(batch[-1]))


def _look(_console: "Console") -> None:
    looks = {"auto": tr("As the system"), "light": tr("Light"), "dark": tr("Dark")}
    with card(tr("Language & look")), ui.element("div").classes("gb-form"):
        with Field(tr("Language")) as field:
            field.hold(Segment(LANGUAGES, language(), _speak, name=tr("Language")))
        with Field(tr("Light or dark")) as field:
            field.hold(Segment(looks, theme.look_of_user(), _dress, name=tr("Light or dark")))
        ui.switch(
            tr("Single letters are keys (g, ?, j, k, r)"),
            value=memory.are_keys_on(),
            on_change=lambda event: _listen(on=bool(event.value)),
        ).classes("gb-form__wide")
        ui.switch(
            tr("Ask before a cell, row or column of the E2E page runs again"),
            value=memory.asks_before_again(),
            on_change=lambda event: memory.ask_before_again(on=bool(event.value)),
        ).classes("gb-form__wide").mark("ask-before-again")


def _speak(code: str) -> None:
    choose_language(code)
    ui.navigate.reload()


def _dress(look: str) -> None:
    theme.choose_look(look)
    dress_page(look)


def _listen(*, on: bool) -> None:
    memory.switch_keys(on=on)
    listen_page(keys=on)


def _key_place(console: "Console") -> str:
    if console.secrets.place == "keyring":
        return tr("sealed under a key in the keyring of this system")
    return tr("sealed under a key in a file only you can read")


def _about(console: "Console") -> None:
    env = console.env
    place = str(env.database_path) if env.database_path else env.database_url.partition("://")[0]
    paths = (
        Path(tr("Database"), place, env.database_source),
        Path(tr("Data folder"), str(env.data_dir)),
        Path(tr("Backups"), str(env.backups_dir)),
        Path(tr("Logs"), str(env.logs_dir)),
        Path(tr("Keys"), str(env.secrets_dir), _key_place(console)),
        Path(tr("Public address"), env.public_url),
    )
    versions = {
        "GymBro Console": VERSION,
        "Python": platform.python_version(),
        "NiceGUI": nicegui_version,
    }
    with card(tr("About")):
        about(paths, versions)


# What can be set: the place in the address, its title (msgid), and what draws it.
SECTIONS: tuple[tuple[str, str, Callable[["Console"], None]], ...] = (
    ("targets", word("Service under test"), _targets),
    ("signin", word("Sign-in"), _sign_in),
    ("supabase", "Supabase", _supabase),
    ("schedule", word("Schedule"), _schedule),
    ("executions", word("Executions"), _executions),
    ("pace", word("Refresh pace"), _pace),
    ("logs", word("Logs"), log_card),
    ("retention", word("Retention"), retention_card),
    ("backup", word("Backup"), backup_card),
    ("file", word("Settings in a file"), settings_file_card),
    ("import", word("Move in"), import_card),
    ("journal", word("Journal"), journal_card),
    ("access", word("Access"), access_card),
    ("look", word("Language & look"), _look),
    ("about", word("About"), _about),
)
