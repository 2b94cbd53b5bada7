"""Job: one turn from its sign-in to its row."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from services.chat.types import ChatEvent, ChatRequest, Reply
from services.checks.types import Limits
from services.dialogs import judging
from services.dialogs.advice import INTERNAL_FAULT, advise
from services.dialogs.judging import Judge
from services.dialogs.keeping import Keeping
from services.dialogs.parts import DialogParts
from services.dialogs.people import People, Person
from services.dialogs.sending import Ground, Sending
from services.dialogs.types import (
    Dialog,
    Identity,
    LiveDialog,
    Phase,
    TurnTimings,
)
from services.dialogs.watch import Watch
from services.e2e.rules import WAIT_MAX_S
from services.e2e.types import Cause, CellStatus, Kind
from services.executions.types import Control, Ending, ExecutionState
from services.foundation.errors import ConsoleError
from services.foundation.ids import new_hex
from services.foundation.messages import Message, say

SAVE_S = 4.0  # a cancel leaves this long to keep what there is


class Job:
    """One turn; `live` grows while it runs."""

    def __init__(
        self,
        parts: DialogParts,
        people: People,
        keeping: Keeping,
        live: LiveDialog,
        tell: Callable[[], None],
    ) -> None:
        """`tell` announces that `live` has changed."""
        self._parts = parts
        self._people = people
        self._keeping = keeping
        self._live = live
        self._tell = tell
        self._sending = Sending(parts)

    async def work(self, ground: Ground, control: Control) -> Ending:
        """Return how it ended; the turn is kept before it is shown as over."""
        dialog = self._begun(ground)
        await self._keeping.begin(dialog)
        person = Person()
        try:
            self._enter(Phase.SIGNING_IN)
            await _note(control, "sign_in", _who(self._live.request.identity))
            person = await self._people.obtain(self._live.request, ground.target, self._live.root)
            dialog = self._known(dialog, person)
            if not person.token:
                return await self._told(self._no_token(dialog, person), control)
            dialog = await self._ask(dialog, ground, person, control)
            return await self._told(dialog, control)
        except asyncio.CancelledError:
            state = control.stop_as or ExecutionState.CANCELLED
            cut = _ended_by(dialog, state) if dialog.is_open else dialog
            await asyncio.wait_for(self._keep(cut), SAVE_S)
            raise
        except ConsoleError as error:  # said to the operator, no fault to be logged
            return await self._told(_failed_here(dialog, error), control)
        except Exception as error:
            await self._keep(_failed_here(dialog, error))
            raise
        finally:
            await self._people.leave(self._live.request, ground.target, self._live.root, person)

    # -- steps

    def _begun(self, ground: Ground) -> Dialog:
        live = self._live
        live.target = ground.target.api_base
        return Dialog(
            dialog_id=live.dialog_id,
            request=live.request,
            status=CellStatus.RUNNING,
            kind=Kind.NOT_RUN,
            turn=live.turn,
            root=live.root,
            target_id=ground.target.id,
            target=ground.target.api_base,
            created_at=self._parts.clock.now(),
        )

    def _known(self, dialog: Dialog, person: Person) -> Dialog:
        self._live.look, self._live.signin_ms = person.look, person.elapsed_ms
        self._tell()
        return replace(
            dialog,
            user_id=person.user_id,
            claims=person.look.claims if person.look is not None else {},
            timings=TurnTimings(signin_ms=person.elapsed_ms),
        )

    def _no_token(self, dialog: Dialog, person: Person) -> Dialog:
        signed = person.sign_in
        assert signed is not None  # a pasted token is never empty
        found = replace(
            dialog,
            status=CellStatus.SIGNIN_FAILED,
            kind=Kind.AUTH,
            error=signed.error,
            error_text=signed.detail,
            http_status=signed.status,
            retry_after_s=signed.retry_after_s,
        )
        advice = advise(found)
        return replace(found, advice=advice, cause=advice.cause if advice else found.cause)

    async def _ask(
        self, dialog: Dialog, ground: Ground, person: Person, control: Control
    ) -> Dialog:
        self._enter(Phase.SENDING)
        sent = await self._sending.request(self._live, ground, person.token)
        model = self._live.request.model
        await _note(control, "asked", say("{model} is asked", model=model))
        watch = Watch(self._live, person.token)
        try:
            reply, retries = await self._converse(sent, watch, control)
        except asyncio.CancelledError:
            reply = judging.cut_short(sent, self._live, watch)
            cut = self._judged(dialog, reply, watch, person.token, ground)
            state = control.stop_as or ExecutionState.CANCELLED
            await asyncio.wait_for(self._keep(_ended_by(cut, state)), SAVE_S)
            raise
        found = self._judged(dialog, reply, watch, person.token, ground)
        return replace(found, retries=retries)

    def _judged(
        self, dialog: Dialog, reply: Reply, watch: Watch, token: str, ground: Ground
    ) -> Dialog:
        preferences = self._parts.settings.preferences
        limits = Limits(
            slow_total_ms=preferences.e2e_slow_total_ms,
            slow_ttft_ms=preferences.e2e_slow_ttft_ms,
            strict=preferences.e2e_strict,
        )
        validates = self._parts.settings.env.e2e.validate_structure
        judge = Judge(limits, ground.target.is_self, validates)
        whole = replace(dialog, events=tuple(self._live.events))
        return judging.judged(judge, whole, reply, watch, token)

    async def _converse(
        self, sent: ChatRequest, watch: Watch, control: Control
    ) -> tuple[Reply, tuple[str, ...]]:
        """Return the reply that counts; a 429 that asks for a short wait is waited for once."""

        def hear(event: ChatEvent) -> None:
            before = len(self._live.pieces)
            watch.hear(event)
            for piece in self._live.pieces[before:]:
                control.append_output(piece)
            self._tell()

        reply = await self._parts.chat.converse(sent, hear)
        wait_s = reply.retry_after_s
        is_short = reply.status == 429 and wait_s is not None and wait_s <= WAIT_MAX_S
        if not is_short or wait_s is None or self._live.events:
            return reply, ()
        self._live.pause_s = wait_s
        self._enter(Phase.PAUSING)
        await _note(control, "paused", say("429: waiting {n} s as the server asked", n=wait_s))
        await self._parts.clock.sleep(wait_s)
        again = await self._parts.chat.converse(replace(sent, request_id=new_hex()), hear)
        return again, (f"limited_waited_{wait_s}s",)

    # -- the end

    async def _told(self, dialog: Dialog, control: Control) -> Ending:
        kept = await self._keep(dialog)
        meta = {
            "verdict": str(kept.status),
            "reason": kept.error,
            "dialog_id": kept.dialog_id,
            "model": kept.request.model,
            "saved": str(kept.saved),
            "latency_ms": kept.timings.total_ms,
        }
        await control.progress(1, 1)
        if kept.kind in (Kind.OK, Kind.STRUCTURE):
            return Ending(ExecutionState.SUCCEEDED, kept.reply, meta=meta)
        word = kept.error_text or kept.error
        is_late = kept.error == "deadline_exceeded"
        state = ExecutionState.TIMED_OUT if is_late else ExecutionState.FAILED
        error = say("{model} did not answer: {reason}", model=kept.request.model, reason=word)
        return Ending(state, kept.reply, kept.error, error, meta)

    async def _keep(self, dialog: Dialog) -> Dialog:
        if self._live.result is not None:  # kept already, by a cancel in the middle of a stream
            return self._live.result
        self._enter(Phase.SAVING)
        kept = replace(dialog, saved=await self._keeping.finish(dialog))
        self._live.result = kept
        self._enter(Phase.DONE)
        return kept

    def _enter(self, phase: Phase) -> None:
        self._live.phase = phase
        self._tell()


def _who(identity: Identity) -> Message:
    return {
        Identity.ANONYMOUS: say("Sign-in as an anonymous user"),
        Identity.PERMANENT: say("Sign-in as a registered user"),
        Identity.SAVED: say("Sign-in as a saved user"),
        Identity.TOKEN: say("A pasted token is used"),
    }[identity]


def _ended_by(dialog: Dialog, state: ExecutionState) -> Dialog:
    is_ours = state is ExecutionState.INTERRUPTED
    status = CellStatus.INTERRUPTED if is_ours else CellStatus.CANCELLED
    kind = Kind.INTERRUPTED if is_ours else Kind.CANCELLED
    found = replace(dialog, status=status, kind=kind, error=str(state))
    return replace(found, advice=advise(found))


def _failed_here(dialog: Dialog, error: Exception) -> Dialog:
    text = str(error) if isinstance(error, ConsoleError) else type(error).__name__
    found = replace(
        dialog,
        status=CellStatus.FAILED,
        kind=Kind.CLIENT,
        cause=Cause.CONSOLE,
        error=INTERNAL_FAULT,
        error_text=text[:500],
    )
    return replace(found, advice=advise(found))


async def _note(control: Control, kind: str, said: Message) -> None:
    await control.note(kind, said.text, said.params)
