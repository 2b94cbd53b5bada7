"""`make soak MINUTES=30`: the real console under work, faults and open pages, then judged.

Exit code 1 says that something did not hold. The report is written to build/soak.md.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.report import machine
from tests.soak.run import soak
from tests.soak.verdict import passed
from tests.soak.words import page


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--pages", type=int, default=3, help="open in Chromium")
    parser.add_argument("--out", type=Path, default=Path("build/soak.md"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gymbro-soak-") as folder:
        told = machine()
        result = asyncio.run(soak(Path(folder), options.minutes, options.pages))
    text = page(result, told)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(text)
    print(text)
    return 0 if passed(result.checks) else 1


if __name__ == "__main__":
    sys.exit(main())
