"""Matrix rows to display lines: worst first, grouped by provider, good rows folded."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from components.e2e.ranking import PROBLEMS, latest, merge
from components.status.looks import SEVERITY
from services.e2e.types import STATUS_CODES, CellChange, CellStatus, Matrix, MatrixRow

FOLD_FROM = 13  # this many good rows beside a problem are worth folding


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A provider's heading over its rows."""

    provider: str
    count: int
    is_in_fold: bool


@dataclass(frozen=True, slots=True)
class RowLine:
    """One model; `index` points into the rows as they were given."""

    index: int
    is_in_fold: bool
    is_alone: bool = False  # the only one of its provider here: it names the provider itself


@dataclass(frozen=True, slots=True)
class FoldLine:
    """The line that stands for all good rows."""

    count: int
    is_open: bool  # how it starts


Line = GroupLine | RowLine | FoldLine


def row_state(row: MatrixRow) -> CellStatus | None:
    """Return the worst of the newest settled states of the row's user types."""
    states = [state for codes in row.cells.values() if (state := latest(codes)) is not None]
    return min(states, key=SEVERITY.__getitem__) if states else None


def is_good(row: MatrixRow) -> bool:
    """Whether the row is fine now: its newest settled state is OK for every user type."""
    return row_state(row) is CellStatus.OK


def arrange(rows: Sequence[MatrixRow], sort: str = "worst") -> tuple[Line, ...]:
    """Return the lines of the matrix: problem groups first, then the fold with the good rows.

    Models that are not mapped any more come last.

    Any other sort (name, share, p50, tail) gives one flat list without groups.
    """
    if sort != "worst":
        order = sorted(
            range(len(rows)), key=lambda i: (not rows[i].is_mapped, _SORT_KEYS[sort](rows[i]))
        )
        return tuple(RowLine(index, is_in_fold=False) for index in order)
    mapped = [index for index, row in enumerate(rows) if row.is_mapped]
    troubled = [index for index in mapped if not is_good(rows[index])]
    good = [index for index in mapped if is_good(rows[index])]
    lines = _grouped(rows, troubled, is_in_fold=False)
    if good:
        has_problem = any(row_state(rows[index]) in PROBLEMS for index in troubled)
        is_open = not has_problem or len(good) < FOLD_FROM
        lines.append(FoldLine(len(good), is_open))
        lines.extend(_grouped(rows, good, is_in_fold=True))
    lines.extend(RowLine(i, is_in_fold=False) for i, row in enumerate(rows) if not row.is_mapped)
    return tuple(lines)


def _grouped(rows: Sequence[MatrixRow], indexes: Sequence[int], *, is_in_fold: bool) -> list[Line]:
    groups: dict[str, list[int]] = {}
    for index in sorted(indexes, key=lambda index: _badness(rows[index])):
        groups.setdefault(rows[index].provider, []).append(index)
    lines: list[Line] = []
    for provider, members in groups.items():
        is_alone = len(members) == 1
        if not is_alone:
            lines.append(GroupLine(provider, len(members), is_in_fold))
        lines.extend(RowLine(index, is_in_fold, is_alone) for index in members)
    return lines


def _badness(row: MatrixRow) -> tuple[int, float, str]:
    """Order by present state, then by share of good answers, then by name."""
    state = row_state(row)
    place = SEVERITY[state or CellStatus.NOT_RUN]
    return place, row.good / row.judged if row.judged else 1.0, row.model_key


_SORT_KEYS: Mapping[str, Callable[[MatrixRow], tuple[float, str]]] = {
    "name": lambda row: (0, row.model_key),
    "share": lambda row: (row.good / row.judged if row.judged else 2, row.model_key),
    "p50": lambda row: (-(row.p50_ms or 0), row.model_key),
    "tail": lambda row: (-(tail_latency(row)[0] or 0), row.model_key),
}
SORTS = ("worst", *_SORT_KEYS)


def merged(row: MatrixRow) -> str:
    """Return the row's codes with all user types merged to the worse."""
    return merge(row.cells.values()) if row.cells else ""


def tail_latency(row: MatrixRow) -> tuple[int | None, bool]:
    """Return the row's p95 in ms, or its maximum and True while it has no p95 (under 20 samples)."""
    return (row.max_ms, True) if row.p95_ms is None else (row.p95_ms, False)


def with_changes(matrix: Matrix, changes: Iterable[CellChange]) -> Matrix:
    """Return the matrix with single cells changed; what is not in it is left out."""
    column = {launch.launch_no: index for index, launch in enumerate(matrix.columns)}
    wanted: dict[str, list[CellChange]] = {}
    for change in changes:
        if change.launch_no in column:
            wanted.setdefault(change.model_key, []).append(change)
    rows = [
        _changed(row, wanted[row.model_key], column) if row.model_key in wanted else row
        for row in matrix.rows
    ]
    return replace(matrix, rows=tuple(rows))


def _changed(row: MatrixRow, changes: Iterable[CellChange], column: Mapping[int, int]) -> MatrixRow:
    cells = {user: list(codes) for user, codes in row.cells.items()}
    for change in changes:
        codes, index = cells.get(str(change.user_type)), column[change.launch_no]
        if codes is not None and index < len(codes):
            codes[index] = STATUS_CODES[change.status]
    return replace(row, cells={user: "".join(codes) for user, codes in cells.items()})


def count_states(rows: Sequence[MatrixRow]) -> Mapping[CellStatus, int]:
    """Return how many mapped models show which present state, worst first."""
    counts: dict[CellStatus, int] = {}
    for row in rows:
        state = row_state(row)
        if state is not None and row.is_mapped:
            counts[state] = counts.get(state, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: SEVERITY[item[0]]))
