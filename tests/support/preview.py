"""Preview: the real shell and pages over believable data, to look at: python -m tests.support.preview."""

import argparse
import importlib
import os
import tempfile
import types
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("NICEGUI_STORAGE_PATH", tempfile.mkdtemp(prefix="preview-"))

from nicegui import app, ui

from services.accounts.types import UserType
from services.cluster.types import ClusterView
from services.e2e.types import CellChange, CellStatus, Forecast, LaunchRequest
from services.foundation.clock import SystemClock
from services.foundation.errors import ConflictError
from services.foundation.signals import Signal
from tests.support import preview_data as data
from tests.support.gallery import furnish
from tests.support.preview_access import FakeAccess
from tests.support.preview_agents import agent_parts
from tests.support.preview_catalogue import catalogue_parts
from tests.support.preview_choices import FakeSchedules, FakeSettings, FakeTargets
from tests.support.preview_cloud import cloud_parts
from tests.support.preview_executions import FakeExecutions
from tests.support.preview_first_run import first_run, importing
from tests.support.preview_logs import preview_logs
from tests.support.preview_states import STATES, hold
from tests.support.preview_upkeep import obtaining, upkeep_parts


class FakeE2e:
    """A past, and a run that can be started and walks through its cells."""

    def __init__(self, *, running: bool, bare: bool) -> None:
        self._bare = bare
        self.obtaining = obtaining(data.NOW, bare=bare)
        self._health = data.health(running=running)
        if bare:
            self._health = replace(
                self._health, dots=(), mapped=(), judged=0, good=0, not_judged=0, judged_at=None
            )
        self.cell_changed: Signal[CellChange] = Signal("e2e.cell_changed")
        self.launched: Signal[Any] = Signal("e2e.launched")
        self.finished: Signal[Any] = Signal("e2e.finished")
        self.health_changed: Signal[Any] = Signal("e2e.health_changed")

    def health(self) -> Any:
        return self._health

    def forecast(self, request: LaunchRequest) -> Forecast:
        models = len(request.models) or len(self._health.mapped)
        count = models * len(request.user_types)
        return Forecast(count, len(request.user_types), 95, 8 * count)

    async def start(self, request: LaunchRequest) -> Any:
        if self._health.running is not None:
            raise ConflictError("{label} is running already", label="E2E", existing_id="exe_2")
        launch = replace(data.launches(1)[0], launch_no=1001)
        total = self.forecast(request).conversations
        self._health = replace(self._health, running=launch, done=0, total=total)
        self.launched.emit(launch)
        self._left = [(key, kind) for kind in request.user_types for key, _ in data.MODELS]
        self._timer = app.timer(0.4, self._step)
        return launch

    def _step(self) -> None:
        key, kind = self._left.pop(0)
        done = self._health.done + 1
        self._health = replace(self._health, done=done)
        status = data.BAD.get(key, (CellStatus.OK,))[0]
        self.cell_changed.emit(CellChange(1001, key, kind, status, done, done, self._health.total))
        if not self._left:
            self._timer.cancel()
            launch, self._health = self._health.running, replace(self._health, running=None)
            self.finished.emit(launch)
            self.health_changed.emit(self._health)

    async def cancel(self) -> None:
        self._left = self._left[:1]

    async def matrix(
        self, *, target_id: int, window: str, models: Any = (), user_types: Any = ()
    ) -> Any:
        count = {"24h": 9, "7d": 48, "30d": 100, "last50": 50, "last20": 20, "last100": 100}[window]
        found = data.matrix(0 if self._bare else count)
        if models:
            found = replace(found, rows=tuple(r for r in found.rows if r.model_key in models))
        return found

    async def cell(self, cell_id: int) -> Any:
        return data.detail(data.MODELS[cell_id % len(data.MODELS)][0], UserType.ANONYMOUS)

    async def cell_at(self, launch_no: int, model_key: str, user_type: UserType) -> Any:
        return data.detail(model_key, user_type)

    async def launch_of(self, execution_id: str) -> Any:
        found = data.launches(100)
        return next((one for one in found if one.execution_id == execution_id), None)

    async def trend(self, **_: Any) -> Any:
        return [] if self._bare else data.trend(48)

    async def since_seen(self) -> Any:
        return [] if self._bare else data.changes()

    async def acknowledge(self) -> None:
        return None


