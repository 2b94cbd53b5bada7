"""Before the first message: tokens, model lists, and the cells a launch will fill."""

from dataclasses import replace

from services.chat.types import ModelList
from services.e2e import rules
from services.e2e.lane import Lane
from services.e2e.order import Order, Tools
from services.e2e.records import stored_key
from services.e2e.types import Cause, Cell, CellStatus, Kind
from services.identities.types import SignIn

LIST_S = 30.0


class Opening:
    """Signs lanes in and lists their models; what cannot be had is a word in the lane."""

    def __init__(self, tools: Tools, order: Order) -> None:
        """Keep the parts."""
        self._tools = tools
        self._order = order

    async def sign_in(self, lane: Lane) -> None:
        """Get the lane's token, once."""
        method = self._order.preferences.e2e_anon_method
        signed = await self._tools.identities.sign_in(
            self._order.target, lane.run.user_type, anon_method=method
        )
        lane.made.append(signed)
        _take(lane, signed)
        if signed.token is None:
            lane.kind, lane.summary = Kind.AUTH, signed.error
        elif signed.is_mismatch:
            lane.summary = "not_anonymous"
        await self._tools.store.note_sign_in(lane.run)

    async def renew(self, lane: Lane) -> bool:
        """Get a fresh token; return whether there is one."""
        token = lane.token
        if token is None:
            return False
        signed = await self._tools.identities.refresh(self._order.target, token, lane.run.user_type)
        if signed.token is None:
            return False
        lane.sign_in = signed
        if signed.created_user:
            lane.made.append(signed)
        return True

    async def list_models(self, lane: Lane, left_s: float) -> None:
        """Get the model list; one fresh token, or one short wait, is tried."""
        listed = await self._list_once(lane, left_s)
        if await self._may_list_again(lane, listed, left_s):
            listed = await self._list_once(lane, left_s)
        lane.models = listed
        if listed is not None and listed.error and not self._order.request.models:
            lane.kind, lane.summary = _kind_of_list(listed.status), listed.error

    async def _list_once(self, lane: Lane, left_s: float) -> ModelList | None:
        token = lane.token
        if token is None:
            return None
        return await self._tools.chat.list_models(
            self._order.target.api_base, token.access_token, min(LIST_S, max(1.0, left_s))
        )

    async def _may_list_again(self, lane: Lane, listed: ModelList | None, left_s: float) -> bool:
        if listed is None or not listed.error:
            return False
        if listed.status in (401, 403):
            return await self.renew(lane)
        wait_s = listed.retry_after_s
        if listed.status != 429 or wait_s is None or wait_s > min(rules.WAIT_MAX_S, left_s):
            return False
        await self._tools.clock.sleep(wait_s)
        return True

    def cells(self, lanes: list[Lane], launch_no: int) -> list[Cell]:
        """Return the cells of every lane; those a broken lane cannot ask have their end already."""
        return [
            self._new_cell(lane, key, launch_no)
            for lane in lanes
            for key in self._keys_of(lane, lanes)
        ]

    def _keys_of(self, lane: Lane, lanes: list[Lane]) -> tuple[str, ...]:
        wanted = self._order.request.models
        if wanted:
            return wanted
        if lane.models is not None and not lane.models.error:
            return lane.models.keys
        listed = (other.models for other in lanes)
        keys = next((models.keys for models in listed if models and not models.error), ())
        return keys or self._order.known_models

    def _new_cell(self, lane: Lane, key: str, launch_no: int) -> Cell:
        row = lane.models.rows.get(key) if lane.models is not None else None
        kept = stored_key(key)
        lane.sent[kept] = key
        cell = Cell(
            user_type=lane.run.user_type,
            model_key=kept,
            status=CellStatus.PENDING,
            kind=Kind.NOT_RUN,
            launch_no=launch_no,
            run_id=lane.run.run_id,
            signin_ms=None if lane.sign_in is None else lane.sign_in.elapsed_ms,
            is_demo=row is not None and row.get("provider") == "demo",
        )
        if lane.kind is Kind.OK:
            return cell
        return replace(
            cell,
            status=rules.STATUS_OF.get(lane.kind, CellStatus.FAILED),
            kind=lane.kind,
            cause=Cause.SIGNIN if lane.kind is Kind.AUTH else Cause.GATEWAY,
            error=lane.summary,
            at=self._tools.clock.now(),
        )


def _take(lane: Lane, signed: SignIn) -> None:
    token = signed.token
    lane.sign_in = signed
    lane.run = replace(
        lane.run,
        auth_mode=signed.auth_mode,
        is_anonymous=None if token is None else token.is_anonymous,
    )


def _kind_of_list(status: int | None) -> Kind:
    if status in (401, 403):
        return Kind.AUTH
    return Kind.QUOTA if status == 429 else Kind.CATALOGUE
