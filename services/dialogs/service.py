"""Dialogs: the execution kind `dialog`, its turns as they run, and those that are kept."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from db.queries import dialogs as queries
from services.dialogs import export, rules
from services.dialogs.job import Job
from services.dialogs.keeping import Journal, Keeping
from services.dialogs.message import Said
from services.dialogs.parts import DialogParts
from services.dialogs.people import People
from services.dialogs.rows import to_dialog
from services.dialogs.sending import Ground
from services.dialogs.types import (
    KIND,
    Dialog,
    DialogComparison,
    DialogExport,
    DialogFilter,
    DialogPage,
    DialogRequest,
    LiveDialog,
    TokenLook,
)
from services.e2e.types import CellStatus
from services.executions.types import (
    Control,
    Ending,
    Execution,
    ExecutionKind,
    StartOptions,
    Trigger,
)
from services.foundation.actor import ensure_may_change
from services.foundation.errors import InputError, NotFoundError
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.prompts import word_diff
from services.targets.types import Target

AT_ONCE = 8
LIVE_MOST = 40  # turns a page can still see with every event
TURNS_MOST = 40  # of one conversation that are sent as history
SEARCH_WINDOW = 4_000  # turns one text search looks at
EXPORT_MOST = 20_000  # turns in a file, the newest
EVENTS_MOST = 1_000  # turns in a JSON file up to which each has its events
TIMEOUT_S = 900.0


class Dialogs:
    """Starts turns, shows them while they run, reads and exports what was kept."""

    def __init__(self, parts: DialogParts, journal: Journal | None = None) -> None:
        """Register the kind; `journal` keeps what the database refuses."""
        self._parts = parts
        self._keeping = Keeping(parts.database, journal)
        self._people = People(parts.identities, parts.settings, parts.clock, parts.tasks)
        self._live: dict[str, LiveDialog] = {}
        self.changed: Signal[str] = Signal("dialogs.changed")  # dialog_id
        self.finished: Signal[Dialog] = Signal("dialogs.finished")
        parts.executions.register(
            ExecutionKind(
                KIND,
                "Conversation",
                "forum",
                self._work,
                is_exclusive=False,
                limit=AT_ONCE,
                timeout_s=TIMEOUT_S,
                home="/simulator",
                check=self._check,
                again=_again,
            )
        )

    async def recover(self) -> int:
        """Close the turns an earlier start of the process left open; return how many there were."""
        status = str(CellStatus.INTERRUPTED)
        change = partial(queries.interrupt_left_over, verdict=status, error=status)
        return await self._parts.database.write(change)

    async def stop(self) -> None:
        """Release the users that are kept for a next turn."""
        await self._people.end_all()

    # -- start and end

    async def start(
        self,
        values: Mapping[str, Any],
        *,
        trigger: Trigger = Trigger.MANUAL,
        started_by: str = "",
    ) -> Execution:
        """Return the execution, whose id is the turn's; raise InputError, NotFoundError."""
        request = rules.read_request(values)
        if request.after:
            await self._turn(request.after)
        return await self._parts.executions.start(
            KIND,
            rules.as_params(request),
            trigger=trigger,
            started_by=started_by,
            options=StartOptions(subject=request.model[:200]),
        )

    async def cancel(self, dialog_id: str) -> None:
        """End a turn; what had arrived is kept. Raises what Executions.cancel raises."""
        await self._parts.executions.cancel(dialog_id)

    async def end(self, root: str) -> None:
        """End a conversation: its user is released."""
        await self._people.end(root)

    def holds_user(self, root: str) -> bool:
        """Return whether the next turn of that conversation needs no sign-in."""
        return self._people.holds(root)

    def take_token(self, token: str, target_id: int | None = None) -> str:
        """Return the key that stands for a pasted token in memory; raise InputError."""
        return self._people.take_token(token, self._target(target_id))

    def look_at(self, token: str, target_id: int | None = None) -> TokenLook:
        """Return what a token says of itself; nothing is kept or verified."""
        return self._people.look_at(token, self._target(target_id))

    def known_secrets(self) -> list[str]:
        """Return the tokens in memory, so that no log shows them."""
        return self._people.known_secrets()

    async def model_keys(self, target_id: int | None = None) -> tuple[str, ...]:
        """Return what can be asked: our own mapping at once, another server's own list by a call.

        Raises InputError with the reason where that list cannot be had.
        """
        target = self._target(target_id)
        if target.is_self:
            return tuple(self._parts.own_models())
        ensure_may_change()  # it signs in there
        person = await self._people.obtain(DialogRequest("", ""), target, "")
        try:
            if not person.token:
                word = person.sign_in.error if person.sign_in is not None else ""
                raise InputError("Sign-in failed: {reason}", field="model", reason=word)
            listed = await self._parts.chat.list_models(target.api_base, person.token)
        finally:
            await self._people.leave(DialogRequest("", ""), target, "", person)
        if listed.error:
            raise InputError(
                "The model list could not be read: {reason}", field="model", reason=listed.error
            )
        return listed.keys

    # -- the work of the kind

    def _check(self, params: Mapping[str, Any]) -> None:
        request = rules.read_request(params)
        self._target(request.target_id)
        self._people.check(request)

    def _target(self, target_id: int | None) -> Target:
        targets = self._parts.targets
        return targets.current if target_id is None else targets.get(target_id)

    async def _work(self, params: Mapping[str, Any], control: Control) -> Ending:
        request = rules.read_request(params)
        live = LiveDialog(control.execution.execution_id, request)
        self._show(live)
        ground = await self._ground(request, live)
        tell = partial(self.changed.emit, live.dialog_id)
        job = Job(self._parts, self._people, self._keeping, live, tell)
        try:
            return await job.work(ground, control)
        finally:
            if live.result is not None:
                self.finished.emit(live.result)

    def _show(self, live: LiveDialog) -> None:
        self._live[live.dialog_id] = live
        over = [key for key, one in self._live.items() if one.is_over]
        for key in over[: max(0, len(self._live) - LIVE_MOST)]:
            self._live.pop(key)
        self.changed.emit(live.dialog_id)

    async def _ground(self, request: DialogRequest, live: LiveDialog) -> Ground:
        """Return the server and what was said before, read up the chain of turns."""
        target = self._target(request.target_id)
        live.root = live.dialog_id
        if not request.after:
            return Ground(target)
        before = await self._turn(request.after)
        live.turn, live.root = before.turn + 1, before.root or before.dialog_id
        return Ground(target, await self._said(before), before.conversation_id)

    async def _said(self, last: Dialog) -> Said:
        said: list[tuple[str, str]] = []
        one: Dialog | None = last
        while one is not None and len(said) < TURNS_MOST:
            if one.reply and one.status is not CellStatus.CANCELLED:
                said.append((one.request.message, one.reply))
            before = one.request.after
            one = await self._known(before) if before else None
        return said[::-1]

    # -- what there is

    def live(self, dialog_id: str) -> LiveDialog | None:
        """Return a turn of this process with every event, or None."""
        return self._live.get(dialog_id)

    async def get(self, dialog_id: str) -> Dialog:
        """Return a whole turn, from memory or the store; raise NotFoundError."""
        return await self._turn(dialog_id)

    async def conversation(self, last: str) -> list[Dialog]:
        """Return the turns up to that one, oldest first."""
        found: list[Dialog] = []
        one: Dialog | None = await self._turn(last)
        while one is not None and len(found) < TURNS_MOST:
            found.append(one)
            one = await self._known(one.request.after) if one.request.after else None
        return found[::-1]

    async def _turn(self, dialog_id: str) -> Dialog:
        found = await self._known(dialog_id)
        if found is None:
            raise NotFoundError("There is no conversation {id}", id=dialog_id[:40])
        return found

    async def _known(self, dialog_id: str) -> Dialog | None:
        live = self._live.get(dialog_id)
        if live is not None and live.result is not None:
            return live.result
        query = partial(queries.find, dialog_id=dialog_id)
        values = await stored(self._parts.database.read(query))
        return None if values is None else to_dialog(values)

    def record(self, dialog: Dialog, *, whole: bool) -> dict[str, Any]:
        """Return a turn as programs read it; `whole` with its events, checks and settings."""
        return export.record(dialog) if whole else export.summary(dialog)

    def as_curl(self, dialog: Dialog) -> str:
        """Return both calls of a turn as shell lines, a variable standing for the token."""
        return export.as_curl(dialog)

    async def page(self, wanted: DialogFilter, *, before: str = "", limit: int = 50) -> DialogPage:
        """Return a piece of what was kept, newest first."""
        query = partial(
            queries.page, wanted=_query(wanted), before=before, limit=limit, window=SEARCH_WINDOW
        )
        rows, next_before = await stored(self._parts.database.read(query))
        found = tuple(to_dialog(row) for row in rows)
        return DialogPage(found, next_before, is_partial=bool(next_before) and len(rows) < limit)

    async def models(self) -> list[str]:
        """Return the model keys that were asked so far."""
        return await stored(self._parts.database.read(partial(queries.models, limit=500)))

    async def newest(self) -> Dialog | None:
        """Return the last turn that was really asked, without events; None before the first."""
        query = partial(
            queries.page, wanted=queries.DialogQuery(is_real=True), before="", limit=1, window=1
        )
        rows, _ = await stored(self._parts.database.read(query))
        return to_dialog(rows[0]) if rows else None

    async def compare(self, before: str, after: str) -> DialogComparison:
        """Return two turns and how their replies differ; raise NotFoundError."""
        first, second = await self._turn(before), await self._turn(after)
        found = await asyncio.to_thread(word_diff.diff, first.reply, second.reply)
        return DialogComparison(first, second, found)

    async def export(self, wanted: DialogFilter, kind: str) -> DialogExport:
        """Return all turns of the filter as of one moment as a file; raise InputError."""
        events_most = EVENTS_MOST if kind == "json" else 0
        query = partial(
            queries.whole, wanted=_query(wanted), limit=EXPORT_MOST, events_most=events_most
        )
        rows = await stored(self._parts.database.read(query))
        stamp = f"{self._parts.clock.now():%Y%m%d-%H%M%S}"
        return await asyncio.to_thread(export.export, map(to_dialog, rows), kind, stamp)


def _query(wanted: DialogFilter) -> queries.DialogQuery:
    return queries.DialogQuery(
        text=wanted.text.strip(),
        model=wanted.model,
        verdicts=tuple(map(str, wanted.statuses)),
        kinds=tuple(map(str, wanted.kinds)),
        created_from=wanted.created_from,
        created_to=wanted.created_to,
    )


def _again(params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**params, "holds_user": False}
