"""Report: measured values beside their goals, printed as one readable page."""

import os
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Line:
    """One measured value; `ok` is None where there is no goal."""

    name: str
    value: str
    goal: str = ""
    ok: bool | None = None


@dataclass
class Report:
    """What the benchmarks found, section by section."""

    sections: list[tuple[str, list[Line]]] = field(default_factory=list)

    def section(self, title: str) -> None:
        self.sections.append((title, []))

    def add(self, name: str, value: str, *, goal: str = "", ok: bool | None = None) -> None:
        line = Line(name, value, goal, ok)
        self.sections[-1][1].append(line)
        print(f"  {render(line)}", file=sys.stderr, flush=True)  # progress; the page comes last

    @property
    def missed(self) -> list[str]:
        """Names of the values that did not reach their goal."""
        return [line.name for _, lines in self.sections for line in lines if line.ok is False]

    def text(self) -> str:
        """The whole page."""
        out = [machine(), ""]
        for title, lines in self.sections:
            out += [title, *(f"  {render(line)}" for line in lines), ""]
        out.append(f"missed: {', '.join(self.missed)}" if self.missed else "every goal was reached")
        return "\n".join(out)

    def page(self, day: str) -> str:
        """The whole page in Markdown: the machine, what was reached, each figure beside its goal."""
        lines = [line for _, found in self.sections for line in found]
        reached = sum(line.ok is True for line in lines)
        judged = sum(line.ok is not None for line in lines)
        out = ["# Measured", "", f"By `make bench ARGS=--page` on {day}: {machine()}.", ""]
        out.append(
            f"{reached} of {judged} goals were reached on that machine; {len(lines)} values."
            if lines
            else "Nothing was measured yet: the command fills this page, best on a quiet machine."
        )
        if self.missed:
            out += ["", "**Not reached:** " + "; ".join(self.missed) + "."]
        for title, found in self.sections:
            out += [
                "",
                f"## {title}",
                "",
                "| value | measured | goal | reached |",
                "|---|---|---|---|",
            ]
            out += [_row(line) for line in found]
        return "\n".join([*out, ""])


_WORDS = {True: "yes", False: "**no**", None: ""}


def _row(line: Line) -> str:
    cells = (line.name, line.value, line.goal or "–", _WORDS[line.ok])
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def render(line: Line) -> str:
    mark = {True: "ok  ", False: "MISS", None: "    "}[line.ok]
    goal = f"   (goal {line.goal})" if line.goal else ""
    return f"{mark} {line.name:<58} {line.value:>16}{goal}"


def machine() -> str:
    """One line that names the machine the values belong to."""
    model = next(
        (
            row.partition(":")[2].strip()
            for row in _read("/proc/cpuinfo").splitlines()
            if row.startswith("model name")
        ),
        platform.processor() or platform.machine(),
    )
    return (
        f"{os.cpu_count()} cores, {model}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, load before the start {os.getloadavg()[0]:.2f}"
    )


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share (0..1) lies; nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _read(path: str) -> str:
    file = Path(path)
    return file.read_text() if file.exists() else ""
