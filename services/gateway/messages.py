"""Messages: accept one, generate it in the background, let its caller follow it (contract 2, 3)."""

import asyncio
import itertools
import logging
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlmodel import Session

from db.engine import Database
from db.errors import DatabaseUnavailableError
from db.queries import messages as queries
from db.queries import usage as usage_queries
from services.accounts.types import Caller
from services.foundation.clock import Clock
from services.foundation.ids import new_hex
from services.foundation.steady import Steady
from services.foundation.tasks import Tasks
from services.gateway import rules
from services.gateway.delivery import Delivery
from services.gateway.frames import frame
from services.gateway.generation import RESTARTED, Generation
from services.gateway.guards import Guards
from services.gateway.job import Job
from services.gateway.message_log import Board, MessageLog
from services.gateway.prompt import assemble
from services.gateway.quota import Quota
from services.gateway.routing import Routing
from services.gateway.subscription import Subscription
from services.gateway.types import (
    Accepted,
    Address,
    GatewayError,
    HiddenMessageError,
    IncomingMessage,
    Route,
)
from services.prompts.service import Prompts
from services.prompts.types import ActivePrompts
from services.settings.service import Settings
from services.settings.types import OutputProtocol, PromptMode

_log = logging.getLogger(__name__)
RUNNING_MAX = 2_000  # messages generated at one time
SWEEP_S = 30.0
PURGE_EVERY = 120  # sweeps: once an hour


@dataclass(frozen=True, slots=True)
class Desk:
    """What a message passes through."""

    routing: Routing
    generation: Generation
    guards: Guards
    quota: Quota
    board: Board
    prompts: Prompts
    settings: Settings


@dataclass(frozen=True, slots=True)
class Ground:
    """The prompts a message is put on, the protocol they ask for, and who decides on them."""

    active: ActivePrompts
    protocol: OutputProtocol
    mode: PromptMode
    is_trial: bool = False


