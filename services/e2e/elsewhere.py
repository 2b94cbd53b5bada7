"""Elsewhere: the launch another console on the same store runs, as its rows tell."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlmodel import Session

from db.queries import e2e_runs as queries
from services.e2e.lane import OPEN
from services.e2e.records import launch_of, to_cell
from services.e2e.types import Cell, CellChange, CellStatus, Launch, RunStatus


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The newest launch against a target, and its cells by number."""

    launch: Launch | None = None
    cells: dict[int, Cell] = field(default_factory=dict[int, Cell])

    @property
    def running(self) -> Launch | None:
        """The launch, while it runs."""
        launch = self.launch
        return launch if launch is not None and launch.status is RunStatus.RUNNING else None

    @property
    def done(self) -> int:
        """How many cells have ended."""
        return sum(cell.status not in OPEN for cell in self.cells.values())

    @property
    def asked_now(self) -> frozenset[tuple[str, str]]:
        """Model key and user type of the cells that are being asked."""
        return frozenset(
            (cell.model_key, str(cell.user_type))
            for cell in self.cells.values()
            if cell.status is CellStatus.RUNNING
        )

    def changes(self, before: "Elsewhere") -> Iterator[CellChange]:
        """Yield the cells that stand otherwise than before."""
        for number, cell in self.cells.items():
            old = before.cells.get(number)
            if old is None or old.status is not cell.status:
                yield CellChange(
                    launch_no=cell.launch_no,
                    model_key=cell.model_key,
                    user_type=cell.user_type,
                    status=cell.status,
                    cell_id=cell.id,
                    done=self.done,
                    total=len(self.cells),
                )


def read_elsewhere(session: Session, target_id: int) -> Elsewhere:
    """Return the newest launch against the target with its cells."""
    newest = queries.newest_launches(session, target_id, None, 1)
    if not newest:
        return Elsewhere()
    launch = launch_of(newest[-1])
    rows = queries.cells_of(session, [launch.launch_no])
    return Elsewhere(launch, {row.id or 0: to_cell(row) for row in rows})
