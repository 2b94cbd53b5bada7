"""Cluster: say that this console lives, lead or follow, and hear what the others change."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from db.engine import Database
from db.queries import consoles as queries
from db.telling import tell
from services.cluster.hearing import Hearing, read_news
from services.cluster.types import ClusterView, ConsoleSeen, Job, Role
from services.foundation.clock import Clock
from services.foundation.signals import Signal
from services.foundation.steady import Steady
from services.foundation.storing import stored
from services.foundation.tasks import Tasks

if TYPE_CHECKING:
    from db.standing import Beat, Standing

_log = logging.getLogger(__name__)
LOOK_S = 0.25  # how often the lease is looked at
JOIN_S = 10.0  # a start waits so long for the server to know of it
AGAIN_S = 5.0  # before a job that could not be started is tried again


class Cluster:
    """One leader starts what starts by itself; with SQLite this console leads and hears nothing."""

    def __init__(  # what it stands on
        self, database: Database, clock: Clock, tasks: Tasks, boot_id: str, address: str
    ) -> None:
        """Nothing is connected before start(); `address` is how other consoles see this one."""
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._address = address
        self.boot_id = boot_id
        self.is_shared = database.backend == "postgresql"
        self.hearing = Hearing(clock, tasks)
        self.view = ClusterView()
        self.changed: Signal[ClusterView] = Signal("cluster.changed")
        self._jobs: tuple[Job, ...] = ()
        self._working: list[Job] = []
        self._turn = asyncio.Lock()  # jobs are started and stopped one after the other
        self._standing: Standing | None = None
        self._joined = asyncio.Event()
        self._led_until = 0.0  # monotonic
        self._started_at = -AGAIN_S  # when jobs were last tried
        self._is_stopping = False

    @property
    def leads(self) -> bool:
        """Whether this console may start something now; false the moment its lease is over."""
        if self.view.role is Role.ALONE:
            return not self._is_stopping
        return not self._is_stopping and self._clock.monotonic() < self._led_until

    async def start(self, *, may_lead: bool) -> None:
        """Let the server know of this console, before anything of it is stored; lead later."""
        if not self.is_shared:
            return
        self._database.tell_others(self.boot_id, self.hearing.tables)
        from db.standing import Ears, Standing  # noqa: PLC0415  # the driver: only with PostgreSQL

        loop = asyncio.get_running_loop()
        ears = Ears(
            beat=_onto(loop, self._beat), news=_onto(loop, self._news), lost=_onto(loop, self._lost)
        )
        self._show(Role.FOLLOWER)
        self._standing = Standing(
            self._database.url, self.boot_id, self._address, ears, may_lead=may_lead
        )
        self._standing.start()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._joined.wait(), JOIN_S)

    async def work(self, jobs: Sequence[Job]) -> None:
        """Start the jobs now, or with PostgreSQL whenever this console leads."""
        self._jobs = tuple(jobs)
        await self._settle()
        if self.is_shared:
            self._tasks.start(self._watch(), "cluster watch")

    async def lay_down(self) -> None:
        """Stop the jobs for good; another console may lead once stop() was called."""
        self._is_stopping = True
        await self._settle()

    async def stop(self) -> None:
        """Let another console lead, and this one be counted no more."""
        if self._standing is not None:
            await asyncio.to_thread(self._standing.stop)

    async def consoles(self) -> list[ConsoleSeen]:
        """Return the consoles on this store as the server knows them; none with SQLite."""
        rows = await stored(self._database.read(queries.consoles))
        return [
            ConsoleSeen(row.address, row.boot_id, row.since, row.leads, row.boot_id == self.boot_id)
            for row in rows
        ]

    def say_soon(self, **words: str) -> None:
        """Say something to the other consoles; ids and kinds only, never a value."""
        if self.is_shared and not self._is_stopping:
            self._tasks.start(self._say(words), "cluster say")

    async def _say(self, words: dict[str, str]) -> None:
        await self._database.write(lambda session: tell(session, **words))

    # -- what the server says

    def _beat(self, beat: "Beat") -> None:
        self._led_until = beat.leads_until
        if not self.view.is_connected:
            _log.info("the server knows of this console again")
            self._change(replace(self.view, is_connected=True, reason=""))
        if beat.is_first and self._joined.is_set():
            self.hearing.hear_all()  # nothing was heard in between
        self._joined.set()

    def _news(self, payload: str) -> None:
        self.hearing.hear(read_news(payload, self.boot_id))

    def _lost(self, reason: str) -> None:
        self._led_until = 0.0  # the lock went with the session
        if self.view.is_connected:
            _log.warning("the server does not know of this console any more: %s", reason)
            self._change(replace(self.view, is_connected=False, reason=reason))
        self._tasks.start(self._settle(), "cluster settle")

    # -- leading

    async def _watch(self) -> None:
        steady = Steady(_log, "the look at who leads")
        while True:
            await self._clock.sleep(LOOK_S)
            await steady.turn(self._settle)

    async def _settle(self) -> None:
        """Start or stop the jobs, as it stands now."""
        async with self._turn:
            if self.leads:
                await self._take_up()
            elif self._working:
                await self._put_down()
            if self.is_shared:
                self._show(Role.LEADER if self.leads else Role.FOLLOWER)

    async def _take_up(self) -> None:
        missing = [job for job in self._jobs if job not in self._working]
        if not missing or self._clock.monotonic() - self._started_at < AGAIN_S:
            return
        self._started_at = self._clock.monotonic()
        for job in missing:
            if not self.leads:  # lost while an earlier one was started
                break
            try:
                self._working.append(job)
                await job.start()
            except Exception:
                if not self.is_shared:  # a start of the program says what is wrong
                    raise
                _log.exception("a job of the leader could not be started")
                self._working.remove(job)

    async def _put_down(self) -> None:
        working, self._working = self._working, []
        self._started_at = -AGAIN_S
        for job in working:
            try:
                await job.stop()
            except Exception:  # noqa: BLE001  # boundary: the other jobs must stop too
                _log.exception("a job of the leader could not be stopped cleanly")

    def _show(self, role: Role) -> None:
        if role is not self.view.role or self.view.since is None:
            _log.info("this console is %s", role)
            self._change(replace(self.view, role=role, since=self._clock.now()))

    def _change(self, view: ClusterView) -> None:
        self.view = view
        self.changed.emit(view)


def _onto(loop: asyncio.AbstractEventLoop, call: Callable[..., None]) -> Callable[..., None]:
    def from_thread(value: object) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody listens any more
            loop.call_soon_threadsafe(call, value)

    return from_thread