def build(*, running: bool = False, bare: bool = False, late: bool = False) -> Any:
    """Return a console made of these parts; bare has nothing mapped and no past."""
    settings = FakeSettings()
    folder = data.DATABASE.parent
    env = types.SimpleNamespace(
        database_path=data.DATABASE,
        database_url=f"sqlite:///{data.DATABASE}",
        database_source="--data-dir",
        data_dir=folder,
        backups_dir=folder / "backups",
        logs_dir=folder / "logs",
        secrets_dir=folder / "secrets",
        public_url="http://127.0.0.1:9999",
        embedded_auth=True,
        embedded_auth_url="http://127.0.0.1:9999",
        anon_enabled=True,
    )
    accounts = types.SimpleNamespace(
        anon_key=data.TARGETS[0].anon_key,
        service_key=data.TARGETS[0].service_key,
        issuer=f"{env.public_url}/auth/v1",
        jwks=lambda: {"keys": [{"kid": "k1"}]},
    )
    executions = FakeExecutions(data.NOW, running=running, bare=bare)
    e2e = FakeE2e(running=running, bare=bare)
    return types.SimpleNamespace(
        env=env,
        notices=[],
        is_read_only=False,
        clock=SystemClock(),
        database=types.SimpleNamespace(waiting_writes=0, is_writer_alive=True),
        cluster=types.SimpleNamespace(view=ClusterView(), changed=Signal("cluster.changed")),
        settings=settings,
        targets=FakeTargets(),
        schedules=FakeSchedules(settings, late=late),
        executions=executions,
        **agent_parts(executions, data.NOW, bare=bare, going=running),
        e2e=e2e,
        first_run=first_run(e2e, data.NOW),
        importing=importing(),
        **catalogue_parts(bare=bare),
        **cloud_parts(bare=bare),
        **upkeep_parts(data.NOW, bare=bare),
        logs=preview_logs(settings, data.NOW, bare=bare),
        access=FakeAccess(data.NOW, bare=bare),
        accounts=accounts,
        secrets=types.SimpleNamespace(place="file"),
    )


def main() -> None:
    """Serve the preview until it is stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8801)
    parser.add_argument("--running", action="store_true", help="an E2E is under way")
    parser.add_argument("--bare", action="store_true", help="nothing mapped, no past")
    parser.add_argument("--hostile", action="store_true", help="names and errors are attacks")
    parser.add_argument("--late", action="store_true", help="the due check did not come")
    parser.add_argument(
        "--gallery", action="store_true", help="real prompts, mappings, talks, loads"
    )
    parser.add_argument("--state", choices=STATES, default="", help="how every reading ends")
    given = parser.parse_args()
    theme = importlib.import_module("components.theme.apply")
    shell = importlib.import_module("gymbro_ui.shell").shell

    theme.install()
    if given.hostile:
        data.poison()
    console = build(running=given.running, bare=given.bare, late=given.late)
    if given.gallery or given.state:
        app.on_startup(partial(_prepare, console, state=given.state, bare=given.bare))
    options: dict[str, Any] = {**theme.RUN_OPTIONS, "storage_secret": "preview"}
    ui.run(partial(shell, console), host="127.0.0.1", port=given.port, show=False, **options)


async def _prepare(console: Any, *, state: str, bare: bool) -> None:
    await furnish(console, Path(tempfile.mkdtemp(prefix="gallery-")), bare=bare)
    hold(console, state)


if __name__ in {"__main__", "__mp_main__"}:
    assert Path.cwd().joinpath("gymbro_ui").is_dir(), "start it in the project's folder"
    main()
