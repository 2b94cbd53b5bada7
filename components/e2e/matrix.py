"""Matrix: the grid of models by launches, as one element that takes data and small patches."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.e2e.grid import SORTS
from components.e2e.payload import matrix_words
from components.live import can_push
from components.theme.apply import add_sheet
from services.accounts.types import UserType
from services.e2e.types import STATUS_CODES, CellChange

add_sheet(Path(__file__).with_name("e2e.css"))

SCOPES = ("cell", "row", "column")


@dataclass(frozen=True, slots=True)
class CellPlace:
    """Where a cell stands; no user type means both."""

    launch_no: int
    model_key: str
    user_type: UserType | None


@dataclass(frozen=True, slots=True)
class Again:
    """What shall run again: a cell, a model's row or a launch's column."""

    scope: str
    place: CellPlace


@dataclass(frozen=True, slots=True)
class MatrixCalls:
    """What the page does when somebody acts on the matrix."""

    open: Callable[[CellPlace], Any]
    peek: Callable[[CellPlace], Any]  # answers later through Matrix.facts
    again: Callable[[Again], Any]
    sort: Callable[[str], Any]
    escape: Callable[[], Any]


class MatrixGrid(ui.element, component="matrix.js", esm={"gymbro-matrix": "matrix_parts"}):
    """The grid; fill it with `show`, keep it alive with `patch`."""

    def __init__(self, calls: MatrixCalls, *, view: str = "both", is_compact: bool = True) -> None:
        """Stand empty until `show` is called."""
        super().__init__()
        self._props["data"] = None
        self._props["words"] = matrix_words()
        self._props["view"] = view
        self._props["compact"] = is_compact
        self._props["seq"] = 0
        self._props["asked"] = 0
        self._seq = 0
        self._users: list[str] = []
        self.on("open", lambda event: calls.open(to_place(event.args)))
        self.on("peek", lambda event: calls.peek(to_place(event.args)))
        self.on("again", lambda event: _again(event, calls.again))
        self.on("sort", lambda event: calls.sort(event.args) if event.args in SORTS else None)
        self.on("escape", lambda _: calls.escape())

    @property
    def sequence(self) -> int:
        """How many times something was shown or patched; the browser has it as `data-seq`."""
        return self._seq

    def show(self, data: Mapping[str, Any]) -> None:
        """Draw a whole matrix (the result of `matrix_data`)."""
        self._seq += 1
        self._users = list(data["users"])
        self._props["data"] = {**data, "seq": self._seq}
        self._props["seq"] = self._seq
        self.update()

    def patch(self, changes: Iterable[CellChange]) -> bool:
        """Change single cells; return False when the browser is away and needs `show` later."""
        if not can_push(self.client):
            return False
        self._seq += 1
        rows = self._users
        patches: list[list[Any]] = [
            [change.model_key, rows.index(user), change.launch_no, STATUS_CODES[change.status]]
            for change in changes
            if (user := str(change.user_type)) in rows
        ]
        self.run_method("patch", patches, self._seq)
        return True

    def set_view(self, view: str) -> None:
        """Show both user types merged, or one of them."""
        self._props["view"] = view
        self.update()

    def set_compact(self, *, is_compact: bool) -> None:
        """Use 20 px rows instead of 28."""
        self._props["compact"] = is_compact
        self.update()

    def light(self, launch_no: int) -> None:
        """Mark a launch's column and bring it in sight."""
        self._props["asked"] = launch_no
        self.update()

    def facts(self, place: CellPlace, lines: list[tuple[str, str]]) -> None:
        """Fill the hover card of a cell."""
        if can_push(self.client):
            self.run_method("facts", _from_place(place), lines)

    def pin(self, place: CellPlace | None) -> None:
        """Mark the cell whose drawer is open."""
        if can_push(self.client):
            self.run_method("pin", _from_place(place) if place else None)

    def focus_grid(self) -> None:
        """Give the keyboard back to the grid."""
        if can_push(self.client):
            self.run_method("focusGrid")


def to_place(args: Mapping[str, Any]) -> CellPlace:
    """Return the place an event of the browser names; it is never trusted to be one of ours."""
    user = args.get("user") or ""
    known = user if user in tuple(UserType) else ""
    number = args.get("no")
    return CellPlace(
        launch_no=number if isinstance(number, int) else 0,
        model_key=str(args.get("key") or "")[:200],
        user_type=UserType(known) if known else None,
    )


def _from_place(place: CellPlace) -> dict[str, Any]:
    return {
        "no": place.launch_no,
        "key": place.model_key,
        "user": str(place.user_type) if place.user_type else "",
    }


def _again(event: GenericEventArguments, call: Callable[[Again], Any]) -> Any:
    scope = event.args.get("scope")
    return call(Again(scope, to_place(event.args))) if scope in SCOPES else None
