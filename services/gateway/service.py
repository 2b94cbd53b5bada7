"""Gateway: the door to the chat API: guards, routing, messages, what is counted (contract 2, 3, 13)."""

import logging
from datetime import datetime, timedelta

from sqlmodel import Session

from db.engine import Database
from db.queries import config as config_queries
from db.queries import consoles
from db.queries import messages as queries
from db.queries import usage as usage_queries
from db.tables.messages import ConversationLogRow
from services.accounts.types import Caller, UserType
from services.foundation.clock import Clock
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.foundation.tasks import Tasks
from services.gateway import quota as quota_rules
from services.gateway.generation import Generation, Streams
from services.gateway.guards import Guards
from services.gateway.job import Job
from services.gateway.message_log import Board
from services.gateway.messages import Desk, Messages
from services.gateway.meter import Meter
from services.gateway.quota import Quota
from services.gateway.recorder import Recorder
from services.gateway.routing import Routing
from services.gateway.subscription import Subscription
from services.gateway.types import (
    Accepted,
    Address,
    GatewayError,
    HeaderLookup,
    IncomingMessage,
    Route,
    StoredLog,
    UsageSink,
)
from services.journal.types import NO_JOURNAL, Keeper
from services.mapping.service import Mappings
from services.models.service import Models
from services.prompts.service import Prompts
from services.settings.service import Settings
from services.suppliers.types import Usage

_log = logging.getLogger(__name__)
LONGEST = timedelta(hours=1)  # no message is written for so long
_QUOTA_SETTING = "model_daily_quota"
_HERE = Address("127.0.0.1", is_exempt=True)


