"""Lane: one user type's part of a launch while it runs: its token, its cells, its counts."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.chat.types import ModelList
from services.e2e.types import Cell, CellStatus, Kind, Run, RunStatus
from services.identities.types import SignIn, Token

OPEN = (CellStatus.PENDING, CellStatus.RUNNING)


@dataclass(slots=True)
class Lane:
    """Mutable; the runner alone touches it."""

    run: Run
    begun_s: float  # monotonic
    sign_in: SignIn | None = None
    made: list[SignIn] = field(default_factory=list[SignIn])  # to be released
    models: ModelList | None = None
    cells: dict[str, Cell] = field(default_factory=dict[str, Cell])  # by model key, in order
    sent: dict[str, str] = field(default_factory=dict[str, str])  # stored key to the server's own
    summary: str = ""  # why it could not ask at all
    kind: Kind = Kind.OK  # of that reason
    ended: tuple[datetime, float] | None = None  # when its last cell was judged, monotonic too

    @property
    def token(self) -> Token | None:
        """The present token."""
        return None if self.sign_in is None else self.sign_in.token

    def open_cells(self) -> list[Cell]:
        """Return the cells that have not ended."""
        return [cell for cell in self.cells.values() if cell.status in OPEN]

    def take(self, cells: Iterable[Cell]) -> None:
        """Keep cells and count what they say."""
        for cell in cells:
            self.cells[cell.model_key] = cell
        ended = [cell for cell in self.cells.values() if cell.status not in OPEN]
        good = sum(cell.success for cell in ended)
        self.run = replace(
            self.run,
            models_total=len(self.cells),
            models_success=good,
            models_failed=len(ended) - good,
        )

    def end(self, status: RunStatus | None, now: datetime, monotonic: float) -> None:
        """Close the run: with the given status, or with what its cells say."""
        now, monotonic = self.ended or (now, monotonic)
        self.run = replace(
            self.run,
            status=status or self._verdict(),
            error_summary=self.summary or ("" if self.cells else "no_results"),
            finished_at=now,
            duration_ms=max(0, round((monotonic - self.begun_s) * 1000)),
        )

    def _verdict(self) -> RunStatus:
        run = self.run
        is_good = run.models_total > 0 and run.models_success == run.models_total
        return RunStatus.SUCCESS if is_good else RunStatus.FAILED
