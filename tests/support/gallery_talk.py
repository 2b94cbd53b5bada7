"""Gallery: conversations as they are kept, the newest with its events, timings and checks."""

import json
from collections.abc import Iterator
from datetime import timedelta

from db.engine import Database
from db.queries import dialogs as table
from services.dialogs.rows import row_values
from services.dialogs.types import Dialog, DialogRequest, EventLine, Identity, TurnTimings
from services.e2e.types import Cause, CellStatus, CheckResult, Kind
from tests.support.preview_world import NOW

QUESTION = "Can my knees pass my toes in a squat? I have a desk job and started four weeks ago."
REPLY = (
    '<thinkingml><phase id="1"><title>Understand</title> A beginner after four weeks asks whether the '
    'knees may travel past the toes.</phase><phase id="2"><title>Plan</title> Explain that it depends on '
    "thigh length and ankle mobility; give one cue and one test.</phase>"
    '<phase id="3"><title>Check</title> No pain is named, so no stop is needed.</phase></thinkingml>'
    "<final>Yes. Knees passing the toes is normal, above all with long thighs. Keep the whole foot on "
    "the ground and the knee in line with the second toe. Test your ankle: if the heel lifts before the "
    "thigh is level, raise it by 1–2 cm and train calf mobility for two weeks.</final>"
)
PAST = (
    ("gpt-4o", "Plan three days of training for a beginner", CellStatus.OK, Kind.OK, ""),
    ("qwen-max", "怎样安排一周三练的力量计划？", CellStatus.BAD_STRUCTURE, Kind.STRUCTURE, "phase_id_not_start_from_1"),
    ("deepseek-chat", "How much protein after training?", CellStatus.FAILED, Kind.SUPPLIER, "upstream_status_503"),
    ("claude-sonnet-4", "深蹲时膝盖可以超过脚尖吗？", CellStatus.OK, Kind.OK, ""),
    ("glm-4", "Replace the bench press at home", CellStatus.SLOW, Kind.OK, ""),
    ("gemini-2.5-flash", "晚上十点训练会影响睡眠吗？", CellStatus.OK, Kind.OK, ""),
)  # fmt: skip
CHECKS = ("completed", "reply_length", "sequence", "thinkingml", "latency")


async def write_talk(store: Database) -> None:
    """Keep seven turns, the newest one minute old."""
    rows = [_newest(), *_past()]
    for turn in reversed(rows):
        values = row_values(turn)
        store.write_now(lambda session, values=values: table.keep(session, values))


def _newest() -> Dialog:
    events = tuple(_events())
    return Dialog(
        dialog_id="exe_000000000000000d99",
        request=DialogRequest("gpt-4o", QUESTION),
        status=CellStatus.OK,
        kind=Kind.OK,
        reply=REPLY,
        conversation_id="7b1f0c52-8f0e-4f4c-9b3f-0d1c5a2e7a10",
        request_id="req_7f3a91c2d4e5",
        message_id="msg_01J9ZQ4M8",
        target_id=1,
        target="http://127.0.0.1:9999/api/v1",
        http_status=202,
        timings=TurnTimings(142, 38.0, 61.0, 402.0, 24.0, 188.0, 2140.0),
        event_count=len(events),
        byte_count=sum(event.size for event in events),
        events=events,
        checks=tuple(CheckResult(name, True, "", "", "") for name in CHECKS),
        protocol="thinkingml",
        provider="OpenAI",
        resolved_model="gpt-4o",
        created_at=NOW - timedelta(minutes=1),
    )


def _events() -> Iterator[EventLine]:
    yield _event(1, "status", 61.0, {"state": "working"})
    words = REPLY.split(" ")
    for no, start in enumerate(range(0, len(words), 4), 2):
        text = " ".join(words[start : start + 4]) + " "
        yield _event(no, "content_delta", 402.0 + 58 * (no - 2), {"delta": text})
    yield _event(len(words) // 4 + 3, "completed", 2140.0, {"finish_reason": "stop"})


def _event(no: int, name: str, at_ms: float, data: dict[str, str]) -> EventLine:
    text = json.dumps(data, ensure_ascii=False)
    return EventLine(no, name, at_ms, len(text.encode()), text)


def _past() -> Iterator[Dialog]:
    for back, (model, message, status, kind, error) in enumerate(PAST, 1):
        is_failed = status is CellStatus.FAILED
        yield Dialog(
            dialog_id=f"exe_000000000000000d{90 - back:02d}",
            request=DialogRequest(
                model, message, Identity.PERMANENT if back % 3 == 0 else Identity.ANONYMOUS
            ),
            status=status,
            kind=kind,
            cause=Cause.PROVIDER if is_failed else Cause.NONE,
            error=error,
            reply="" if is_failed else REPLY,
            request_id=f"req_{back:012x}",
            target_id=1,
            target="http://127.0.0.1:9999/api/v1",
            http_status=503 if is_failed else 202,
            timings=TurnTimings(
                120 + back,
                40.0,
                66.0,
                None if is_failed else 388.0 + 61 * back,
                26.0,
                210.0,
                1900.0 + 240 * back,
            ),
            event_count=0 if is_failed else 41,
            created_at=NOW - timedelta(minutes=34 * back),
        )
