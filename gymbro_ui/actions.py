"""Actions: run a service call from a click: busy while it lasts, a toast when it is refused."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from nicegui import ui

from components.primitives.field import Field
from components.primitives.toast import toast
from components.words import sentence, tr
from services.foundation.errors import ConsoleError, InputError

_log = logging.getLogger(__name__)
T = TypeVar("T")


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
    for field in (fields or {}).values():
        field.refuse("")
    if busy is not None:
        busy.props("loading")
    try:
        value = await work()
    except InputError as error:
        _refuse(error, fields or {})
        return None
    except ConsoleError as error:
        toast(sentence(error.message), tone="failed")
        return None
    except Exception:  # noqa: BLE001  # boundary: a click must always be answered
        _log.exception("an action failed")
        toast(tr("This did not work: a fault in the console. The log has details."), tone="failed")
        return None
    finally:
        if busy is not None and not busy.is_deleted:
            busy.props(remove="loading")
    if done:
        _say_done(done, undo)
    return value


def _refuse(error: InputError, fields: dict[str, Field]) -> None:
    field = fields.get(error.field)
    if field is not None:
        field.refuse(error.message)
        if field.control is not None:
            field.control.run_method("focus")
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
