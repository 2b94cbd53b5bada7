"""Store what an import brings, below everything that is there."""

from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from db.tables.e2e_runs import E2eCellRow, E2eLaunchRow, E2eRunRow


def known_runs(session: Session) -> set[str]:
    """Return the id of every stored run."""
    return set(session.exec(select(E2eRunRow.run_id)))


def lowest_launch(session: Session) -> int:
    """Return the lowest number of a launch, 0 where all are above it."""
    lowest = session.exec(select(func.min(col(E2eLaunchRow.launch_no)))).one()
    return min(lowest or 0, 0)


def insert_imported(
    session: Session,
    number: int,
    launch: E2eLaunchRow,
    run: E2eRunRow,
    cells: Sequence[E2eCellRow],
) -> None:
    """Add one launch under that number with its run and cells."""
    launch.launch_no = run.launch_no = number
    for cell in cells:
        cell.launch_no = number
    session.add_all([launch, run, *cells])
    session.flush()
