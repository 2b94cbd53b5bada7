"""Present: the health of the models in memory, what a launch would cost, what is new."""

from dataclasses import replace

from services.accounts.types import UserType
from services.e2e import plan
from services.e2e.board import Board
from services.e2e.boards import read_board
from services.e2e.elsewhere import Elsewhere
from services.e2e.history import History
from services.e2e.launching import Live
from services.e2e.network import Network
from services.e2e.parts import E2eParts
from services.e2e.plan import Past
from services.e2e.seen import Seen
from services.e2e.types import ChangeSinceSeen, Forecast, Health, LaunchRequest, RunStatus
from services.foundation.signals import Signal
from services.schedules import triggers
from services.targets.types import SELF_ID, Target


class Present(History):
    """A board a target, read from the store when first needed; the running launch on top."""

    def __init__(self, parts: E2eParts) -> None:
        """Start empty; load() reads the board of the present target."""
        super().__init__(parts.database, parts.clock)
        self._parts = parts
        self._boards: dict[int, Board] = {}
        self._past: dict[int, Past] = {}
        self._seen = Seen(parts.database, parts.clock)
        self._live: Live | None = None
        self._elsewhere: dict[int, Elsewhere] = {}  # what other consoles ask, by target
        self._own_models: tuple[str, ...] | None = None  # until the mapping changes
        self.network = Network(parts)  # whether this machine is offline
        self.health_changed: Signal[Health] = Signal("e2e.health_changed")
        self.network.changed.subscribe(lambda _: self._announce())
        parts.targets.changed.subscribe(self._on_target)
        parts.mapping.changed.subscribe(self._on_mapping)

    def load(self) -> None:
        """Read the board of the present target and what the operator has seen."""
        target_id = self._parts.targets.current.id
        mapped = self.mapped(target_id)
        self._keep(*self._parts.database.read_now(lambda s: read_board(s, target_id, mapped)))
        self._seen.load()

    def health(self) -> Health:
        """Return the present health of the current target."""
        target = self._parts.targets.current
        board = self._boards.get(target.id) or Board(target.id)
        live = self._live if self._live and self._live.launch.target_id == target.id else None
        mapped = self.known_models(target)
        if live is None or live.launch.status is not RunStatus.RUNNING:
            other = self._elsewhere.get(target.id) or Elsewhere()
            health = board.health(mapped, other.running, other.done, len(other.cells))
        else:
            health = board.health(mapped, live.launch, live.done, live.total)
        network = self.network
        return replace(
            health, offline_since=network.offline_since, waiting_until=network.waiting_until
        )

    async def health_of(self, target_id: int) -> Health:
        """Return the health of a target nobody looks at now, read from the store."""
        board, _ = await self._parts.database.read(lambda s: read_board(s, target_id))
        return board.health(board.asked, None, 0, 0)

    def _announce(self) -> None:
        self.health_changed.emit(self.health())

    def known_models(self, target: Target) -> tuple[str, ...]:
        """Return the keys a target has mapped, as far as is known without asking it."""
        if target.is_self:
            return self.mapped(target.id)
        board = self._boards.get(target.id)
        return () if board is None else board.asked

    def mapped(self, target_id: int) -> tuple[str, ...]:
        """Return the keys mapped here; empty for another server, of which only its list is known."""
        if target_id != SELF_ID:
            return ()
        if self._own_models is None:
            self._own_models = tuple(m.name for m in self._parts.mapping.mapped())
        return self._own_models

    def _check(self, request: LaunchRequest, target: Target) -> None:
        """Raise InputError for a bad list of models, or for one our own gateway does not have."""
        models = plan.read_models(request.models)
        if target.is_self:
            mapped = (
                self._parts.mapping.all()
            )  # also those no supplier serves now: that is a result
            known = {name for m in mapped if m.is_active for name in (m.scope_key, m.id)}
            plan.refuse_unknown(models, known | set(self.mapped(target.id)))

    def forecast(self, request: LaunchRequest) -> Forecast:
        """Return what a launch will cost."""
        target = self._target_of(request)
        preferences = self._parts.settings.preferences
        rule = triggers.rule_of(preferences.e2e_interval_hours, preferences.daily_time)
        mapped = self.known_models(target)
        board = self._boards.get(target.id)
        return plan.forecast(
            request,
            models=len(mapped),
            failing_providers=board.failing_providers(mapped) if board else 0,
            past=self._past.get(target.id),
            launches_per_day=triggers.launches_per_day(rule) if preferences.e2e_enabled else 0,
            daily_types=len(preferences.e2e_user_types),
        )

    async def since_seen(self) -> list[ChangeSinceSeen]:
        """Return what broke or recovered since the operator last acknowledged."""
        target = self._parts.targets.current
        board = await self._board(target.id)
        return board.since(self._seen.of(target.id), self.known_models(target))

    async def acknowledge(self) -> None:
        """Note that the operator has seen everything up to now."""
        target_id = self._parts.targets.current.id
        await self._seen.note(target_id, self._boards[target_id].newest_launch_no)
        self._announce()

    # -- boards

    def _keep(self, board: Board, past: Past | None) -> Board:
        self._boards[board.target_id] = board
        if past is not None:
            self._past[board.target_id] = past
        return board

    async def _board(self, target_id: int) -> Board:
        return self._boards.get(target_id) or await self._reload(target_id)

    async def _reload(self, target_id: int) -> Board:
        mapped = self.mapped(target_id)
        found = await self._parts.database.read(lambda s: read_board(s, target_id, mapped))
        return self._keep(*found)

    def _on_mapping(self, _nothing: None) -> None:
        self._own_models = None
        self._announce()

    def _on_target(self, _target: Target) -> None:
        self._parts.tasks.start(self._show_target(), "e2e target")

    async def _show_target(self) -> None:
        await self._board(self._parts.targets.current.id)
        self._announce()

    def _target_of(self, request: LaunchRequest) -> Target:
        targets = self._parts.targets
        return targets.current if request.target_id is None else targets.get(request.target_id)

    def _configured_types(self) -> tuple[UserType, ...]:
        return plan.read_user_types(self._parts.settings.preferences.e2e_user_types)
