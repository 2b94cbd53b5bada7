"""Pure: what differs between two texts, word by word, bounded for large ones.

Lines first: common ends are cut off, lines that are unique in both texts anchor the rest, the gaps
between anchors go through Myers' greedy algorithm with a limit on the edits it looks for. Each pair of
removed and added lines is then compared word by word the same way. What is past a limit counts as
replaced whole, so the work grows with the length of the texts and never with its square.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

from services.prompts.rules import tool_name, tools_of
from services.prompts.types import Comparison, Diff, DiffPart, PartKind

LINE_EDITS_MOST = 400
WORD_EDITS_MOST = 400
WORDS_MOST = 20_000  # of one replaced block, both sides; more is replaced whole
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0002ffff"
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+|\r?\n|[^\S\n]+|.", re.DOTALL)

Span = tuple[int, int, int, int]  # from, to in the old; from, to in the new: equal sequences


def diff(old: str, new: str) -> Diff:
    """Return the pieces of both texts in reading order."""
    if old == new:
        return Diff((DiffPart(PartKind.SAME, old),) if old else ())
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    parts: list[DiffPart] = []
    is_coarse = False
    for is_same, left, right in _blocks(before, after, _matches(before, after, LINE_EDITS_MOST)):
        if is_same:
            parts.append(DiffPart(PartKind.SAME, "".join(left)))
            continue
        found, coarse = _words("".join(left), "".join(right))
        parts += found
        is_coarse = is_coarse or coarse
    return Diff(tuple(_joined(parts)), is_coarse)


def compare(old: str, old_tools: Any, new: str, new_tools: Any) -> Comparison:
    """Return what differs between two versions, tools as indented JSON and by name."""
    before = {tool_name(tool): tool for tool in tools_of(old_tools)}
    after = {tool_name(tool): tool for tool in tools_of(new_tools)}
    return Comparison(
        diff(old, new),
        diff(tools_text(old_tools), tools_text(new_tools)),
        tuple(name for name in after if name not in before),
        tuple(name for name in before if name not in after),
        tuple(name for name in after if name in before and after[name] != before[name]),
    )


def tools_text(tools_json: Any) -> str:
    """Return tools as indented JSON; nothing for none."""
    if tools_json is None or tools_json in ([], {}):
        return ""
    return json.dumps(tools_json, ensure_ascii=False, indent=2) + "\n"


def words_of(text: str) -> list[str]:
    """Return the text in words, single CJK characters, blanks, line ends and single signs."""
    return _WORD.findall(text)


def _words(old: str, new: str) -> tuple[list[DiffPart], bool]:
    """Return the pieces of a replaced block, and whether it was too large to look into."""
    whole = [
        DiffPart(kind, text)
        for kind, text in ((PartKind.REMOVED, old), (PartKind.ADDED, new))
        if text
    ]
    if not old or not new:
        return whole, False
    before, after = words_of(old), words_of(new)
    if len(before) + len(after) > WORDS_MOST:
        return whole, True
    parts: list[DiffPart] = []
    for is_same, left, right in _blocks(before, after, _matches(before, after, WORD_EDITS_MOST)):
        if is_same:
            parts.append(DiffPart(PartKind.SAME, "".join(left)))
            continue
        if left:
            parts.append(DiffPart(PartKind.REMOVED, "".join(left)))
        if right:
            parts.append(DiffPart(PartKind.ADDED, "".join(right)))
    return _readable(_joined(parts)), False


def _readable(parts: list[DiffPart]) -> list[DiffPart]:
    """Swallow equal pieces shorter than the changes on both their sides: confetti reads worse."""
    sizes = [len(part.text.strip()) for part in parts]
    is_same = [part.kind is PartKind.SAME for part in parts]
    swallowed: list[DiffPart] = []
    for at, part in enumerate(parts):
        if is_same[at] and 0 < at < len(parts) - 1 and sizes[at] < 4:
            left = _changed(sizes, is_same, at, -1)
            right = _changed(sizes, is_same, at, 1)
            if min(left, right) > 1 and sizes[at] <= min(left, right) // 2:
                swallowed += [
                    DiffPart(PartKind.REMOVED, part.text),
                    DiffPart(PartKind.ADDED, part.text),
                ]
                continue
        swallowed.append(part)
    return _sorted_runs(swallowed)


def _changed(sizes: Sequence[int], is_same: Sequence[bool], at: int, step: int) -> int:
    """Return the size of the changed run beside a place."""
    total, at = 0, at + step
    while 0 <= at < len(sizes) and not is_same[at]:
        total += sizes[at]
        at += step
    return total


def _sorted_runs(parts: Sequence[DiffPart]) -> list[DiffPart]:
    """Return the pieces with each changed run as one removed and one added piece."""
    result: list[DiffPart] = []
    removed: list[str] = []
    added: list[str] = []

    def flush() -> None:
        for kind, texts in ((PartKind.REMOVED, removed), (PartKind.ADDED, added)):
            if texts:
                result.append(DiffPart(kind, "".join(texts)))
                texts.clear()

    for part in parts:
        if part.kind is PartKind.SAME:
            flush()
            result.append(part)
        else:
            (removed if part.kind is PartKind.REMOVED else added).append(part.text)
    flush()
    return result


def _joined(parts: Sequence[DiffPart]) -> list[DiffPart]:
    """Return the pieces with neighbours of one kind as one."""
    result: list[DiffPart] = []
    for part in parts:
        if not part.text:
            continue
        if result and result[-1].kind is part.kind:
            result[-1] = DiffPart(part.kind, result[-1].text + part.text)
        else:
            result.append(part)
    return result


def _blocks(
    old: Sequence[str], new: Sequence[str], spans: Sequence[Span]
) -> list[tuple[bool, Sequence[str], Sequence[str]]]:
    """Return equal and replaced stretches in order."""
    blocks: list[tuple[bool, Sequence[str], Sequence[str]]] = []
    i = j = 0
    for a, b, c, d in [*spans, (len(old), len(old), len(new), len(new))]:
        if i < a or j < c:
            blocks.append((False, old[i:a], new[j:c]))
        if a < b:
            blocks.append((True, old[a:b], new[c:d]))
        i, j = b, d
    return blocks


def _matches(old: Sequence[str], new: Sequence[str], most: int) -> list[Span]:
    """Return the equal stretches in order."""
    start = 0
    shorter = min(len(old), len(new))
    while start < shorter and old[start] == new[start]:
        start += 1
    end = 0
    while end < shorter - start and old[-1 - end] == new[-1 - end]:
        end += 1
    spans: list[Span] = [(0, start, 0, start)] if start else []
    i, j = start, start
    to_old, to_new = len(old) - end, len(new) - end
    for a, c in [*_anchors(old, new, start, to_old, to_new), (to_old, to_new)]:
        found = _myers(old[i:a], new[j:c], most)
        spans += [(at + i, to + i, there + j, end_ + j) for at, to, there, end_ in found]
        if a < to_old:
            spans.append((a, a + 1, c, c + 1))
        i, j = a + 1, c + 1
    if end:
        spans.append((to_old, len(old), to_new, len(new)))
    return spans


def _anchors(
    old: Sequence[str], new: Sequence[str], start: int, to_old: int, to_new: int
) -> list[tuple[int, int]]:
    """Return places that hold something unique in both, the longest run that is in order in both."""
    there = _once(old, start, to_old)
    here = _once(new, start, to_new)
    pairs = sorted((there[item], at) for item, at in here.items() if item in there)
    tails: list[int] = []  # smallest end of an increasing run of each length
    tail_at: list[int] = []
    back: list[int] = []
    for number, (_, at) in enumerate(pairs):
        place = bisect_left(tails, at)
        back.append(tail_at[place - 1] if place else -1)
        tails[place : place + 1] = [at]
        tail_at[place : place + 1] = [number]
    chain: list[tuple[int, int]] = []
    number = tail_at[-1] if tail_at else -1
    while number >= 0:
        chain.append(pairs[number])
        number = back[number]
    return chain[::-1]


def _once(items: Sequence[str], start: int, end: int) -> Mapping[str, int]:
    """Return where each item stands that occurs once; blanks anchor nothing."""
    found: dict[str, int] = {}
    for at in range(start, end):
        item = items[at]
        found[item] = -1 if item in found or not item.strip() else at
    return {item: at for item, at in found.items() if at >= 0}


def _myers(old: Sequence[str], new: Sequence[str], most: int) -> list[Span]:
    """Return the equal stretches of a shortest edit; none when it takes more than `most` edits."""
    n, m = len(old), len(new)
    if not n or not m:
        return []
    reach = {1: 0}
    trail: list[dict[int, int]] = []
    for edits in range(min(most, n + m) + 1):
        trail.append(dict(reach))
        for k in range(-edits, edits + 1, 2):
            down = k == -edits or (k != edits and reach[k - 1] < reach[k + 1])
            x = reach[k + 1] if down else reach[k - 1] + 1
            y = x - k
            while x < n and y < m and old[x] == new[y]:
                x, y = x + 1, y + 1
            reach[k] = x
            if x >= n and y >= m:
                return _walked(trail, n, m)
    return []


def _walked(trail: Sequence[Mapping[int, int]], x: int, y: int) -> list[Span]:
    """Return the diagonals of the way back."""
    spans: list[Span] = []
    for edits in range(len(trail) - 1, -1, -1):
        reach, k = trail[edits], x - y
        down = k == -edits or (k != edits and reach[k - 1] < reach[k + 1])
        before_k = k + 1 if down else k - 1
        before_x = reach[before_k]
        start = before_x if down else before_x + 1
        start = start if edits else 0
        if x > start:
            spans.append((start, x, y - (x - start), y))
        x, y = (before_x, before_x - before_k) if edits else (0, 0)
    return spans[::-1]
