"""Mount the Console on NiceGUI: routes, pages, life cycle, and the loop that serves them."""

import asyncio
import gc
import logging
import signal
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from nicegui import app, core, ui

from gymbro_ui import native_window, unknown_routes
from gymbro_ui.api import (
    access_admin,
    accounts,
    agents,
    audit,
    backups,
    consoles,
    dashboard_socket,
    desktop,
    dialogs,
    e2e,
    executions,
    health,
    imports,
    journal,
    load_export,
    load_tests,
    log_download,
    logs,
    mapping,
    messages,
    metrics,
    models,
    openai,
    prompts,
    sign_in,
    stats,
    sync,
    test_users,
    workflows,
)
from gymbro_ui.command_line import VERSION
from gymbro_ui.gate import Gate
from gymbro_ui.guard import Guard, HotRoute, access_rules, allows_origin
from gymbro_ui.shell import shell
from services.console import Console
from services.settings.types import Preferences

_log = logging.getLogger(__name__)
ROUTERS = (
    messages,
    models,
    mapping,
    prompts,
    e2e,
    executions,
    consoles,
    load_export,
    dialogs,
    test_users,
    load_tests,
    agents,
    workflows,
    sync,
    audit,
    backups,
    imports,
    logs,
    log_download,
    journal,
    stats,
    dashboard_socket,
    desktop,
    native_window,
    health,
    accounts,
    sign_in,
    access_admin,
    metrics,
)
CLOSE_CONNECTIONS_S = 3  # how long open streams may go on after a stop was asked for


def mount(console: Console) -> None:
    """Attach routes, guard and life cycle to the one application of this process."""
    app.title, app.version = "GymBro Console", VERSION
    for router in ROUTERS:
        app.include_router(router.router(console))
    app.add_api_route("/api/v1/openapi.json", _describe, include_in_schema=False)
    unknown_routes.add_last(app)
    rules = access_rules(
        console.env.public_url, console.env.host, console.env.port, console.env.cors_origins
    )
    core.sio.eio.cors_allowed_origins = allows_origin(rules)
    gate = Gate(console)
    _wrap_outermost(partial(Guard, rules=rules, hot=_hot_routes(console), gate=gate))
    _attach_life_cycle(console)
    native_window.attach(console)
    _choose_way(console.settings.preferences)
    console.settings.changed.subscribe(_choose_way)


def _choose_way(preferences: Preferences) -> None:
    """Let the next pages keep a connection open, or fetch by polling; open ones change by themselves."""
    app.config.socket_io_js_transports = (
        ["websocket", "polling"] if preferences.push_enabled else ["polling"]
    )


def serve(console: Console, storage_secret: str) -> None:
    """Serve until a signal asks to stop; returns after everything is stored."""
    mount(console)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _leave)
    env = console.env
    ui.run(
        partial(shell, console),
        host=env.host,
        port=env.port,
        title="GymBro Console",
        favicon=_FAVICON,
        reload=False,
        show=env.open_browser and not env.native_window,
        dark=None,
        language="zh-CN",
        reconnect_timeout=30,
        binding_refresh_interval=None,
        gzip_middleware_factory=None,  # loopback: compressing costs more than it saves
        tailwind=False,
        storage_secret=storage_secret,
        session_middleware_kwargs={"same_site": "strict", "session_cookie": "gymbro_console"},
        show_welcome_message=False,
        uvicorn_logging_level="warning",
        ws_per_message_deflate=False,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # TRUSTED_PROXIES decides whom to believe, not the server
        timeout_graceful_shutdown=CLOSE_CONNECTIONS_S,
    )


def _describe() -> dict[str, Any]:
    """Return the OpenAPI description of every route for programs."""
    return app.openapi()


def _hot_routes(console: Console) -> list[HotRoute]:
    return [*messages.routes(console), *openai.routes(console)]


def _wrap_outermost(guard: Callable[[Any], Guard]) -> None:
    """Put the guard outside every middleware that NiceGUI adds later."""
    build = app.build_middleware_stack

    def build_guarded() -> Any:
        return guard(build())

    app.build_middleware_stack = build_guarded


def _attach_life_cycle(console: Console) -> None:
    # NiceGUI does not await async start-up handlers: wrapping the lifespan makes the server wait.
    inner = app.router.lifespan_context
    hurry = asyncio.Event()

    async def stop() -> None:
        """Return when everything is stored, or at once when a second signal asks for it."""
        waits = {asyncio.ensure_future(console.stop()), asyncio.ensure_future(hurry.wait())}
        _done, waiting = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()

    @asynccontextmanager
    async def lifespan(application: FastAPI) -> AsyncGenerator[None]:
        await console.start()
        _stop_early_on_signal(console, hurry)
        gc.freeze()
        gc.set_threshold(10_000, 20, 50)  # many short-lived events, few cycles
        gc.enable()
        async with inner(application):
            _log.info("GymBro Console is ready on %s", console.env.public_url)
            yield
        await stop()

    app.router.lifespan_context = lifespan
    app.on_shutdown(stop)  # a closing native window never comes back to the lifespan


def _stop_early_on_signal(console: Console, hurry: asyncio.Event) -> None:
    """Stop running work at the first signal, before the server cuts the streams it hangs on.

    A second signal ends the waiting: what was acknowledged is stored, the next start does the rest.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    asked: list[int] = []
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None:
            continue
        server_handler = signal.getsignal(signal.SIGTERM if name == "SIGHUP" else number)

        def handle(
            signum: int, frame: Any, after: Any = server_handler, terminate: int = signal.SIGTERM
        ) -> None:
            loop.call_soon_threadsafe(hurry.set if asked else console.begin_stop)
            asked.append(signum)
            if callable(after):
                after(terminate if signum != signal.SIGINT else signum, frame)

        signal.signal(number, handle)


def _leave(_signum: int, _frame: Any) -> None:
    """End with exit code 0 once the server is down and repeats the signal to us."""
    raise SystemExit(0)


_FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="7" fill="#1B2430"/>'
    '<circle cx="10" cy="11" r="3.4" fill="#4CC079"/><circle cx="22" cy="11" r="3.4" fill="#4CC079"/>'
    '<circle cx="10" cy="21" r="3.4" fill="#4CC079"/><circle cx="22" cy="21" r="3.4" fill="#F08A4B"/>'
    "</svg>"
)
