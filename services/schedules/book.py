"""SlotBook: the slots of one schedule on disk and in memory; a slot is claimed before it fires."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from db.engine import Database
from db.queries import schedules as queries
from db.tables.schedules import ScheduleRow, ScheduleSlotRow
from services.foundation.clock import Clock
from services.schedules import triggers
from services.schedules.types import Rule, Slot, SlotState

ORPHAN_S = 30  # a claim of a dead process is taken over after this long
HORIZON = timedelta(hours=26)
SHOWN = 20  # missed slots kept for the page
_SHOWN_STATES = (SlotState.MISSED, SlotState.SKIPPED)


class SlotBook:
    """Which slots were, which is next; at most one process ever owns a slot."""

    def __init__(self, database: Database, clock: Clock, schedule_id: str, boot_id: str) -> None:
        """Start empty."""
        self._database = database
        self._clock = clock
        self._id = schedule_id
        self._boot_id = boot_id
        self._row: ScheduleRow | None = None
        self._orphan: ScheduleSlotRow | None = None
        self.is_loaded = False
        self.last: Slot | None = None
        self.missed: tuple[Slot, ...] = ()

    @property
    def is_enabled(self) -> bool:
        """Whether slots fire at all."""
        return self._row is not None and self._row.is_enabled

    def load(self) -> None:
        """Read what is on disk."""
        self._row = self._database.read_now(lambda s: queries.read_schedule(s, self._id))
        horizon = self._clock.now() + HORIZON  # a slot beyond it was left by a clock that was wrong
        last = self._database.read_now(lambda s: queries.last_slot(s, self._id, horizon))
        if last is not None:
            self.last = _to_slot(last)
            is_unfired = last.state in (SlotState.FIRED, SlotState.MADE_UP)
            if is_unfired and not last.execution_id and last.claimed_by != self._boot_id:
                self._orphan = last
        rows = self._database.read_now(
            lambda s: queries.recent_slots(s, self._id, _SHOWN_STATES, SHOWN)
        )
        self.missed = tuple(_to_slot(row) for row in rows)
        self.is_loaded = True

    # -- the rule

    def apply_now(self, rule: Rule, zone: str, *, is_enabled: bool) -> None:
        """Keep the rule; when it differs from the stored one, slots count from now."""
        row = self._changed_row(rule, zone, is_enabled=is_enabled)
        if row is not None:
            self._database.write_now(lambda session: queries.write_schedule(session, row))
            self._row = row

    async def apply(self, rule: Rule, zone: str, *, is_enabled: bool) -> None:
        """Do apply_now without blocking the loop."""
        row = self._changed_row(rule, zone, is_enabled=is_enabled)
        if row is not None:
            await self._database.write(lambda session: queries.write_schedule(session, row))
            self._row = row

    def _changed_row(self, rule: Rule, zone: str, *, is_enabled: bool) -> ScheduleRow | None:
        spelled = triggers.spell(rule)
        old = self._row
        if old is not None and (old.rule, old.zone, old.is_enabled) == (spelled, zone, is_enabled):
            return None
        now = self._clock.now()
        return ScheduleRow(
            id=self._id,
            rule=spelled,
            zone=zone,
            is_enabled=is_enabled,
            anchor_at=now.replace(second=0, microsecond=0),
            updated_at=now,
        )

    def next_at(self, rule: Rule, zone: str, now: datetime) -> datetime:
        """Return the next slot; one that is due and not yet claimed counts as next."""
        return triggers.next_slot(rule, zone, self._base(rule, now))

    def _base(self, rule: Rule, now: datetime) -> datetime:
        anchor = now if self._row is None else self._row.anchor_at
        return triggers.base_of(rule, anchor, self.last.slot_at if self.last else None, now)

    # -- slots

    async def claim_due(self, now: datetime) -> list[tuple[datetime, SlotState]]:
        """Return the slots this process shall fire now: none or one, an orphan among them."""
        orphan = await self._take_orphan(now)
        row = self._row
        if row is None:
            return orphan
        rule = triggers.unspell(row.rule)
        if self.last is not None and triggers.is_ahead(rule, self.last.slot_at, now):
            row = await self._start_over(row, now)
        due = triggers.look(rule, row.zone, self._base(rule, now), now)
        if due.fire is None:
            return orphan
        state = SlotState.MADE_UP if due.is_made_up else SlotState.FIRED
        missed = [self._values(slot, SlotState.MISSED, now) for slot in due.missed]
        wanted = self._values(due.fire, state, now)

        def claim(session: Session) -> bool:
            queries.note_missed(session, missed)
            return queries.claim_slot(session, wanted)

        is_ours = await self._database.write(claim)
        self.last = Slot(due.fire, state, now)
        self._remember(*(Slot(slot, SlotState.MISSED, now) for slot in due.missed))
        for slot_at, _ in orphan:  # overtaken by the next slot before it could be taken over
            await self.settle(slot_at, SlotState.MISSED, "")
        return [(due.fire, state)] if is_ours else []

    async def _start_over(self, row: ScheduleRow, now: datetime) -> ScheduleRow:
        """Count from now: the last slot lies in a future that a wrong clock made up."""
        anchored = row.model_copy(update={"anchor_at": now, "updated_at": now})
        await self._database.write(lambda session: queries.write_schedule(session, anchored))
        last = await self._database.read(lambda s: queries.last_slot(s, self._id, now + HORIZON))
        self._row, self.last = anchored, None if last is None else _to_slot(last)
        return anchored

    async def _take_orphan(self, now: datetime) -> list[tuple[datetime, SlotState]]:
        """Return the slot that a process claimed and died before firing, once it is old enough."""
        orphan = self._orphan
        if orphan is None or now - orphan.noted_at < timedelta(seconds=ORPHAN_S):
            return []
        self._orphan = None
        is_ours = await self._database.write(
            lambda s: queries.take_over(
                s, self._id, orphan.slot_at, orphan.claimed_by, self._boot_id
            )
        )
        is_latest = self.last is not None and self.last.slot_at == orphan.slot_at
        return [(orphan.slot_at, SlotState.MADE_UP)] if is_ours and is_latest else []

    async def settle(self, slot_at: datetime, state: SlotState, execution_id: str) -> None:
        """Keep what became of a slot this process claimed."""
        now = self._clock.now()
        values = {"state": str(state), "execution_id": execution_id, "noted_at": now}
        await self._database.write(
            lambda s: queries.settle_slot(s, self._id, slot_at, self._boot_id, values)
        )
        slot = Slot(slot_at, state, now, execution_id)
        if self.last is not None and self.last.slot_at == slot_at:
            self.last = replace(self.last, state=state, execution_id=execution_id, noted_at=now)
        if state in _SHOWN_STATES:
            self._remember(slot)

    def _remember(self, *slots: Slot) -> None:
        if slots:
            everything = sorted({*slots, *self.missed}, key=lambda slot: slot.slot_at, reverse=True)
            self.missed = tuple(everything[:SHOWN])

    def _values(self, slot_at: datetime, state: SlotState, now: datetime) -> dict[str, object]:
        return {
            "schedule_id": self._id,
            "slot_at": slot_at,
            "state": str(state),
            "noted_at": now,
            "execution_id": "",
            "claimed_by": "" if state is SlotState.MISSED else self._boot_id,
        }


def _to_slot(row: ScheduleSlotRow) -> Slot:
    return Slot(row.slot_at, SlotState(row.state), row.noted_at, row.execution_id)
