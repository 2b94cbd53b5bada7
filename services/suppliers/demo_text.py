"""Demo text: deterministic ThinkingML v4.5 and JSON-lines replies out of a hash of model and text."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

_CJK_FIRST, _CJK_LAST = "\u3400", "\u9fff"
_QUOTE_LENGTH = 60
_PIECE_FROM, _PIECE_TO = 8, 24


@dataclass(frozen=True, slots=True)
class _Words:
    """What the replies of one language are made of."""

    serp: Sequence[str]
    titles: Sequence[str]
    thoughts: Sequence[str]
    openings: Sequence[str]
    advice: Sequence[str]
    closings: Sequence[str]
    queries: Sequence[str]


_ENGLISH = _Words(
    serp=(
        "Looking for a plan that fits the request and the usual recovery times.",
        "Comparing common training splits before answering.",
    ),
    titles=(
        "Understand the goal",
        "Check the starting point",
        "Choose the movements",
        "Plan the progression",
        "Mind the recovery",
    ),
    thoughts=(
        "The request is clear enough to answer without a question back.",
        "A beginner gains most from few movements done well, three times a week.",
        "Load goes up only when all repetitions were clean in two sessions in a row.",
        "Sleep and protein decide more than the exact choice of exercises.",
        "Joint pain is a reason to change the movement, not to push through.",
        "A short warm-up with light sets prepares better than stretching alone.",
    ),
    openings=(
        "You asked: {quote}.",
        "About your message ({quote}):",
        "Here is an answer to {quote}.",
    ),
    advice=(
        "Squat, press and row: three sets of eight, two minutes of rest.",
        "Walk for twenty minutes on the days without training.",
        "Write down weight and repetitions, so that progress is a fact and not a feeling.",
        "Add the smallest plate once every set felt controlled.",
        "Keep one day between two sessions for the same muscles.",
        "Drink a glass of water before you start and one afterwards.",
    ),
    closings=(
        "Tell me how the first week went and we adjust it.",
        "This reply was made by the demo supplier; no model was asked.",
    ),
    queries=(
        "full body workout three days a week",
        "progressive overload for beginners",
        "rest between sets for strength",
        "protein after training",
        "warm up before squats",
    ),
)
_CHINESE = _Words(
    serp=("先查找符合需求的训练安排与常见恢复时间。", "回答之前先比较几种常见的训练分化方式。"),
    titles=("理解目标", "确认基础", "选择动作", "安排进阶", "关注恢复"),
    thoughts=(
        "需求已经足够清楚，可以直接回答。",
        "新手把少数动作做好、每周三次，收益最大。",
        "连续两次训练都能标准完成全部次数，才增加重量。",
        "睡眠和蛋白质摄入比动作的细微取舍更重要。",
        "关节疼痛意味着应当更换动作，而不是硬撑。",
        "用轻重量做几组热身，比单纯拉伸更有准备作用。",
    ),
    openings=("你的问题是：{quote}。", "关于你说的“{quote}”：", "下面回答“{quote}”。"),
    advice=(
        "深蹲、推举、划船：各三组，每组八次，组间休息两分钟。",
        "不训练的日子步行二十分钟。",
        "记录重量和次数，让进步看得见。",
        "每一组都能稳定控制之后，再加最小的配重片。",
        "同一肌群的两次训练之间至少隔一天。",
        "训练前后各喝一杯水。",
    ),
    closings=("第一周结束后告诉我感受，我们再调整。", "本回复由演示供应商生成，没有调用任何模型。"),
    queries=(
        "每周三练全身计划",
        "新手渐进超负荷",
        "力量训练组间休息",
        "训练后蛋白质补充",
        "深蹲前热身",
    ),
)


@dataclass(frozen=True, slots=True)
class DemoParts:
    """The content of one reply before it is written in a protocol."""

    serp: str
    phases: tuple[tuple[str, str], ...]  # title, thought
    final: str
    queries: tuple[str, ...]


def demo_parts(model: str, text: str) -> DemoParts:
    """Return the same parts for the same model and text, in the language of the text."""
    words = _CHINESE if is_chinese(text) else _ENGLISH
    rng = seeded(model, text)
    titles = words.titles[: rng.randint(2, 4)]
    thoughts = rng.sample(words.thoughts, len(titles))
    advice = "\n".join(f"- {line}" for line in rng.sample(words.advice, rng.randint(2, 4)))
    opening = rng.choice(words.openings).format(quote=_quote(text))
    return DemoParts(
        serp=rng.choice(words.serp),
        phases=tuple(zip(titles, thoughts, strict=True)),
        final=f"{opening}\n\n{advice}\n\n{rng.choice(words.closings)}",
        queries=tuple(rng.sample(words.queries, rng.randint(1, 3))),
    )


def thinkingml(parts: DemoParts) -> str:
    """Return the parts as a valid ThinkingML v4.5 reply, strict reasons kept too."""
    phases = "\n".join(
        f'<phase id="{number}">\n<title>{title}</title>\n{thought}\n</phase>'
        for number, (title, thought) in enumerate(parts.phases, 1)
    )
    queries = json.dumps(list(parts.queries), ensure_ascii=False)
    return (
        f"<serp>{parts.serp}</serp>\n<thinking>\n{phases}\n</thinking>\n<final>\n{parts.final}\n"
        f"<!-- <serp_queries>\n{queries}\n</serp_queries> -->\n</final>"
    )


def broken_thinkingml(parts: DemoParts, rng: Random) -> str:
    """Return a reply with one of the faults small models really make."""
    good = thinkingml(parts)
    faults = (
        good.replace("</final>", ""),
        good.replace('<phase id="1">', '<phase id="2">', 1),
        good.replace("</thinking>\n<final>", "</thinking>\n--\n<final>"),
        good.replace("<title>", "<heading>", 1).replace("</title>", "</heading>", 1),
        parts.final,
    )
    return rng.choice(faults)


def json_lines(parts: DemoParts) -> str:
    """Return the parts as JSON lines of the jsonseq_v1 protocol."""
    events: list[dict[str, object]] = [
        {"event": "serp_summary", "text": parts.serp},
        {"event": "thinking_start"},
    ]
    for number, (title, thought) in enumerate(parts.phases, 1):
        events.append({"event": "phase_start", "id": number, "title": title})
        events.append({"event": "phase_delta", "id": number, "text": thought})
    events.append({"event": "thinking_end"})
    events.append({"event": "final_delta", "text": parts.final})
    events.append({"event": "serp_queries", "queries": list(parts.queries)})
    events.append({"event": "final_end"})
    return "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)


def pieces(text: str, rng: Random) -> list[str]:
    """Return the text cut into pieces of 8 to 24 characters, as a model would stream it."""
    out: list[str] = []
    at = 0
    while at < len(text):
        size = rng.randint(_PIECE_FROM, _PIECE_TO)
        out.append(text[at : at + size])
        at += size
    return out


def seeded(model: str, text: str) -> Random:
    """Return the random numbers of this model and text, the same on every machine."""
    digest = hashlib.sha256(f"{model}\0{text}".encode("utf-8", "replace")).digest()
    return Random(int.from_bytes(digest[:8], "big"))  # reproducible on purpose


def is_chinese(text: str) -> bool:
    """Return whether the text holds a Chinese character."""
    return any(_CJK_FIRST <= ch <= _CJK_LAST for ch in text)


def _quote(text: str) -> str:
    """Return the beginning of the text on one line, unable to break the reply's structure."""
    plain = " ".join(text.split())[:_QUOTE_LENGTH].rstrip(" .。!！?？")
    safe = plain.replace("<", "‹").replace(">", "›").replace("{", "(").replace("}", ")")
    return safe or "…"
