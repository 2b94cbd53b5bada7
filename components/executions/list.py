"""List: every run as one live element: pages of rows, patches, keys, and what is chosen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from nicegui import ui
from nicegui.events import GenericEventArguments

from components.executions.rows import state_looks
from components.live import can_push
from components.theme.apply import add_sheet
from components.words import tr

add_sheet(Path(__file__).with_name("executions.css"))

KEYS_MOST = 500  # ids in one message of the browser
Rows = Sequence[str]  # JSON texts, of components.executions.rows


@dataclass(frozen=True, slots=True)
class ListCalls:
    """What the page does when somebody acts on the list."""

    older: Callable[[int], Any]  # rows before this number are wanted, answer with `append`
    fresh: Callable[[], Any]  # the "+n new" chip
    cancel: Callable[[list[str]], Any]
    again: Callable[[str], Any]
    check: Callable[[list[str]], Any]  # what is chosen now
    widen: Callable[[], Any]  # nothing matches: show everything


class RunList(ui.element, component="list.js", esm={"gymbro-executions": "list_parts"}):
    """The list; fill it with `show`, lengthen it with `append`, keep it alive with `patch`."""

    def __init__(
        self,
        calls: ListCalls,
        *,
        name: str,
        compact: bool = False,
        most: int = 0,
        none: tuple[str, str] | None = None,
        of_one: bool = False,
    ) -> None:
        """Stand as a skeleton; `most` rows are kept when it is not 0; `none` is title and hint.

        `of_one` says that all are parts of the same run, so that none needs to be marked as one.
        """
        super().__init__()
        self._calls = calls
        self._no = 0
        title, hint = none or (tr("Nothing ran yet"), tr("What is started shows here at once."))
        self._props.update(
            {
                "page": None,
                "compact": compact,
                "checks": not compact,
                "most": most,
                "looks": state_looks(),
                "words": {
                    **_words(),
                    **({"part_short": ""} if of_one else {}),
                    "name": name,
                    "none": title,
                    "none_hint": hint,
                },
            }
        )
        self._listen()

    def show(
        self, rows: Rows, before: int | None, *, partial: bool = False, filtered: bool = False
    ) -> None:
        """Replace all rows; `before` asks for older ones, `filtered` says that others exist."""
        self._no += 1
        self._props["page"] = {
            "no": self._no,
            "rows": _packed(rows),
            "before": before,
            "partial": partial,
            "filtered": filtered,
        }
        self.update()

    def append(self, rows: Rows, before: int | None, *, partial: bool = False) -> None:
        """Add older rows, in answer to `ListCalls.older`."""
        self.run_method(
            "append", {"no": self._no, "rows": _packed(rows), "before": before, "partial": partial}
        )

    def fail_older(self) -> None:
        """Older rows could not be read; offer to try again."""
        self.run_method("failed")

    def patch(self, rows: Rows, matches: Sequence[bool] = ()) -> bool:
        """Change rows, and add those that match; return whether the browser was there to hear it.

        Without `matches` all of them do.
        """
        if not rows or not can_push(self.client):
            return not rows
        left_out = [place for place, match in enumerate(matches) if not match]
        self.run_method("patch", _packed(rows), left_out)
        return True

    def uncheck(self) -> None:
        """Choose nothing."""
        self.run_method("clear")

    def _listen(self) -> None:
        calls = self._calls
        self.on("older", self._older)
        for name, call in (("fresh", calls.fresh), ("widen", calls.widen)):
            self.on(name, lambda _, call=call: call())
        for name, many in (("cancel", calls.cancel), ("check", calls.check)):
            self.on(name, lambda event, many=many: many(_keys(event.args)))
        self.on("again", lambda event: calls.again(str(event.args)))

    def _older(self, event: GenericEventArguments) -> Any:
        args = cast("dict[str, Any]", event.args) if isinstance(event.args, dict) else {}
        if args.get("no") == self._no and isinstance(args.get("before"), int):
            return self._calls.older(args["before"])
        return None


def _packed(rows: Rows) -> str:
    """Return the rows as one text, so that neither side wraps each of their values."""
    return f"[{','.join(rows)}]"


def _keys(args: object) -> list[str]:
    given = cast("list[object]", args) if isinstance(args, list) else []
    return [str(key)[:40] for key in given[:KEYS_MOST]]


def _words() -> dict[str, str]:
    return {
        "state": tr("State"),
        "what": tr("Run"),
        "result": tr("Progress or result"),
        "by": tr("Started by"),
        "at": tr("Created"),
        "took": tr("Took"),
        "acts": tr("Actions"),
        "check": tr("Choose this run"),
        "check_all": tr("Choose all that are running or waiting"),
        "cancel": tr("Cancel this run"),
        "cancel_key": tr("Cancel (c)"),
        "again": tr("Run again"),
        "again_key": tr("Run again (r)"),
        "part": tr("A part of another run"),
        "part_short": tr("part"),
        "demo": tr("Demo"),
        "demo_title": tr("Made-up demo data: it never ran"),
        "fresh": tr("{n} new"),
        "loading": tr("Loading older runs …"),
        "looking": tr("Searching runs older than #{n} …"),
        "searched": tr("Searched down to #{n}; older runs may match too."),
        "retry": tr("Try again"),
        "look_on": tr("Search further back"),
        "widen": tr("Show all runs"),
        "no_match": tr("No run matches"),
        "no_match_hint": tr("Change the filters, or show all runs."),
    }
