"""Pure: joined cells of launches to matrix rows, worst first, with shares and percentiles."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
_TIMED = {
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


@dataclass(slots=True)
class Line:
    """One model and user type over the launches: a character each, and the times of its replies."""

    codes: list[str]
    times_ms: list[int] = field(default_factory=list[int])


def lines_of(
    joined: Iterable[JoinedCells], launch_nos: Sequence[int], separator: str
) -> dict[tuple[str, str], Line]:
    """Return a line for each (model key, user type) that has a cell in one of the launches."""
    place = {number: index for index, number in enumerate(launch_nos)}
    lines: dict[tuple[str, str], Line] = {}
    order: dict[str, list[Line]] = {}  # launches that asked the same share their parsed keys
    width = len(launch_nos)
    for launch in joined:
        at = place.get(launch.launch_no)
        if at is None:
            continue
        wanted = order.get(launch.keys)
        if wanted is None:
            wanted = order[launch.keys] = _open_lines(launch.keys.split(separator), lines, width)
        times = launch.latencies.split(",")
        for line, code, time in zip(wanted, launch.codes, times, strict=True):
            line.codes[at] = code
            if time and code in _TIMED:
                line.times_ms.append(int(time))
    return lines


def _open_lines(keys: Iterable[str], lines: dict[tuple[str, str], Line], width: int) -> list[Line]:
    found: list[Line] = []
    for key in keys:
        name = (key[1:], _BY_LETTER.get(key[:1], key[:1]))
        line = lines.get(name)
        if line is None:
            line = lines[name] = Line([NONE] * width)
        found.append(line)
    return found


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
    cells = {user_type: "".join(line.codes) for user_type, line in parts.items()}
    together = "".join(cells.values())
    times = sorted(time for line in parts.values() for time in line.times_ms)
    return MatrixRow(
        model_key=model,
        provider=provider[0],
        cells=cells,
        judged=sum(together.count(code) for code in _JUDGED),
        good=sum(together.count(code) for code in _GOOD),
        cells_total=len(together) - together.count(NONE),
        p50_ms=percentile(times, 0.50),
        p95_ms=percentile(times, 0.95) if len(times) >= FEW else None,
        max_ms=times[-1] if times else None,
        is_demo=provider[1],
    )


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
        refuted += sum(code in _JUDGED and code not in _GOOD for code in line.codes)
    return worst, refuted