class Messages:
    """Accepted messages: on disk when acknowledged, generated whether or not anybody listens."""

    def __init__(self, database: Database, clock: Clock, tasks: Tasks, desk: Desk) -> None:
        """Start with nothing accepted."""
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._desk = desk
        self._running: set[asyncio.Task[Any]] = set()

    @property
    def running(self) -> int:
        """How many messages are generated now."""
        return len(self._running)

    async def accept(
        self,
        caller: Caller,
        incoming: IncomingMessage,
        request_id: str,
        address: Address,
    ) -> Accepted:
        """Check steps 4 to 7 of contract 2.2, keep the message and begin to generate.

        Raise GatewayError with the exact code.
        """
        if len(self._running) >= RUNNING_MAX:
            raise GatewayError(503, "server_busy", "Too many messages at once", retry_after_s=5)
        key = rules.model_key(incoming)
        ground = self._ground(caller, incoming)
        route = self._desk.routing.resolve(
            caller,
            key,
            address,
            module=rules.module_of(incoming),
            endpoint_id=incoming.metadata.get("endpoint_id"),
            trial_id=incoming.metadata.get("mapping_trial"),
        )
        rules.check_payload(incoming)
        job = self._job(caller, incoming, request_id, key, route, ground)
        try:
            await self._keep(job)
        except BaseException:
            self._desk.board.forget(job.log.message_id)
            raise
        job.log.append([frame("status", {"state": "queued", **job.ids})])
        name = f"message-{job.log.message_id}"
        task = self._tasks.start(self._desk.generation.run(job), name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return Accepted(job.log.message_id, job.log.conversation_id)

    async def subscribe(
        self, caller: Caller, message_id: str, conversation_id: str
    ) -> Subscription:
        """Return the subscription to a message's events.

        Raise GatewayError 404 (unknown) or 429 (too many streams), HiddenMessageError.
        """
        log = await self._find(message_id)
        if log is None:
            raise GatewayError(404, "http_error", "message not found")
        if log.user_id != caller.user_id or not _is_same(conversation_id, log.conversation_id):
            raise HiddenMessageError
        if log.is_followed:
            raise GatewayError(
                429,
                "SSE_CONCURRENCY_LIMIT_EXCEEDED",
                "Somebody already follows this message",
                retry_after_s=10,
            )
        free = self._desk.guards.open_stream(caller, log.conversation_id)
        heartbeat_s = self._desk.settings.env.heartbeat_s
        return Subscription(self._clock, heartbeat_s, log, free)

    async def stop(self) -> None:
        """End what is generated: its followers get server_restarted, and so do later ones."""
        running = [task for task in self._running if not task.done()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=5)
            now = self._clock.now()
            await self._database.write(lambda session: queries.close_running(session, now))

    async def sweep(self) -> None:
        """Forget ended messages in memory after 15 minutes, on disk after the retention time."""
        steady = Steady(_log, "the sweep of messages")
        for turn in itertools.count():
            await self._clock.sleep(SWEEP_S)
            await steady.turn(partial(self._sweep, purges=turn % PURGE_EVERY == 0))

    async def _sweep(self, *, purges: bool) -> None:
        self._desk.board.expire()
        if purges:
            await self._purge()

    def _ground(self, caller: Caller, incoming: IncomingMessage) -> Ground:
        """Return the prompts of the message; the operator alone may name a trial of others."""
        app = self._desk.settings.app
        trial_id = incoming.metadata.get("prompt_trial") if caller.is_operator else None
        if trial_id is None:
            active = self._desk.prompts.active(app.app_output_protocol)
            return Ground(active, app.app_output_protocol, app.prompt_mode)
        trial = self._desk.prompts.trial(trial_id)
        if trial is None:  # never quietly under other prompts than the ones asked for
            raise GatewayError(422, "prompt_trial_unknown", "There is no such trial")
        return Ground(trial.active, trial.protocol, PromptMode.SERVER, is_trial=True)

    def _job(  # each is a fact of its own
        self,
        caller: Caller,
        incoming: IncomingMessage,
        request_id: str,
        key: str,
        route: Route,
        ground: Ground,
    ) -> Job:
        mode = rules.result_mode(incoming, self._desk.settings.app.default_result_mode)
        conversation_id = rules.conversation_id(incoming.conversation_id)
        assembly = assemble(incoming, ground.mode, ground.active)
        created_at = self._clock.now()
        if assembly.is_ours and not ground.is_trial:
            with_tools = assembly.block["tools_prompt_id"] is not None
            self._desk.prompts.note_served(ground.active, created_at, with_tools=with_tools)
        return Job(
            caller=caller,
            incoming=incoming,
            key=key,
            route=route,
            mode=mode,
            assembly=assembly,
            delivery=Delivery(mode, ground.protocol, incoming.dialect or route.resolution.dialect),
            log=self._desk.board.open(new_hex(), conversation_id, caller.user_id, request_id),
            request_id=request_id,
            created_at=created_at,
            began=self._clock.monotonic(),
            saves_history=rules.saves_history(incoming),
        )

    async def _keep(self, job: Job) -> None:
        """Put the message on disk, with the quota counted so far, before it is acknowledged."""
        counts = self._desk.quota.take_unsaved()
        values = {
            "message_id": job.log.message_id,
            "conversation_id": job.log.conversation_id,
            "request_id": job.request_id,
            "user_id": job.caller.user_id,
            "model_key": job.key,
            "result_mode": str(job.mode),
            "state": "running",
            "created_at": job.created_at,
        }

        def change(session: Session) -> None:
            queries.add_message(session, values)
            usage_queries.keep_quota(session, counts, job.created_at)

        try:
            await self._database.write(change)
        except DatabaseUnavailableError as error:  # the chat goes on; only its replay is at risk
            self._desk.quota.put_back(counts)
            _log.warning("message %s is not on disk: %s", job.log.message_id, error)

    async def _find(self, message_id: str) -> MessageLog | None:
        """Return the live log, or one made of what is stored, or None."""
        live = self._desk.board.find(message_id)
        if live is not None or len(message_id) != 32:
            return live
        try:
            row = await self._database.read(lambda s: queries.find_message(s, message_id))
        except DatabaseUnavailableError as error:
            raise GatewayError(503, "store_unavailable", retry_after_s=5) from error
        if row is None:
            return None
        data = row.terminal_json or _restarted(message_id, row.request_id, row.result_mode)
        log = MessageLog(
            message_id, row.conversation_id, row.user_id, row.request_id, self._desk.board
        )
        log.close(frame("completed" if row.state == "completed" else "error", data))
        log.is_terminal_sent = True
        return log

    async def _purge(self) -> None:
        days = self._desk.settings.preferences.retention_days
        before = self._clock.now() - timedelta(days=days)
        try:
            while await self._database.write(lambda s: queries.purge_before(s, before)):
                await self._clock.sleep(0.05)  # let other writes in between
        except DatabaseUnavailableError as error:
            _log.warning("old messages could not be removed: %s", error)


def _is_same(given: str, known: str) -> bool:
    """Return whether the conversation of the query, if any, is the message's."""
    return not given.strip() or rules.same_uuid(given, known)


def _restarted(message_id: str, request_id: str, mode: str) -> dict[str, object]:
    """Return the error event of a message that a restart cut off."""
    return {
        "message_id": message_id,
        "request_id": request_id,
        "code": "internal_error",
        "message": RESTARTED,
        "error": RESTARTED,
        "result_mode": mode,
        "result_mode_effective": mode,
        "provider": None,
        "resolved_model": None,
        "endpoint_id": None,
        "upstream_status": None,
    }
