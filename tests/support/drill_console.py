"""`python -m tests.support.drill_console run …`: the real console, plus drill kinds and routes that drive them."""

import os
import sys
import time
from typing import Any

from fastapi import APIRouter, Body

from gymbro_ui.command_line import parse_arguments
from tests.support.drill import add_kinds, open_gate


def _routes(console: Any) -> APIRouter:  # noqa: C901  # one small handler a route
    router = APIRouter(prefix="/drill")

    @router.post("/start")
    async def start(params: dict[str, Any] = Body()) -> dict[str, Any]:  # noqa: B008
        kind, count = params.pop("kind", "drill"), int(params.pop("count", 1))
        started = [await console.executions.start(kind, params) for _ in range(count)]
        return {"ids": [one.execution_id for one in started]}

    @router.get("/open")
    async def open_ones() -> dict[str, Any]:
        return {"ids": [one.execution_id for one in console.executions.running()]}

    @router.get("/one/{key}")
    async def one(key: str) -> dict[str, Any]:
        found = await console.executions.get(key)
        return {"status": found.status, "error_kind": found.error_kind, "done": found.done}

    @router.post("/end")
    async def end() -> dict[str, Any]:
        keys = [one.execution_id for one in console.executions.running()]
        await console.executions.cancel_many(keys)
        for key in keys:
            await console.executions.wait(key)
        return {"ids": keys}

    @router.post("/together")
    async def together() -> dict[str, Any]:
        """Let everything that waits for the gate end in the same moment; give when each change was told."""
        told: dict[str, float] = {}

        def note(one: Any) -> None:
            told[one.execution_id] = time.time() * 1000

        running = console.executions.running()
        ids = [one.execution_id for one in running if one.execution_type == "gate"]
        end = console.executions.changed.subscribe(note)
        called = time.time() * 1000
        open_gate()
        for key in ids:
            await console.executions.wait(key)
        end()
        return {"called": called, "told": told}

    @router.post("/settings")
    async def settings(changes: dict[str, Any] = Body()) -> dict[str, Any]:  # noqa: B008
        await console.settings.change(changes)
        return {}

    return router


def main() -> int:
    arguments = parse_arguments(sys.argv[1:])
    os.environ.setdefault("NICEGUI_STORAGE_PATH", arguments.ui_storage_path())
    from nicegui import app  # noqa: PLC0415  # after its storage path is set

    from gymbro_ui.commands import serve  # noqa: PLC0415
    from gymbro_ui.commands.dispatch import run_command  # noqa: PLC0415

    build = serve.build_console

    def build_with_drills(*args: Any, **options: Any) -> Any:
        console = build(*args, **options)
        add_kinds(console.executions)
        app.include_router(_routes(console))
        return console

    serve.build_console = build_with_drills
    return run_command(arguments)


if __name__ in {"__main__", "__mp_main__"}:
    sys.exit(main())
