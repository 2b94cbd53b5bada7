"""Composition root: build every service once, start and stop them in order."""

import asyncio
import logging
import os
import signal

from db.boot.place import OpenedStore
from db.lock import InstanceLock
from services.access.service import Access
from services.accounts.service import Accounts
from services.accounts.verifier import Verifier
from services.agents.parts import AgentParts
from services.agents.service import Agents
from services.audit.service import Audit
from services.chat.client import ChatClient
from services.cluster.service import Cluster
from services.day_looks import Looks
from services.desktop.service import Desktop
from services.dialogs.parts import DialogParts
from services.dialogs.service import Dialogs
from services.e2e.parts import E2eParts
from services.e2e.service import E2e
from services.executions.service import Executions
from services.first_run import FirstRun
from services.foundation.clock import Clock, SystemClock
from services.foundation.loop_watch import LoopWatch
from services.foundation.messages import Message
from services.foundation.tasks import Tasks
from services.gateway.service import Gateway
from services.identities.service import Identities
from services.imports.importing import Importing
from services.imports.service import Imports
from services.journal.service import Journal
from services.load_history.service import LoadHistory
from services.loadtest.parts import LoadParts, OwnServer
from services.loadtest.service import LoadTests
from services.logs.service import Logs
from services.mapping.service import Mappings
from services.models.monitor import Monitor
from services.models.probing import Probing
from services.models.service import Models
from services.opening import open_data
from services.prompts.service import Prompts
from services.schedules.service import Schedules
from services.secrets.sealing import Place
from services.secrets.service import Secrets
from services.settings.machine import machine_zone
from services.settings.service import Settings
from services.settings.types import Env
from services.several import Several
from services.stats.service import Stats
from services.suppliers.service import Suppliers
from services.sync.cloud import Cloud
from services.sync.parts import Catalogue
from services.targets.service import Targets
from services.trials import TrialKit
from services.undo.service import Undo
from services.upkeep import Upkeep
from services.workflows.service import Workflows

_log = logging.getLogger(__name__)
STOP_S = 10.0  # everything must be stored within this time


