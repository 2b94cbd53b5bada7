"""Ranking: which lines of the palette answer a text, the best first, grouped."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

MOST = 40  # lines of one answer
GROUP_MOST = 7  # lines of one group in an answer
TEXT_MOST = 120
_WORDS_MOST = 8
_WORD_START = re.compile(r"(?:^|[\W_])")
_RECENT = 12  # what was used lately stands before its equals
_LOOSE_FROM = 3  # so many letters may stand apart in a name: `dsv3` finds `deepseek-v3`


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the palette: a place (with a path) or an act (with a name only)."""

    name: str  # unique
    group: str
    label: str
    icon: str
    path: str = ""
    key: str = ""  # the letter after g
    hint: str = ""
    also: str = ""  # further words it is found by, the other language's among them


@dataclass(frozen=True, slots=True)
class Known:
    """An entry with its words made ready for comparing."""

    entry: Entry
    label: str
    also: str
    group: str


def known(entries: Iterable[Entry]) -> tuple[Known, ...]:
    """Return the entries ready for being searched many times."""
    return tuple(
        Known(entry, entry.label.lower(), entry.also.lower(), entry.group.lower())
        for entry in entries
    )


def answer(index: Sequence[Known], text: str, recent: Collection[str] = ()) -> list[Entry]:
    """Return at most MOST entries that have every word of the text; groups in order of their best."""
    parts = text[:TEXT_MOST].lower().split()[:_WORDS_MOST]
    if not parts:
        return []
    loose = [_letters(part) if len(part) >= _LOOSE_FROM else None for part in parts]
    scored: list[tuple[float, int, Entry]] = []
    for place, one in enumerate(index):
        score = _score(one, parts, loose)
        if score:
            scored.append((score + _RECENT * (one.entry.name in recent), -place, one.entry))
    scored.sort(reverse=True)
    return _grouped([entry for _, _, entry in scored])


def _score(one: Known, parts: Sequence[str], loose: Sequence["re.Pattern[str] | None"]) -> float:
    total = 0.0
    for part, letters in zip(parts, loose, strict=True):
        found = _part_score(one, part, letters)
        if not found:
            return 0.0
        total += found
    return total / len(parts) - min(len(one.label), 80) / 100  # of equals the shorter name


def _part_score(one: Known, part: str, letters: "re.Pattern[str] | None") -> float:
    at = one.label.find(part)
    if at >= 0:
        return _label_score(one.label, part, at)
    at = one.also.find(part)
    if at >= 0:
        return 35 if _starts_word(one.also, at) else 25
    if part in one.group:
        return 10
    return 5 if letters is not None and letters.search(one.label) else 0


def _label_score(label: str, part: str, at: int) -> float:
    if at == 0:
        return 100 if len(label) == len(part) else 80
    return 60 if _starts_word(label, at) else 40


def _starts_word(text: str, at: int) -> bool:
    return at == 0 or _WORD_START.fullmatch(text[at - 1]) is not None


def _letters(part: str) -> "re.Pattern[str]":
    """The letters of the part in their order, each at most a few others after the one before."""
    return re.compile(".{0,12}?".join(map(re.escape, part)))


def _grouped(entries: Sequence[Entry]) -> list[Entry]:
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        found = groups.setdefault(entry.group, [])
        if len(found) < GROUP_MOST:
            found.append(entry)
    return [entry for found in groups.values() for entry in found][:MOST]
