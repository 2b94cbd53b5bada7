"""`python -m tests.benchmarks [NAME…]`: run every bench_*.py beside this file, or the named ones.

A bench module has `run(report)`: it adds a section and its values, and raises nothing for a value
that misses its goal. Exit code 1 says that some goal was missed.
"""

import argparse
import importlib
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.report import Report

FOLDER = Path(__file__).parent
PAGE = FOLDER.parents[1] / "docs" / "benchmarks.md"


def main() -> int:
    names = sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="make bench ARGS=")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--out", type=Path, help="write the report to this file too")
    parser.add_argument("--page", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args()
    unknown = set(options.names) - set(names)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    report = Report()
    for name in options.names or names:
        print(f"\n{name}", file=sys.stderr, flush=True)
        try:
            importlib.import_module(f"tests.benchmarks.bench_{name}").run(report)
        except Exception as error:  # noqa: BLE001  # boundary: the others still tell what they found
            report.section(f"{name}: ended early")
            report.add(f"{type(error).__name__}: {error}"[:200], "–", goal="to end", ok=False)
    print(report.text())
    if options.out:
        options.out.write_text(report.text() + "\n")
    if options.page:
        PAGE.write_text(report.page(f"{datetime.now(UTC):%d %B %Y}"))
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
