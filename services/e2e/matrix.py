"""Pure: joined cells of launches to matrix rows, worst first, with shares and percentiles."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, compress
from math import ceil

from services.accounts.types import UserType
from services.e2e.types import (
    CODE_STATUS,
    GOOD,
    JUDGED,
    REAL,
    STATUS_CODES,
    CellStatus,
    Matrix,
    MatrixRow,
)

NONE = "."
FEW = 20  # below this many samples a p95 says nothing
_BY_LETTER = {str(kind)[0]: str(kind) for kind in UserType}
_JUDGED = {STATUS_CODES[status] for status in JUDGED}
_GOOD = {STATUS_CODES[status] for status in GOOD}
_REAL = {STATUS_CODES[status] for status in REAL}
_REFUTED = _JUDGED - _GOOD
_TIMED = {  # states whose time says how fast a model is
    STATUS_CODES[status] for status in (CellStatus.OK, CellStatus.SLOW, CellStatus.BAD_STRUCTURE)
}
_BADNESS = {  # the worst of the newest real states decides a row's place
    CellStatus.FAILED: 5,
    CellStatus.BAD_STRUCTURE: 4,
    CellStatus.SIGNIN_FAILED: 3,
    CellStatus.LIMITED: 2,
    CellStatus.SLOW: 1,
}


@dataclass(frozen=True, slots=True)
class JoinedCells:
    """One launch: pieces of keys, codes and latencies in one order."""

    launch_no: int
    keys: str
    codes: str
    latencies: str


@dataclass(frozen=True, slots=True)
class Line:
    """One model and user type over the launches: a character each, and the times of its replies."""

    codes: str
    times_ms: tuple[str, ...] = ()  # digits a cell, or empty where there are none


def lines_of(
    joined: Sequence[JoinedCells], launch_nos: Sequence[int], separator: str
) -> dict[tuple[str, str], Line]:
    """Return a line for each (model key, user type) that has a cell in one of the launches.

    Launches that asked the same things are turned from columns to rows together.
    """
    place = {number: index for index, number in enumerate(launch_nos)}
    alike: dict[str, list[JoinedCells]] = {}
    for launch in joined:
        if launch.launch_no in place:
            alike.setdefault(launch.keys, []).append(launch)
    if len(alike) == 1 and len(joined) == len(launch_nos):
        return _turned(next(iter(alike.values())), separator)
    lines: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    width = len(launch_nos)
    for launches in alike.values():
        places = [place[launch.launch_no] for launch in launches]
        for key, line in _turned(launches, separator).items():
            codes, times = lines.setdefault(key, ([NONE] * width, [""] * width))
            for at, code, time in zip(places, line.codes, line.times_ms, strict=True):
                codes[at], times[at] = code, time
    return {key: Line("".join(codes), tuple(times)) for key, (codes, times) in lines.items()}


def _turned(launches: Sequence[JoinedCells], separator: str) -> dict[tuple[str, str], Line]:
    """Return the lines of launches that hold the same cells in the same order."""
    keys = launches[0].keys.split(separator)
    codes = zip(*(launch.codes for launch in launches), strict=True)
    times = zip(*(launch.latencies.split(",") for launch in launches), strict=True)
    return {
        (key[1:], _BY_LETTER.get(key[:1], key[:1])): Line("".join(code), time)
        for key, code, time in zip(keys, codes, times, strict=True)
    }


def rows_of(
    lines: Mapping[tuple[str, str], Line], providers: Mapping[str, tuple[str, bool]]
) -> tuple[MatrixRow, ...]:
    """Return a row a model, worst first, then by name."""
    by_model: dict[str, dict[str, Line]] = {}
    for (model, user_type), line in lines.items():
        by_model.setdefault(model, {})[user_type] = line
    rows = [
        (_badness(parts.values()), _row(model, parts, providers.get(model, ("", False))))
        for model, parts in by_model.items()
    ]
    rows.sort(key=lambda pair: (-pair[0][0], -pair[0][1], pair[1].model_key))
    return tuple(row for _, row in rows)


def _row(model: str, parts: Mapping[str, Line], provider: tuple[str, bool]) -> MatrixRow:
    cells = {user_type: line.codes for user_type, line in parts.items()}
    together = "".join(cells.values())
    times = sorted(chain.from_iterable(map(_times_of, parts.values())))
    return MatrixRow(
        model_key=model,
        provider=provider[0],
        cells=cells,
        judged=sum(map(together.count, _JUDGED)),
        good=sum(map(together.count, _GOOD)),
        cells_total=len(together) - together.count(NONE),
        p50_ms=percentile(times, 0.50),
        p95_ms=percentile(times, 0.95) if len(times) >= FEW else None,
        max_ms=times[-1] if times else None,
        is_demo=provider[1],
    )


def _times_of(line: Line) -> Iterable[int]:
    """Return the milliseconds of the cells whose time says how fast a model is."""
    times = compress(line.times_ms, map(_TIMED.__contains__, line.codes))
    return [int(time) for time in times if time]


def lit(matrix: Matrix, running: frozenset[tuple[str, str]]) -> Matrix:
    """Return the matrix with the cells of the newest column that are being asked lit as running."""
    if not running or not matrix.columns:
        return matrix
    code = STATUS_CODES[CellStatus.RUNNING]
    rows = tuple(
        replace(
            row,
            cells={
                kind: codes[:-1] + code if (row.model_key, kind) in running else codes
                for kind, codes in row.cells.items()
            },
        )
        for row in matrix.rows
    )
    return replace(matrix, rows=rows)


def sunk(matrix: Matrix, mapped: Collection[str]) -> Matrix:
    """Return the matrix with the models that are not mapped any more marked and below the others."""
    if not mapped:
        return matrix
    known = set(mapped)
    rows = [replace(row, is_mapped=row.model_key in known) for row in matrix.rows]
    return replace(matrix, rows=tuple(sorted(rows, key=lambda row: not row.is_mapped)))


def percentile(ordered: Sequence[int], share: float) -> int | None:
    """Return the nearest-rank percentile of ordered values, None without any."""
    if not ordered:
        return None
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def _badness(lines: Iterable[Line]) -> tuple[int, int]:
    """Return how bad the newest real states are, and how many refuted cells there were."""
    worst, refuted = 0, 0
    for line in lines:
        newest = next((code for code in reversed(line.codes) if code in _REAL), None)
        if newest is not None:
            worst = max(worst, _BADNESS.get(CODE_STATUS[newest], 0))
        refuted += sum(map(line.codes.count, _REFUTED))
    return worst, refuted
