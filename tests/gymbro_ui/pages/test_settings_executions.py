"""Settings page, Executions: the limit of runs at once is shown, saved, refused and taken back."""

from typing import Any

from nicegui import ElementFilter
from nicegui.testing import User

from components.primitives.toast import Toasts
from components.settings.executions_form import ExecutionsForm
from tests.support.builders import until
from tests.support.pages import operator


def _form(user: User) -> ExecutionsForm:
    (form,) = user.find(kind=ExecutionsForm).elements
    return form


async def _enter(user: User, value: float | None) -> None:
    form = _form(user)
    with user:
        form._field.control.value = value
        await form._changed()


async def test_the_limit_is_saved_shown_everywhere_and_taken_back() -> None:
    async with operator(running=True) as (user, console):
        await user.open("/settings")
        await user.should_see("当前：1 个运行中", retries=20)
        assert _form(user)._field.control.value == 20
        await _enter(user, 3.0)
        assert console.settings.preferences.max_executions == 3
        with user:
            (toasts,) = ElementFilter(kind=Toasts)
            for undo in list(toasts._actions.values()):
                await undo()
        assert console.settings.preferences.max_executions == 20
        await until(lambda: _form(user)._field.control.value == 20)


async def test_a_limit_out_of_range_is_refused_at_its_field() -> None:
    async with operator() as (user, console):
        await user.open("/settings")
        await user.should_see("同时运行数", retries=20)
        for wrong in (0.0, 201.0, 2.5, None):
            await _enter(user, wrong)
            assert console.settings.preferences.max_executions == 20
            await user.should_see("应为 1 到 200 的整数", retries=20)
        await _enter(user, 200.0)
        await user.should_not_see("应为 1 到 200 的整数")


async def test_what_waits_is_counted_while_it_waits() -> None:
    async with operator(running=True) as (user, console):
        await user.open("/settings")
        await user.should_see("当前：1 个运行中", retries=20)
        counts: Any = console.executions.counts()
        console.executions.counts = lambda: type(counts)(1, 2, 1)
        console.executions.changed.emit(console.executions.running()[0])
        await user.should_see("当前：1 个运行中，2 个按启动顺序等待", retries=20)
