"""Supabase form: which project is the authority, its keys, a test, and the SQL of optional tables."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui import ui

from components.primitives.banner import banner
from components.primitives.button import button, copy_button
from components.primitives.field import Field, text_field
from components.primitives.status_dot import StatusDot
from components.status.looks import Look
from components.words import sentence, tr, trn, word
from services.foundation.messages import Message
from services.supabase.types import ConnectionReport, SupabaseEdit, SupabaseView, TableState

THERE = Look("ok", "tick", "tint", word("There"))
ABSENT = Look("slow", "half", "outline", word("Not there (optional)"))
FAILED = Look("failed", "cross", "solid", word("Cannot be used"))


@dataclass(frozen=True, slots=True)
class SupabaseCalls:
    """What the page does."""

    save: Callable[[SupabaseEdit, dict[str, Field]], Awaitable[bool]]
    test: Callable[[], Awaitable[ConnectionReport | None]]
    sync: Callable[[], object]


class SupabaseForm(ui.element):
    """Stored keys are never shown; an empty key field leaves the key as it is."""

    def __init__(self, view: SupabaseView, sql: str, calls: SupabaseCalls) -> None:
        """Show what is set."""
        super().__init__("div")
        self.classes("gb-col")
        self._calls = calls
        self._sql = sql
        self._view = view
        with self:
            self._authority = ui.label("").classes("c-muted t-wrap")
            with ui.element("form").classes("gb-form").on("submit.prevent", self._save):
                self._draw_fields()
            self._report = ui.element("div").classes("gb-col")
        self.load(view)

    def load(self, view: SupabaseView) -> None:
        """Show another state of what is set."""
        self._view = view
        self._authority.set_text(_authority(view))
        self._fields["anon_key"].note(_stored(view.anon_key_masked, ""))
        self._fields["service_key"].note(
            _stored(view.service_key_masked, tr("It stays on this machine, outside the database"))
        )
        self._test.set_enabled(view.is_configured)
        self._sync.set_enabled(view.is_configured)

    def _draw_fields(self) -> None:
        view = self._view
        hint = tr("From the environment") if view.source == "environment" else ""
        url = text_field(
            tr("Project URL"),
            view.url if view.source == "page" else "",
            placeholder=view.url or "https://xxxx.supabase.co",
            hint=hint
            or tr("Another address forgets the keys and what was agreed with the old one"),
        )
        url.classes("gb-form__wide")
        self._fields: dict[str, Field] = {
            "url": url,
            "anon_key": text_field(tr("Anon key"), secret=True),
            "service_key": text_field(tr("Service key"), secret=True),
        }
        with ui.element("div").classes("gb-form__wide"):
            self._pushes = ui.switch(
                tr("Write suppliers' API keys to ai_model too"), value=view.pushes_api_keys
            )
            ui.label(
                tr("Rows of ai_model may be readable by every signed-in user of the app.")
            ).classes("gb-field__hint")
        with ui.element("div").classes("gb-form__acts gb-form__wide"):
            self._sync = button(tr("Compare and sync"), self._calls.sync, icon="sync")
            self._sync.props("type=button")
            self._test = button(
                tr("Test the project"), self._run_test, icon="network_check", acts=True
            )
            self._test.props("type=button")
            self._submit = button(tr("Save"), None, kind="primary", acts=True).props("type=submit")

    def _edit(self) -> SupabaseEdit:
        def value(name: str) -> str:
            return str(self._fields[name].control.value or "").strip()

        return SupabaseEdit(
            url=value("url"),
            anon_key=value("anon_key") or None,
            service_key=value("service_key") or None,
            pushes_api_keys=bool(self._pushes.value),
        )

    async def _save(self) -> None:
        self._submit.props("loading")
        is_stored = await self._calls.save(self._edit(), self._fields)
        self._submit.props(remove="loading")
        if is_stored:
            for name in ("anon_key", "service_key"):
                self._fields[name].control.value = ""
            self._report.clear()

    async def _run_test(self) -> None:
        self._test.props("loading")
        report = await self._calls.test()
        self._test.props(remove="loading")
        self._report.clear()
        if report is not None:
            with self._report:
                self._draw_report(report)

    def _draw_report(self, report: ConnectionReport) -> None:
        if report.is_good:
            banner(
                tr("The project answers in {ms} ms", ms=report.latency_ms),
                tone="ok",
                symbol="check_circle",
            )
        with ui.element("ul").classes("gb-list"):
            for table in report.tables:
                _table(table)
        if any(table.is_optional and not table.is_there for table in report.tables):
            self._draw_sql()

    def _draw_sql(self) -> None:
        with ui.element("div").classes("gb-row"):
            ui.label(
                tr(
                    "Optional tables: run this in the project's SQL editor. Everything works without."
                )
            ).classes("c-muted t-wrap gb-grow")
            copy_button(self._sql, tr("Copy the SQL"))
        with ui.element("pre").classes("sy-sql"):
            ui.label(self._sql)


def _authority(view: SupabaseView) -> str:
    if view.is_configured:
        return tr(
            "Supabase is the authority for providers, mappings and prompts: each change goes there first,"
            " then into this console's copy. While it is down, changes are kept here and sent later."
        )
    return tr(
        "Without a project this console's own database is the authority for providers, mappings and"
        " prompts. Results, statistics and logs are always kept here first."
    )


def _stored(masked: str, otherwise: str) -> str:
    return tr("Stored: {key}; leave empty to keep it", key=masked) if masked else otherwise


def _table(table: TableState) -> None:
    look = THERE if table.is_there else ABSENT if table.is_optional else FAILED
    with ui.element("li").classes("gb-row gb-wrap"):
        StatusDot(look.tone, look.shape, look.weight, look.label)
        ui.label(table.name).classes("t-mono")
        if table.rows is not None:
            ui.label(trn("{n} row", "{n} rows", table.rows)).classes("c-faint")
        if table.text and not table.is_there:
            ui.label(sentence(Message(table.text, table.params))).classes("c-muted t-wrap")
