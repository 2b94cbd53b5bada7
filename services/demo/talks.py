"""Demo conversations: turns of the simulator, judged as real turns are."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from services.chat.types import ChatEvent, Outcome, Reply
from services.checks.types import Limits
from services.demo.launches import reply_of
from services.demo.rows import TARGET_NAME, Ran, Rows
from services.demo.story import DAY, HOUR, MODELS, DemoModel, Story, Wrong
from services.dialogs.judging import Judge, judged
from services.dialogs.rows import row_values
from services.dialogs.types import Dialog, DialogRequest, Identity, LiveDialog
from services.dialogs.watch import Watch
from services.e2e.types import GOOD, CellStatus, Kind
from services.foundation.ids import demo_id
from services.suppliers.demo_text import pieces
from services.targets.types import DEMO_TARGET_ID

LABEL = "Conversation"
_JUDGE = Judge(Limits(), is_self=False)
_TOPICS: tuple[tuple[str, ...], ...] = (
    ("How do I warm up before heavy squats?", "And if my knees hurt?"),
    ("新手一周练三次，怎么安排？", "只有哑铃怎么办？"),
    ("Is 130 g of protein a day enough at 80 kg?",),
    ("卧推停滞了两个月，怎么突破？",),
    ("Plan a deload week after six weeks of training.", "How light is light?"),
    ("How long should I rest between sets of five?",),
    ("引体向上一个都拉不起来，从哪里开始？",),
    ("Which exercises train the back without a barbell?",),
)


def add_talks(story: Story, rows: Rows) -> list[Ran]:
    """Add a conversation for about every second day; return the turns as executions."""
    rng = story.rng("talks")
    found: list[Ran] = []
    at = story.start + rng.uniform(2, 20) * HOUR
    number = 0
    while at < story.end - HOUR:
        model = rng.choice(MODELS[:6])
        if not story.is_off(at):
            found += _talk(story, rows, at, model, number, len(found))
            number += 1
        at += rng.uniform(0.7, 2.2) * DAY
    return found


def _talk(
    story: Story, rows: Rows, at: datetime, model: DemoModel, number: int, place: int
) -> list[Ran]:
    found: list[Ran] = []
    root = before = ""
    for turn, message in enumerate(_TOPICS[number % len(_TOPICS)], 1):
        rng = story.rng("turn", number, turn)
        wrong = Wrong.STRUCTURE if number == 4 else story.wrong(at, model, rng.random())
        reply = reply_of(model, message, wrong, rng)
        dialog_id = demo_id("exe", at, place)
        root = root or dialog_id
        draft = Dialog(
            dialog_id,
            DialogRequest(model.key, message, after=before),
            CellStatus.RUNNING,
            Kind.NOT_RUN,
            turn=turn,
            root=root,
            target_id=DEMO_TARGET_ID,
            target=TARGET_NAME,
            user_id="demo-user-001",
            created_at=at,
        )
        live = LiveDialog(dialog_id, draft.request, turn, root)
        dialog = judged(_JUDGE, draft, reply, _heard(live, reply, rng), "")
        dialog = replace(dialog, events=tuple(live.events))
        rows.add("ai_prompt_tests", row_values(dialog))
        took_s = (dialog.timings.total_ms or 0) / 1000 + 0.4
        found.append(_ran(dialog, at, took_s, place))
        before, at, place = dialog_id, at + timedelta(seconds=took_s + 40), place + 1
    return found


def _heard(live: LiveDialog, reply: Reply, rng: Random) -> Watch:
    """Return what the watch of a turn knows once it heard the stream of that reply."""
    watch = Watch(live, "")
    times = reply.timings
    first, last = times.first_event_ms or 0.0, times.total_ms
    watch.hear(ChatEvent("status", {"state": "routed", **reply.routed}, first))
    parts = pieces(reply.text, rng)
    begun = times.first_delta_ms or last
    for seq, part in enumerate(parts, 1):
        at_ms = begun + (last - begun) * (seq - 1) / len(parts)
        watch.hear(ChatEvent("content_delta", {"seq": seq, "delta": part}, at_ms))
    if reply.outcome is Outcome.COMPLETED:
        watch.hear(ChatEvent("completed", {"reply_len": len(reply.text), **reply.routed}, last))
    elif reply.outcome is Outcome.ERROR_EVENT:
        watch.hear(ChatEvent("error", {"code": reply.error, "message": reply.error_text}, last))
    return watch


def _ran(dialog: Dialog, at: datetime, took_s: float, place: int) -> Ran:
    is_good = dialog.status in GOOD
    return Ran(
        kind="dialog",
        label=LABEL,
        at=at,
        took_s=took_s,
        place=place,
        status="succeeded" if is_good else "failed",
        trigger="manual",
        started_by="operator",
        subject=dialog.request.model,
        output=dialog.reply,
        error_kind="" if is_good else str(dialog.status),
        error="" if is_good else dialog.error or str(dialog.status),
        meta={"params": {"model": dialog.request.model, "identity": str(Identity.ANONYMOUS)}},
    )
