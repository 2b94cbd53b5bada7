"""Planning: the form, its errors and its forecast while one types, and the start."""

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nicegui import background_tasks, context, ui

from components.live import on_batch
from components.loadtest.forecast import ForecastPanel, limits_list
from components.loadtest.plan_form import Offer, PlanForm
from components.primitives.button import button
from components.primitives.card import card
from components.status.targets import target_name
from components.words import sentence, tr, trn
from gymbro_ui.actions import act
from gymbro_ui.pages.loadtest.filters import PATH
from services.executions.types import Trigger
from services.foundation.errors import ConsoleError, InputError
from services.foundation.messages import Message
from services.loadtest.types import Forecast

if TYPE_CHECKING:
    from services.console import Console

_log = logging.getLogger(__name__)
BY = "operator"
PAUSE_S = 0.3  # after the last key
ERRORS_MOST = 12


class Planning:
    """One open form."""

    def __init__(self, console: "Console", begin: Mapping[str, Any]) -> None:
        """Start from these values of a plan."""
        self._console = console
        self._client = context.client
        self._begin = begin
        self._asked = 0

    def draw(self) -> None:
        """Draw form and forecast and look at the plan for the first time."""
        with ui.element("div").classes("lt-plan"):
            with card(tr("New load test"), toolbar=self._draw_target):
                self._form = PlanForm(self._offer(), self._begin, self._changed)
                limits_list()
            with card(tr("Before you start")):
                self._panel = ForecastPanel()
                self._start = button("", self._go, icon="play_arrow", kind="primary", acts=True)
        self._name_start(None)
        on_batch(self._console.targets.changed, lambda _: self._target_changed())
        on_batch(self._console.settings.changed, lambda _: self._changed())
        on_batch(self._console.mapping.changed, lambda _: self._changed())
        self._changed()

    def _offer(self) -> Offer:
        target = self._console.targets.current
        models = sorted(model.name for model in self._console.mapping.mapped())
        cap = self._console.settings.preferences.max_concurrency
        name = target_name(target) if target.is_production else ""
        return Offer(models if target.is_self else [], cap, name)

    def _draw_target(self) -> None:
        with ui.element("div").classes("gb-row t-table c-muted"):
            self._tag = ui.element("span").classes("gb-tag")
            self._target = ui.label("").classes("t-clip")
        self._show_target()

    def _show_target(self) -> None:
        target = self._console.targets.current
        self._tag.props["data-tag"] = target.colour
        self._tag.update()
        self._target.set_text(tr("against {name}", name=target_name(target)))

    def _target_changed(self) -> None:
        self._show_target()
        self._form.ask_name(self._offer().confirm)
        self._changed()

    # -- while one types

    def _changed(self) -> None:
        self._asked += 1
        background_tasks.create(self._look(self._asked), name="forecast of a load test")

    async def _look(self, asked: int) -> None:
        await asyncio.sleep(PAUSE_S)
        if asked != self._asked or self._panel.is_deleted:
            return
        errors, forecast, reason = await self._checked()
        if asked == self._asked and not self._panel.is_deleted:
            with self._panel:
                self._show(errors, forecast, reason)

    def _show(self, errors: Mapping[str, Message], forecast: Forecast | None, reason: str) -> None:
        # The name of a production target is asked for at the start, not while one types.
        told = {name: text for name, text in errors.items() if name != "confirm"}
        self._form.refuse(told)
        strange = [sentence(text) for name, text in told.items() if name not in self._form.fields]
        if forecast is not None:
            self._form.offer_models(forecast.models)
        if forecast is not None and not told:
            self._panel.show(forecast, is_step=self._form.is_finder)
        else:
            known = tr("Correct what is marked first.") if told else reason
            self._panel.refuse(" ".join(strange) or known)
        self._name_start(None if told else forecast)
        self._start.set_enabled(not told)

    async def _checked(self) -> tuple[dict[str, Message], Forecast | None, str]:
        """Return what is wrong at which field, or the forecast, or why there is none."""
        errors: dict[str, Message] = {}
        left = self._form.values()
        for _ in range(ERRORS_MOST):
            try:
                return errors, await self._forecast(left), ""
            except InputError as error:
                if error.field in errors:
                    return errors, None, ""
                errors[error.field] = error.message
                left = _without(left, error.field)
            except ConsoleError as error:
                return errors, None, sentence(error.message)
            except Exception:  # noqa: BLE001  # boundary: a forecast must not take the form
                _log.exception("no forecast for a load test")
                return errors, None, tr("A fault in the console. The log has the details.")
        return errors, None, ""

    async def _forecast(self, values: Mapping[str, Any]) -> Forecast:
        """Return the forecast; of a search that of its greatest step."""
        if self._form.is_finder:
            values = {**values, "cap": values.get("users")}
        return await self._console.loadtest.forecast(values)

    def _name_start(self, forecast: Forecast | None) -> None:
        if self._form.is_finder:
            self._start.set_text(tr("Find the safe number"))
        elif forecast is None:
            self._start.set_text(tr("Start"))
        else:
            text = trn("Start · {n} conversation", "Start · {n} conversations", forecast.calls)
            self._start.set_text(text)

    # -- the start

    async def _go(self) -> None:
        values, loadtest = self._form.values(), self._console.loadtest
        begin = loadtest.finder.start if self._form.is_finder else loadtest.start
        started = await act(
            lambda: begin(values, trigger=Trigger.MANUAL, started_by=BY),
            busy=self._start,
            fields=self._form.fields,
        )
        if started is not None:
            ui.navigate.to(f"{PATH}/{started.execution_id}")


def _without(values: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return the plan with a good value in place of the wrong one, to find what else is wrong."""
    left = {name: value for name, value in values.items() if name != field}
    return left | {"users": 1} if field == "users" else left
