"""Actions: run a service call from a click: busy while it lasts, a toast when it is refused."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from nicegui import context, ui

from components.primitives.field import Field
from components.primitives.toast import toast
from components.settings.schedule_form import Patch, ScheduleActs, ScheduleForm
from components.words import sentence, tr, trn
from services.accounts.types import UserType
from services.e2e.types import Launch, LaunchRequest
from services.foundation.errors import ConsoleError, InputError
from services.settings.types import Preferences

if TYPE_CHECKING:
    from services.console import Console

_log = logging.getLogger(__name__)
T = TypeVar("T")
_REFUSED = object()


async def act(
    work: Callable[[], Awaitable[T]],
    *,
    done: str = "",
    undo: Callable[[], Awaitable[Any]] | None = None,
    busy: ui.button | None = None,
    fields: dict[str, Field] | None = None,
) -> T | None:
    """Return what the call returned, or None after telling why it was refused.

    A refused input is shown at its field when `fields` has it; a fault of ours is logged, said
    without details, and never hidden. `undo` puts a way back on the toast.
    """
    # The button's own slot may be redrawn away by the very change it makes: stand on the page.
    with context.client:
        for field in (fields or {}).values():
            field.refuse("")
        if busy is not None:
            busy.props("loading")
        value = await _answered(work, fields or {})
        if busy is not None and not busy.is_deleted:
            busy.props(remove="loading")
        if value is _REFUSED:
            return None
        if done:
            _say_done(done, undo)
        return value  # pyright: ignore[reportReturnType]  # the mark was sorted out above


async def _answered(work: Callable[[], Awaitable[T]], fields: dict[str, Field]) -> "T | object":
    try:
        return await work()
    except InputError as error:
        _refuse(error, fields)
    except ConsoleError as error:
        toast(sentence(error.message), tone="failed")
    except Exception:  # noqa: BLE001  # boundary: a click must always be answered
        _log.exception("an action failed")
        toast(tr("This did not work: a fault in the console. The log has details."), tone="failed")
    return _REFUSED


def _refuse(error: InputError, fields: dict[str, Field]) -> None:
    field = fields.get(error.field)
    if field is not None:
        field.refuse(error.message)
        field.point_out()
    else:
        toast(sentence(error.message), tone="failed")


def _say_done(done: str, undo: Callable[[], Awaitable[Any]] | None) -> None:
    if undo is None:
        toast(done)
        return
    back = undo

    async def take_back() -> None:
        await act(back, done=tr("Undone"))

    toast(done, action=tr("Undo"), on_action=take_back)


async def in_slot(owner: ui.element, work: Callable[[], Awaitable[Any]]) -> None:
    """Do the work standing on the owner, as long as it is on the page; a refusal is a toast."""
    if owner.is_deleted:
        return
    with owner:
        try:
            await work()
        except ConsoleError as error:
            if not owner.is_deleted:
                toast(sentence(error.message), tone="failed")


async def run_e2e(console: "Console", request: LaunchRequest) -> Launch | None:
    """Start the E2E and say how many conversations it makes; None when it was refused."""
    count = console.e2e.forecast(request).conversations
    return await act(
        lambda: console.e2e.start(request),
        done=trn("E2E started: {n} conversation", "E2E started: {n} conversations", count),
    )


async def save_preferences(
    console: "Console", patch: Patch, fields: dict[str, Field]
) -> Preferences | None:
    """Return the preferences after the patch, with an undo on the toast; None when refused."""
    before = {name: getattr(console.settings.preferences, name) for name in patch}
    return await act(
        lambda: console.settings.change(patch),
        done=tr("Saved"),
        undo=lambda: console.settings.change(before),
        fields=fields,
    )


def schedule_form(console: "Console") -> ScheduleForm:
    """Return the schedule's form bound to the console, drawn in the present slot."""

    def calls(user_types: tuple[str, ...]) -> int:
        kinds = tuple(UserType(kind) for kind in user_types)
        return console.e2e.forecast(LaunchRequest(user_types=kinds)).conversations if kinds else 0

    acts = ScheduleActs(
        preview=console.schedules.preview, calls=calls, save=partial(save_preferences, console)
    )
    return ScheduleForm(console.settings.preferences, console.schedules.view(), acts)
