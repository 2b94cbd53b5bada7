"""Live: first at once, then together, and never after the element is gone."""

import asyncio
import logging

import pytest
from nicegui import core, ui

from components.live import can_push, on_batch, on_path, on_return, when_deleted
from components.words import language
from services.foundation.actor import acting_as, current_actor
from services.foundation.signals import Signal
from tests.support.client import a_client


async def test_the_first_value_is_drawn_at_once_and_the_rest_together() -> None:
    signal: Signal[int] = Signal("numbers")
    drawn: list[list[int]] = []
    with a_client():
        on_batch(signal, drawn.append, every_s=0.05)
        signal.emit(1)
        await asyncio.sleep(0)
        assert drawn == [[1]]
        for number in range(2, 50):
            signal.emit(number)
        assert len(drawn) == 1
        await asyncio.sleep(0.08)
    assert drawn == [[1], list(range(2, 50))]


async def test_what_is_told_in_one_step_is_drawn_in_one() -> None:
    signal: Signal[int] = Signal("numbers")
    drawn: list[list[int]] = []
    with a_client():
        on_batch(signal, drawn.append)
        for number in range(50):
            signal.emit(number)
        await asyncio.sleep(0)
    assert drawn == [list(range(50))]


async def test_a_commit_soon_after_another_does_not_wait_for_the_next_tenth() -> None:
    signal: Signal[int] = Signal("numbers")
    drawn: list[list[int]] = []
    with a_client():
        on_batch(signal, drawn.append)
        signal.emit(1)
        await asyncio.sleep(0.002)
        signal.emit(2)
        await asyncio.sleep(0.03)
    assert drawn == [[1], [2]]


async def test_only_what_is_kept_is_drawn() -> None:
    signal: Signal[int] = Signal("numbers")
    drawn: list[list[int]] = []
    with a_client():
        on_batch(signal, drawn.append, keep=lambda number: number % 2 == 0)
        for number in range(6):
            signal.emit(number)
        await asyncio.sleep(0)
    assert drawn == [[0, 2, 4]]


async def test_a_return_of_the_browser_is_heard_until_the_element_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(core, "loop", asyncio.get_running_loop())
    returns: list[str] = []

    async def again() -> None:
        returns.append("read")

    with a_client() as client:
        with ui.element("div") as area:
            on_return(lambda: returns.append(language()))
            on_return(again)
        for handler in list(client.connect_handlers):
            client.safe_invoke(handler)
        await asyncio.sleep(0.01)
        assert returns == ["en", "read"]
        area.delete()
        assert client.connect_handlers == []


async def test_an_address_is_heard_until_the_element_is_gone() -> None:
    heard: list[str] = []
    with a_client() as client:
        for _ in range(5):
            with ui.element("div") as area:
                on_path(heard.append)
            await client.sub_pages_router._handle_open("/executions")
            area.delete()
        await client.sub_pages_router._handle_open("/settings")
        assert heard == ["/executions"] * 5
        assert len(client.sub_pages_router._path_changed_handlers) == 1


async def test_a_steady_stream_is_drawn_at_most_ten_times_a_second() -> None:
    signal: Signal[int] = Signal("numbers")
    drawn: list[list[int]] = []
    with a_client():
        on_batch(signal, drawn.append)
        begun = asyncio.get_running_loop().time()
        for number in range(100):
            signal.emit(number)
            await asyncio.sleep(0.004)
        await asyncio.sleep(0.12)
        took_s = asyncio.get_running_loop().time() - begun
    assert [n for batch in drawn for n in batch] == list(range(100))
    assert len(drawn) <= took_s / 0.1 + 2  # two may follow closely after a rest


async def test_ten_round_trips_leave_no_subscription() -> None:
    """Pages inside sub pages come and go while their client lives on."""
    signal: Signal[int] = Signal("numbers")
    drawn: list[list[int]] = []
    with a_client():
        for _ in range(10):
            with ui.element("div") as area:
                on_batch(signal, drawn.append)
            area.delete()
        assert signal.subscriber_count == 0
        signal.emit(1)
    assert drawn == []


async def test_a_waiting_value_is_not_drawn_after_the_element_is_gone() -> None:
    signal: Signal[int] = Signal("numbers")
    drawn: list[list[int]] = []
    with a_client():
        with ui.element("div") as area:
            on_batch(signal, drawn.append, every_s=0.03)
        signal.emit(1)
        await asyncio.sleep(0)
        signal.emit(2)
        area.delete()
        await asyncio.sleep(0.06)
    assert drawn == [[1]]


async def test_a_deleted_client_ends_it() -> None:
    signal: Signal[int] = Signal("numbers")
    with a_client() as client:
        on_batch(signal, lambda _: None)
        assert signal.subscriber_count == 1
        client.delete()
    assert signal.subscriber_count == 0


async def test_it_can_be_ended_by_hand() -> None:
    signal: Signal[int] = Signal("numbers")
    with a_client():
        end = on_batch(signal, lambda _: None)
        end()
        end()
    assert signal.subscriber_count == 0


async def test_a_draw_happens_in_the_words_and_slot_of_its_page() -> None:
    signal: Signal[int] = Signal("numbers")
    said: list[str] = []
    with a_client("en"):
        with ui.element("div") as area:
            on_batch(signal, lambda _: said.append(language() + ui.label("x").tag))
        children = len(area.default_slot.children)
    with a_client("zh"):
        pass
    with a_client("en") as other:
        on_batch(signal, lambda _: said.append(language()))
        before = len(other.elements)
        signal.emit(1)
        await asyncio.sleep(0)
        assert said == ["en"]  # the first page is gone
        assert len(other.elements) == before
    assert children == 1


async def test_one_page_that_cannot_draw_does_not_stop_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    signal: Signal[int] = Signal("numbers")
    drawn: list[list[int]] = []

    def fail(_: list[int]) -> None:
        raise RuntimeError("no")

    with a_client(), caplog.at_level(logging.ERROR):
        on_batch(signal, fail)
        on_batch(signal, drawn.append)
        signal.emit(7)
        await asyncio.sleep(0)
    assert drawn == [[7]]
    assert "could not draw" in caplog.text


async def test_only_the_newest_ten_thousand_wait() -> None:
    signal: Signal[int] = Signal("numbers")
    drawn: list[list[int]] = []
    with a_client():
        on_batch(signal, drawn.append, every_s=0.02)
        for number in range(10_050):
            signal.emit(number)
        await asyncio.sleep(0.05)
    assert len(drawn[0]) == 10_000
    assert drawn[0][-1] == 10_049


async def test_when_deleted_is_called_once() -> None:
    ended: list[int] = []
    with a_client() as client:
        with ui.element("div") as area:
            when_deleted(lambda: ended.append(1))
        area.delete()
        assert not can_push(client)
    assert ended == [1]


async def test_a_page_draws_as_its_own_user_whoever_told_the_change() -> None:
    told: Signal[int] = Signal("told")
    seen: list[str] = []
    with a_client():
        with acting_as("who looks", may_change=False):
            on_batch(told, lambda _: seen.append(current_actor().name))
        with acting_as("who changes"):
            told.emit(1)
            await asyncio.sleep(0)
    assert seen == ["who looks"]