class Console:
    """Every service, built once, in the order in which they stand on each other."""

    def __init__(
        self, env: Env, clock: Clock, lock: InstanceLock, store: OpenedStore, *, one_shot: bool
    ) -> None:
        """Read what is stored; nothing runs before start(). `one_shot` serves one command only."""
        self.env = env
        self.clock = clock
        self.lock = lock
        self.store = store
        self.one_shot = one_shot
        self.database = store.database
        self.tasks = Tasks()
        self._is_started = False
        self._is_closed = False
        self._stopping: asyncio.Task[None] | None = None
        self._build_capabilities()
        self._build_features()
        self._build_workflows()
        self._build_agents()
        self.cluster = Cluster(
            self.database, clock, self.tasks, self.executions.boot_id, f"{env.host}:{env.port}"
        )
        self.several = Several(self, self.cluster)
        store.let_others_in()

    def _build_capabilities(self) -> None:
        """Secrets, settings, sign-in, targets, suppliers, clients."""
        database, clock, env = self.database, self.clock, self.env
        is_shared = env.shared_secrets is not None
        self.secrets = Secrets(env.secrets_dir, Place(env.vault_place), is_shared=is_shared)
        self.settings = Settings(database, clock, env, machine_zone(env.zone))
        self.settings.load()
        self.accounts = Accounts(database, clock, self.secrets, env)
        self.accounts.load()
        self.journal = Journal(database, clock, self.tasks, env.runtime_dir)
        self.journal.load()
        self.logs = Logs(self.settings, clock, self.known_secrets, database)
        self.verifier = Verifier(self.accounts, clock, env)
        self.access = Access(database, clock, self.tasks, self.settings)
        self.access.load()
        self.access.guard(self.verifier)
        self.targets = Targets(database, clock, self.secrets, env, self.accounts)
        self.targets.load()
        self.suppliers = Suppliers(clock)
        self.identities = Identities(database, clock, self.secrets, self.targets, env)
        self.chat = ChatClient(clock)

    def _build_features(self) -> None:
        """Catalogue, mapping, prompts, executions, schedules, figures, the gateway over them."""
        database, clock, settings = self.database, self.clock, self.settings
        self.models = Models(database, clock, self.secrets, settings)
        self.models.load()
        self.mapping = Mappings(database, clock, self.models, settings)
        self.mapping.load()
        self.prompts = Prompts(database, clock)
        self.prompts.load()
        self.executions = Executions(database, clock, self.tasks, settings, self.journal)
        self.desktop = Desktop(self.env, clock, self.tasks, self.executions)
        catalogue = Catalogue(self.models, self.mapping, self.prompts)
        self.cloud = Cloud(
            database, clock, self.tasks, self.secrets, self.env, catalogue, self.executions
        )
        self.audit = Audit(database, clock)
        self.audit.follow(self.models.books, settings.books, self.targets.books, self.access.books)
        self.undo = Undo(self.audit, catalogue, settings, self.targets)
        self.schedules = Schedules(database, clock, settings, self.tasks)
        if not self.one_shot:
            self.schedules.load()
        self.stats = Stats(database, clock, self.tasks, settings, self.verifier, self.journal)
        self.gateway = Gateway(
            database, clock, self.tasks, settings, self.models, self.mapping, self.prompts,
            self.suppliers, self.stats, self.journal,
        )  # fmt: skip
        if not self.is_read_only:
            self.gateway.load()

    def _build_workflows(self) -> None:
        """What runs as an execution."""
        parts = E2eParts(
            self.database, self.clock, self.tasks, self.settings, self.targets, self.identities,
            self.chat, self.mapping, self.executions, self.suppliers, self.models, self.prompts,
            self.journal,
        )  # fmt: skip
        self.e2e = E2e(parts)
        self.e2e.load()
        store, clock, settings, journal = self.database, self.clock, self.settings, self.journal
        own = OwnServer(self.gateway, self.mapping)
        self.loadtest = LoadTests(
            LoadParts(
                store, clock, settings, self.targets, self.identities, self.executions, own, journal
            )
        )
        self.load_history = LoadHistory(store, self.loadtest)
        self.dialogs = Dialogs(
            DialogParts(
                store,
                clock,
                self.tasks,
                settings,
                self.targets,
                self.identities,
                self.chat,
                self.prompts,
                self.executions,
                lambda: [model.name for model in self.mapping.mapped()],
            ),
            journal.keep,
        )
        self.executions.register(Probing(self.models, self.suppliers).kind)
        self.monitor = Monitor(self.executions, self.settings, self.clock, self.tasks)
        self.gateway.called.subscribe(self.monitor.note_call)
        self.monitor.is_held = self.e2e.network.look
        kit = TrialKit(settings, self.executions, self.chat, self.targets, self.accounts)
        self.trials = kit.of_mappings(self.mapping, self.prompts)
        self.prompt_trials = kit.of_prompts(self.prompts, self.mapping)

    def _build_agents(self) -> None:
        """Agents, and workflows over every kind that is registered by now."""
        store, clock, settings, runs = self.database, self.clock, self.settings, self.executions
        users = self.identities
        self.agents = Agents(
            AgentParts(store, clock, settings, self.targets, users, self.chat, self.prompts, runs)
        )
        self.agents.load()
        looks = Looks(self.models, self.verifier, self.e2e)
        self.upkeep = Upkeep(store, clock, self.tasks, settings, runs, self.cloud, looks)
        imports = Imports(store, clock, self.secrets, settings, self.targets)
        imports.holders = (self.models, self.mapping, self.prompts, settings, self.gateway)
        self.importing = Importing(imports, runs)
        self.workflows = Workflows(self.database, self.clock, self.executions, self.agents)
        self.workflows.load()  # last: its starter takes the kinds that are registered
        self.first_run = FirstRun(store, clock, runs, self.e2e, self.stats)  # no workflow step

    @property
    def notices(self) -> list[Message]:
        """What an operator must know about the store: what is wrong now, then what start found."""
        now = self.database.health().notices
        found = [notice for notice in self.store.report.notices if notice not in now]
        notices = [Message(notice.text, notice.params) for notice in (*now, *found)]
        return [*notices, *self.journal.notices, *self.desktop.notices]

    @property
    def is_read_only(self) -> bool:
        """Whether nothing can be kept; the pages then only show what there is."""
        return self.database.read_only is not None

    def known_secrets(self) -> list[str]:
        """Return every value that must never be shown or logged."""
        own = [*self.secrets.known_values(), self.accounts.operator_token]
        return [*own, *self.dialogs.known_secrets()]

    def storage_secret(self) -> str:
        """Return the random key that signs browser cookies, made once."""
        return self.secrets.own_file("cookie.key").hex()

    async def start(self) -> None:
        """Recover what a crash left, then start the jobs; a second call does nothing."""
        if self._is_started:
            return
        self._is_started = True
        self.logs.install()
        await self.desktop.start()
        if self.is_read_only:
            _log.error("the store is read-only: nothing is recovered, scheduled or recorded")
            return
        await LoopWatch(self.clock, self.tasks).start()
        await self.cluster.start(may_lead=not self.one_shot)  # before anything of it is stored
        self.several.keep_in_step()
        await self.access.start()
        await self.journal.start()  # first: a run whose end it holds was not interrupted
        await self.executions.recover()
        await self.gateway.start()
        await self.stats.start()
        await self.e2e.recover()
        await self.loadtest.recover()
        await self.dialogs.recover()
        if not self.one_shot:
            await self.cluster.work(self.several.jobs)

    def begin_stop(self) -> None:
        """Start to stop, on the loop; calls after the first do nothing."""
        if self._stopping is None:
            self._stopping = self.tasks.start(self._stop(), "console stop")

    async def stop(self) -> None:
        """Stop the jobs, end what runs with its state stored, close the store."""
        self.begin_stop()
        assert self._stopping is not None
        await asyncio.wait([self._stopping], timeout=STOP_S)

    async def _stop(self) -> None:
        if not self._is_started:
            return
        await self.cluster.lay_down()
        jobs = (self.desktop, self.access, self.cloud)
        kept = (self.executions, self.dialogs, self.gateway, self.stats, self.journal)
        for part in (*jobs, *kept):  # the journal last: it takes what the others could not store
            await part.stop()
        await self.identities.close()
        self.chat.close()
        await self.suppliers.close()
        await self.verifier.close()
        await self.tasks.stop()
        await self.cluster.stop()
        await self.database.close()
        _log.info("stopped; everything is stored")

    def ask_to_stop(self) -> None:
        """Ask the process to stop, from any thread."""
        os.kill(os.getpid(), signal.SIGTERM)

    def close_now(self) -> None:
        """Close the store if it is still open and let the next instance in."""
        if not self._is_closed:
            self._is_closed = True
            self.database.close_now()
            self.journal.close()
            self.logs.remove()
            self.lock.release()


def build_console(env: Env, *, clock: Clock | None = None, one_shot: bool = False) -> Console:
    """Return a console with its store opened and its settings read, nothing running yet.

    Raises AlreadyRunningError, StoreError or another ConsoleError with what to do.
    """
    clock = clock or SystemClock()
    lock, store = open_data(env, clock.now())
    try:
        return Console(env, clock, lock, store, one_shot=one_shot)
    except BaseException:
        lock.release()
        raise
