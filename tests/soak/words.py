"""The report of a soak as one Markdown page."""

from collections.abc import Sequence

from tests.soak.run import Result
from tests.soak.verdict import Sample, passed

_MARKS = {True: "holds", False: "**broken**", None: "not judged"}
_ROWS_MOST = 24


def page(result: Result, machine: str) -> str:
    """Return the page: verdict, checks, what was done, samples over time."""
    verdict = "Everything held." if passed(result.checks) else "Something did not hold."
    lines = [
        f"# Soak of {result.minutes:g} minutes",
        "",
        f"{result.began:%d %B %Y %H:%M} UTC, {machine}.",
        "",
        f"**{verdict}**",
        "",
        "| check | verdict | found |",
        "|---|---|---|",
        *(f"| {one.name} | {_MARKS[one.ok]} | {_cell(one.found)} |" for one in result.checks),
        "",
        "| done | times |",
        "|---|---|",
        *(f"| {name} | {count} |" for name, count in sorted(result.counts.items())),
        "",
        "| minute | RSS MB | handles | threads | tasks | rows | quiet |",
        "|---|---|---|---|---|---|---|",
        *(_row(one) for one in _some(result.samples)),
    ]
    return "\n".join([*lines, ""])


def _row(one: Sample) -> str:
    quiet = "yes" if one.is_quiet else ""
    return (
        f"| {one.at_s / 60:.1f} | {one.rss_mb:.1f} | {one.handles} | {one.threads} | {one.tasks}"
        f" | {one.rows} | {quiet} |"
    )


def _some(samples: Sequence[Sample]) -> Sequence[Sample]:
    return samples[:: -(-len(samples) // _ROWS_MOST) or 1]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