class Gateway:
    """The chat API behind its routes; knows no HTTP framework."""

    def __init__(  # noqa: PLR0913, PLR0917  # everything a message passes through
        self,
        database: Database,
        clock: Clock,
        tasks: Tasks,
        settings: Settings,
        models: Models,
        mappings: Mappings,
        prompts: Prompts,
        suppliers: Streams,
        usage: UsageSink,
        journal: Keeper = NO_JOURNAL,
    ) -> None:
        """Start with nothing accepted; load() reads what a former process left."""
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._settings = settings
        self._usage = usage
        self.called: Signal[tuple[int, bool]] = Signal("gateway.called")  # endpoint id, good
        self.meter = Meter()
        self._quota = Quota(clock)
        self._recorder = Recorder(database, clock, self._quota, journal)
        self._routing = Routing(models, mappings, prompts, settings, self._quota)
        self.board = Board(clock)
        self.guards = Guards(clock, settings.env.rate_limits)
        generation = Generation(database, clock, suppliers, self._ended, journal)
        self._messages = Messages(
            database,
            clock,
            tasks,
            Desk(
                self._routing,
                generation,
                self.guards,
                self._quota,
                self.board,
                prompts,
                settings,
            ),
        )

    def load(self) -> None:
        """Close the messages a former process left running, and read today's quota."""
        now = self._clock.now()
        cut = self._database.write_now(lambda session: close_left_over(session, now))
        if cut:
            _log.warning("%d messages were cut by a restart", cut)
        used = self._database.read_now(lambda s: usage_queries.quota_of_day(s, now.date()))
        stored = self._database.read_now(config_queries.read_app_settings)
        counts = {(row.user_id, row.model_key): row.count for row in used}
        self._quota.load(counts, stored.get(_QUOTA_SETTING))

    async def reload(self) -> None:
        """Take counts of today that somebody else stored (an import), where they are higher."""
        day = self._clock.now().date()
        used = await stored(self._database.read(lambda s: usage_queries.quota_of_day(s, day)))
        self._quota.raise_to({(row.user_id, row.model_key): row.count for row in used})

    async def close_left_over(self) -> int:
        """Close the messages a console that is gone left running; return how many."""
        now = self._clock.now()
        return await self._database.write(lambda session: close_left_over(session, now))

    async def start(self) -> None:
        """Begin to write behind the requests and to forget what is old."""
        self._tasks.start(self._recorder.run(), "gateway-recorder")
        self._tasks.start(self._messages.sweep(), "gateway-sweep")

    async def stop(self) -> None:
        """End what is generated and write what still waits."""
        await self._messages.stop()
        await self._recorder.close()

    def address_of(self, peer: str, headers: HeaderLookup) -> Address:
        """Return where a request came from, as far as its headers can be believed."""
        return self.guards.address_of(peer, headers)

    def admit(self, caller: Caller, address: Address, user_agent: str) -> None:
        """Let a request with a valid token in and count it; raise GatewayError 429 or 403."""
        if caller.user_type is UserType.ANONYMOUS and not self._settings.env.anon_enabled:
            raise GatewayError(
                403, "ANONYMOUS_ACCESS_DENIED", "Anonymous users are switched off here"
            )
        self.guards.admit(caller, address, user_agent)
        self._usage.record_activity(caller)

    def note_refused_token(self, address: Address) -> None:
        """Count a refused token; raise GatewayError 429 while its address cools down."""
        self.guards.note_refused_token(address)

    def note_answer(self, address: Address, status: int) -> None:
        """Count an answer, which only matters in cooldown mode `all`."""
        self.guards.note_answer(address, status)

    def resolve_for(
        self, caller: Caller, key: str, *, address: Address = _HERE, module: str = ""
    ) -> Route:
        """Return where a request for the key goes and count it against the daily quota.

        Raise GatewayError 422 model_not_allowed or 429 model_daily_quota_exceeded.
        """
        return self._routing.resolve(caller, key, address, module=module)

    @property
    def quota_limits(self) -> dict[str, int | None]:
        """Daily requests a user by key family; None is unlimited."""
        return dict(self._quota.limits)

    async def change_quota(self, patch: object) -> dict[str, int | None]:
        """Return the limits after the patch; raise InputError."""
        wanted = quota_rules.changed_limits(self._quota.limits, patch)
        now = self._clock.now()
        await stored(
            self._database.write(
                lambda s: config_queries.write_app_settings(s, {_QUOTA_SETTING: wanted}, now)
            )
        )
        self._quota.limits = wanted
        return dict(wanted)

    async def accept(
        self,
        caller: Caller,
        incoming: IncomingMessage,
        request_id: str,
        address: Address = _HERE,
    ) -> Accepted:
        """Check steps 4 to 7 of contract 2.2, keep the message and begin to generate.

        Raise GatewayError with the exact code.
        """
        return await self._messages.accept(caller, incoming, request_id, address)

    async def subscribe(
        self, caller: Caller, message_id: str, conversation_id: str = ""
    ) -> Subscription:
        """Return the subscription to a message's events; it must be closed in the end.

        Raise GatewayError 404 (unknown) or 429 (too many streams), HiddenMessageError.
        """
        return await self._messages.subscribe(caller, message_id, conversation_id)

    async def find_log(self, message_id: str) -> ConversationLogRow | None:
        """Return the conversation log's summary of a message, or None; raise StoreError."""
        read = self._database.read(lambda session: queries.find_log(session, message_id))
        return await stored(read)

    async def read_log(self, message_id: str) -> StoredLog | None:
        """Return what the conversation log keeps of a message, or None when nothing is kept; raise StoreError."""
        row = await self.find_log(message_id)
        if row is None:
            return None
        return StoredLog(
            asked=row.request_payload,
            reply=row.response_payload,
            status=row.status,
            error=row.error_message or "",
            model=row.model_used,
            latency_ms=row.latency_ms,
            created_at=row.created_at,
            prompt=(row.request_detail_json or {}).get("prompt") or {},
        )

    def record(  # noqa: PLR0913  # one row of ai_request_stats
        self,
        caller: Caller,
        key: str,
        route: Route,
        *,
        ok: bool,
        latency_ms: int,
        usage: Usage | None,
        ttft_ms: float | None = None,
    ) -> None:
        """Count one finished call to a supplier."""
        self.meter.count(key, ok=ok, latency_ms=latency_ms, ttft_ms=ttft_ms)
        self._usage.record_request(
            caller=caller,
            endpoint_id=route.resolution.endpoint.id,
            model=key,
            ok=ok,
            latency_ms=latency_ms,
            usage=usage,
        )
        self.called.emit((route.resolution.endpoint.id, ok))

    @property
    def running(self) -> int:
        """How many messages are generated now."""
        return self._messages.running

    def _ended(self, job: Job, event: str, data: dict[str, object], latency_ms: int) -> None:
        ok = event == "completed"
        self.record(
            job.caller,
            job.key,
            job.route,
            ok=ok,
            latency_ms=latency_ms,
            usage=job.usage,
            ttft_ms=job.ttft_ms,
        )
        if job.saves_history:
            self._recorder.add_log(job.log_row(event, data, latency_ms))


def close_left_over(session: Session, now: datetime) -> int:
    """Return how many messages were closed: all that run, while others live the old ones alone."""
    before = now - LONGEST if consoles.consoles(session) else None
    return queries.close_running(session, now, before)
