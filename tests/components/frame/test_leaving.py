"""What knows its page must not be what keeps it: a page that was left takes everything along."""

import asyncio
import gc
import weakref

from nicegui import Client
from nicegui.page import page

from components.frame.agent import Agent, dress_page
from components.live import on_batch, on_path
from components.primitives.toast import Toasts, toast
from components.ways import LIVE, note_way
from services.foundation.signals import Signal


async def a_visit(signal: Signal[int]) -> "weakref.ref[Client]":
    client = Client(page("/left"), request=None)
    with client:
        agent = Agent(look="light", title="", path="/left", keys=True)
        agent.on_dress = lambda _look: client  # as the acts of the frame, which know the page
        Toasts()
        on_batch(signal, lambda _: dress_page("light"))
        on_path(lambda _: None)
        note_way(client, LIVE)
        toast("said")
        dress_page("dark")
    signal.emit(1)
    await asyncio.sleep(0)
    client.delete()
    return weakref.ref(client)


async def test_a_page_that_was_left_is_kept_by_nothing() -> None:
    signal: Signal[int] = Signal("numbers")
    left = [await a_visit(signal) for _ in range(3)]
    await asyncio.sleep(0)
    gc.collect()
    assert [client() for client in left] == [None, None, None]
