"""Guide page: the first steps with what each needs; what is done is read from the console itself."""

from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from components.dashboard.dots import HealthDots
from components.dashboard.first_steps import start_text
from components.dashboard.guide import DONE, OPEN, RUNNING, SKIPPED, Guide, GuideActs, fact
from components.dashboard.supplier_form import SupplierCalls, SupplierDraft, SupplierForm
from components.live import on_batch
from components.primitives.button import button
from components.primitives.card import page_head
from components.primitives.field import Field
from components.primitives.status_dot import StatusDot
from components.status.looks import CELL_LOOKS, Look
from components.status.reasons import reason_text
from components.status.targets import target_name
from components.words import tr, trn
from gymbro_ui.actions import act
from gymbro_ui.demo_view import DemoActs
from gymbro_ui.pages.dashboard.supplier import supplier_calls
from gymbro_ui.target_dialog import edit_target
from services.e2e.types import CellStatus, LaunchRequest
from services.foundation.actor import ensure_may_change
from services.guide.types import Step
from services.supabase.types import ConnectionReport

if TYPE_CHECKING:
    from services.console import Console


class GuidePage:
    """One open guide."""

    def __init__(self, console: "Console") -> None:
        """Start with nothing drawn."""
        self._console = console
        self._demo = DemoActs(console)
        self._drawn: dict[str, object] = {}  # what each part shows, so that none is redrawn idly

    def draw(self) -> None:
        """Draw every step, then follow what changes."""
        page_head(tr("First steps"))
        own = self._console.first_run.guide
        with ui.element("div").classes("gd-page"):
            self._guide = Guide(
                GuideActs(
                    skip=lambda step: act(lambda: own.skip(step)),
                    take_up=lambda step: act(lambda: own.take_up(step)),
                    put_away=self._put_away,
                    bring_back=lambda: act(own.bring_back, done=tr("The Overview reminds you")),
                )
            )
        self._draw_supplier()
        self._draw_first()
        with self._guide.steps[Step.SIGN_IN].body:
            self._sign_in = ui.element("div").classes("gb-col")
            self._project = ui.element("div").classes("gb-col").props("aria-live=polite")
        self._follow()
        self._show()

    def _follow(self) -> None:
        console = self._console
        first = console.first_run
        on_batch(first.guide.changed, lambda _: self._show())
        on_batch(first.demo.changed, lambda _: self._show())
        on_batch(console.targets.changed, lambda _: self._show())
        on_batch(console.mapping.changed, lambda _: self._show())
        on_batch(console.e2e.health_changed, lambda _: self._show())
        on_batch(console.e2e.launched, lambda _: self._show())
        on_batch(console.e2e.finished, lambda _: self._show())
        on_batch(console.cloud.supabase.changed, lambda _: self._show())
        on_batch(console.e2e.cell_changed, lambda _: self._show_first(), every_s=0.25)
        on_batch(console.executions.changed, lambda _: self._show_demo(), every_s=0.25)

    # -- what is true

    def _looks(self) -> dict[Step, Look]:
        skipped = self._console.first_run.guide.state.skipped
        is_running = self._console.e2e.health().running is not None
        done = self._done()
        looks = {step: SKIPPED if step in skipped else OPEN for step in Step}
        looks |= {step: DONE for step, is_done in done.items() if is_done}
        if is_running and not done[Step.FIRST_E2E]:
            looks[Step.FIRST_E2E] = RUNNING
        if self._demo.running is not None:
            looks[Step.DEMO] = RUNNING
        return looks

    def _done(self) -> dict[Step, bool]:
        """Return which steps are done, by what the console knows, never by what was clicked."""
        console = self._console
        target, health = console.targets.current, console.e2e.health()
        has_token = self._has_token()
        has_own = any(not model.is_demo for model in console.mapping.mapped())
        return {
            Step.TARGET: target.is_self or has_token or health.judged_at is not None,
            Step.SIGN_IN: has_token,
            Step.SUPPLIER: has_own or not target.is_self,
            Step.FIRST_E2E: health.judged_at is not None,
            Step.DEMO: console.first_run.demo.data is not None,
        }

    def _has_token(self) -> bool:
        body = self._console.e2e.obtaining.body()
        tried = (body["anonymous_ok"], body["ordinary_ok"])
        return True in tried and False not in tried

    # -- drawing

    def _show(self) -> None:
        is_away = self._console.first_run.guide.state.is_away
        self._guide.show(self._looks(), is_away=is_away)
        self._show_target()
        self._show_sign_in()
        self._show_supplier()
        self._show_first()
        self._show_demo()

    def _is_new(self, part: str, shown: object) -> bool:
        """Whether the part must be drawn anew; one in which somebody stands keeps its focus."""
        is_new = self._drawn.get(part) != shown
        self._drawn[part] = shown
        return is_new

    def _show_target(self) -> None:
        console = self._console
        current = console.targets.current
        if not self._is_new("target", console.targets.all()):
            return
        body = self._guide.steps[Step.TARGET].body
        body.clear()
        with body:
            fact("my_location", tr("Under test: {name}", name=target_name(current)))
            with ui.element("div").classes("gd-acts"):
                for target in console.targets.all():
                    if target.id != current.id:
                        name = tr("Put {name} under test", name=target_name(target))
                        chosen = partial(console.targets.select, target.id)
                        button(name, partial(act, chosen), small=True, acts=True)
                add = partial(edit_target, console, None, selects=True)
                button(tr("Add a real service"), add, icon="add", small=True, acts=True)

    def _show_sign_in(self) -> None:
        console = self._console
        target, project = console.targets.current, console.cloud.supabase
        body = console.e2e.obtaining.body()
        if not self._is_new("sign-in", (target, project.view, body)):
            return
        self._sign_in.clear()
        with self._sign_in:
            own = target.is_self and console.env.embedded_auth
            fact("key", tr("This console signs users in itself") if own else target.auth_url)
            if body["checked_at"] and not self._has_token():
                why = reason_text(str(body["error"] or ""))
                look = CELL_LOOKS[CellStatus.SIGNIN_FAILED]
                StatusDot(look.tone, look.shape, look.weight, tr("No token: {reason}", reason=why))
            with ui.element("div").classes("gd-acts"):
                name = tr("Try it again") if body["checked_at"] else tr("Try a sign-in")
                tried = button(name, None, icon="network_check", small=True, acts=True)
                tried.on_click(lambda: self._try(tried))
                if project.view.is_configured:
                    button(tr("Test the project"), self._test_project, small=True, acts=True)
                place, text = (
                    ("signin", tr("Keys and addresses"))
                    if project.view.is_configured
                    else ("supabase", tr("Connect a Supabase project"))
                )
                ui.link(text, f"/settings#{place}").classes("gb-link t-table")

    def _draw_supplier(self) -> None:
        with self._guide.steps[Step.SUPPLIER].body:
            self._mapped = ui.element("div").classes("gb-col")
            self._holder = ui.element("div")
        self._draw_form()

    def _draw_form(self) -> None:
        calls = supplier_calls(self._console)

        async def save(draft: SupplierDraft, fields: dict[str, Field]) -> bool:
            is_saved = await calls.save(draft, fields)
            if is_saved and not self._holder.is_deleted:
                self._draw_form()
            return is_saved

        self._holder.clear()
        with self._holder:
            SupplierForm(SupplierCalls(calls.probe, save))

    def _show_supplier(self) -> None:
        console = self._console
        is_own = console.targets.current.is_self
        count = sum(not model.is_demo for model in console.mapping.mapped())
        self._holder.set_visibility(is_own)
        if not self._is_new("supplier", (is_own, count)):
            return
        self._mapped.clear()
        with self._mapped:
            if not is_own:
                fact("dns", tr("The service under test has suppliers of its own."))
            elif count:
                fact("hub", trn("{n} model mapped", "{n} models mapped", count))

    def _draw_first(self) -> None:
        with self._guide.steps[Step.FIRST_E2E].body:
            self._start_row = ui.element("div").classes("gd-acts")
            self._dots = HealthDots(lambda cell: ui.navigate.to(f"/e2e?cell={int(cell)}"))

    def _show_first(self) -> None:
        console = self._console
        health, forecast = console.e2e.health(), console.e2e.forecast(LaunchRequest())
        mapped = console.mapping.mapped()
        self._guide.steps[Step.FIRST_E2E].show(self._looks()[Step.FIRST_E2E])
        demo = {model.name for model in mapped if model.is_demo}
        self._dots.set_visibility(bool(health.dots))
        self._dots.show(health, console.schedules.view(), demo)
        if not self._is_new("first", (health, forecast)):
            return
        self._start_row.clear()
        with self._start_row:
            if health.running is not None:
                share = tr("{done} of {total}", done=health.done, total=health.total)
                ui.label(share).classes("t-strong")
            elif health.judged_at is not None:
                ui.label(tr("{good} of {judged} judged", good=health.good, judged=health.judged))
                ui.link(tr("E2E records"), "/e2e").classes("gb-link t-table")
                ui.link(tr("Overview"), "/").classes("gb-link t-table")
            elif forecast.conversations:
                name = start_text(forecast.conversations, forecast.seconds)
                start = button(name, self._start, icon="play_arrow", kind="primary", acts=True)
                start.mark("guide-start")
            else:
                ui.label(tr("There is nothing to judge until a model is mapped."))

    def _show_demo(self) -> None:
        step = self._guide.steps[Step.DEMO]
        step.show(self._looks()[Step.DEMO])
        if not self._is_new("demo", self._demo.seen):
            return
        step.body.clear()
        with step.body:
            self._demo.draw()

    # -- what an operator does

    async def _start(self) -> None:
        await act(lambda: self._console.e2e.start(LaunchRequest()))

    async def _put_away(self) -> None:
        await act(self._console.first_run.guide.put_away)
        ui.navigate.to("/")

    async def _try(self, busy: ui.button) -> None:
        await act(self._probe, busy=busy)
        if not self._sign_in.is_deleted:
            self._show()

    async def _probe(self) -> None:
        ensure_may_change()  # it makes users
        await self._console.e2e.obtaining.probe()

    async def _test_project(self) -> None:
        report = await act(self._console.cloud.supabase.test)
        self._project.clear()
        if report is not None:
            with self._project:
                self._tell(report)

    @staticmethod
    def _tell(report: ConnectionReport) -> None:
        good, bad = CELL_LOOKS[CellStatus.OK], CELL_LOOKS[CellStatus.FAILED]
        look = good if report.is_good else bad
        missing = [table.name for table in report.tables if not table.is_there]
        text = tr("The project answers in {ms} ms", ms=report.latency_ms)
        if not report.is_good:
            text = tr("Missing: {names}", names=", ".join(missing))
        StatusDot(look.tone, look.shape, look.weight, text)
