"""Composition root: build every service once, start and stop them in order."""

import asyncio
import logging
import os
import signal
from dataclasses import dataclass, field

from db.boot.open import open_store
from db.boot.place import OpenedStore, StorePlace
from db.engine import Database
from db.errors import AnotherInstanceError, StoreRefusedError
from db.lock import InstanceLock
from services.accounts.service import Accounts
from services.accounts.verifier import Verifier
from services.chat.client import ChatClient
from services.e2e.parts import E2eParts
from services.e2e.service import E2e
from services.executions.service import Executions
from services.foundation.clock import Clock, SystemClock
from services.foundation.errors import ConsoleError, StoreError
from services.foundation.messages import Message
from services.foundation.tasks import Tasks
from services.gateway.service import Gateway
from services.identities.service import Identities
from services.mapping.service import Mappings
from services.models.service import Models
from services.prompts.service import Prompts
from services.schedules.service import Schedules
from services.secrets.service import Secrets
from services.settings.machine import machine_zone
from services.settings.service import Settings
from services.settings.types import Env
from services.stats.service import Stats
from services.suppliers.service import Suppliers
from services.targets.service import Targets

_log = logging.getLogger(__name__)
STOP_S = 10.0  # everything must be stored within this time


class AlreadyRunningError(ConsoleError):
    """Another console holds the data folder; `url` is where it listens."""

    def __init__(self, error: AnotherInstanceError) -> None:
        """Keep who holds the folder."""
        super().__init__(
            "A console already runs on {folder} (process {pid}).",
            folder=str(error.folder),
            pid=error.pid,
        )
        self.url = error.url


@dataclass
class _LifeCycle:
    is_started: bool = False
    stopping: "asyncio.Task[None] | None" = None
    is_closed: bool = False


@dataclass(frozen=True)
class Console:
    """Every service, built once."""

    env: Env
    clock: Clock
    tasks: Tasks
    lock: InstanceLock
    store: OpenedStore
    database: Database
    secrets: Secrets
    settings: Settings
    accounts: Accounts
    verifier: Verifier
    targets: Targets
    suppliers: Suppliers
    models: Models
    mapping: Mappings
    prompts: Prompts
    stats: Stats
    gateway: Gateway
    identities: Identities
    chat: ChatClient
    executions: Executions
    schedules: Schedules
    e2e: E2e
    one_shot: bool = False  # serves one command: no schedule
    _life: _LifeCycle = field(default_factory=_LifeCycle)

    @property
    def notices(self) -> list[Message]:
        """What an operator must know about the store, newest last."""
        return [Message(notice.text, notice.params) for notice in self.store.report.notices]

    def known_secrets(self) -> list[str]:
        """Return every value that must never be shown or logged."""
        return [*self.secrets.known_values(), self.accounts.operator_token]

    def storage_secret(self) -> str:
        """Return the random key that signs browser cookies, made once."""
        return self.secrets.own_file("cookie.key").hex()

    async def start(self) -> None:
        """Recover what a crash left, then start the jobs; a second call does nothing."""
        if self._life.is_started:
            return
        self._life.is_started = True
        await self.executions.recover()
        await self.gateway.start()
        await self.stats.start()
        await self.e2e.recover()
        if not self.one_shot:
            await self.schedules.start(self.e2e.fire)

    def begin_stop(self) -> None:
        """Start to stop, on the loop; calls after the first do nothing."""
        if self._life.stopping is None:
            self._life.stopping = self.tasks.start(self._stop(), "console stop")

    async def stop(self) -> None:
        """Stop the jobs, end what runs with its state stored, close the store."""
        self.begin_stop()
        assert self._life.stopping is not None
        await asyncio.wait([self._life.stopping], timeout=STOP_S)

    async def _stop(self) -> None:
        if not self._life.is_started:
            return
        await self.schedules.stop()
        await self.executions.stop()
        await self.gateway.stop()
        await self.stats.stop()
        await self.identities.close()
        self.chat.close()
        await self.suppliers.close()
        await self.verifier.close()
        await self.tasks.stop()
        await self.database.close()
        _log.info("stopped; everything is stored")

    def ask_to_stop(self) -> None:
        """Ask the process to stop, from any thread."""
        os.kill(os.getpid(), signal.SIGTERM)

    def close_now(self) -> None:
        """Close the store if it is still open and let the next instance in."""
        if not self._life.is_closed:
            self._life.is_closed = True
            self.database.close_now()
            self.lock.release()


def build_console(env: Env, *, clock: Clock | None = None, one_shot: bool = False) -> Console:
    """Return a console with its store opened and its settings read, nothing running yet.

    Raises AlreadyRunningError, StoreError or another ConsoleError with what to do.
    """
    clock = clock or SystemClock()
    try:
        lock = InstanceLock.acquire(env.data_dir, env.public_url)
    except AnotherInstanceError as error:
        raise AlreadyRunningError(error) from error
    except OSError as error:
        raise StoreError(
            "The data folder {folder} cannot be used: {reason}. Choose another one with --data-dir",
            folder=str(env.data_dir),
            reason=error.strerror or str(error),
        ) from error
    try:
        return _build(env, clock, lock, one_shot=one_shot)
    except StoreRefusedError as error:
        lock.release()
        raise StoreError(error.notice.text, **error.notice.params) from error
    except BaseException:
        lock.release()
        raise


def _place(env: Env) -> StorePlace:
    return StorePlace(
        env.database_url, env.database_path, env.database_source, env.data_dir, env.backups_dir
    )


def _build(env: Env, clock: Clock, lock: InstanceLock, *, one_shot: bool) -> Console:
    store = open_store(_place(env), clock.now())
    database, tasks = store.database, Tasks()
    secrets = Secrets(env.secrets_dir)
    settings = Settings(database, clock, env, machine_zone(env.zone))
    settings.load()
    accounts = Accounts(database, clock, secrets, env)
    accounts.load()
    verifier = Verifier(accounts, clock, env)
    targets = Targets(database, clock, secrets, env, accounts)
    targets.load()
    suppliers = Suppliers(clock)
    models = Models(database, clock, secrets, settings)
    models.load()
    mapping = Mappings(database, clock, models, settings)
    mapping.load()
    prompts = Prompts(database, clock)
    prompts.load()
    stats = Stats(database, clock, tasks, settings, verifier)
    gateway = Gateway(database, clock, tasks, settings, models, mapping, prompts, suppliers, stats)
    gateway.load()
    identities = Identities(database, clock, secrets, targets, env)
    chat, executions = ChatClient(clock), Executions(database, clock, tasks)
    schedules = Schedules(database, clock, settings, tasks)
    if not one_shot:
        schedules.load()
    parts = E2eParts(
        database,
        clock,
        tasks,
        settings,
        targets,
        identities,
        chat,
        mapping,
        executions,
        suppliers,
        models,
    )
    e2e = E2e(parts)
    e2e.load()
    return Console(
        env,
        clock,
        tasks,
        lock,
        store,
        database,
        secrets,
        settings,
        accounts,
        verifier,
        targets,
        suppliers,
        models,
        mapping,
        prompts,
        stats,
        gateway,
        identities,
        chat,
        executions,
        schedules,
        e2e,
        one_shot,
    )
