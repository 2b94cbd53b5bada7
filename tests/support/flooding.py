"""The program, with a thread that logs what a file in its data folder asks for."""

import json
import logging
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

HOSTILE = "<img src=x onerror=\"document.title='taken'\"> {{ 7 * 7 }}"


def _flood(wish: Path) -> None:
    log = logging.getLogger("tests.flood")
    while not wish.exists():
        time.sleep(0.05)
    rate, seconds = json.loads(wish.read_text())
    try:
        json.loads(HOSTILE)
    except ValueError:
        log.exception("before the flood: %s", HOSTILE)
    begun = time.monotonic()
    for n in range(rate * seconds):
        log.info("line %d of the flood", n)
        ahead = begun + n / rate - time.monotonic()
        if ahead > 0.005:
            time.sleep(ahead)
    log.warning("after the flood")


if __name__ == "__main__":
    from main import main

    folder = Path(sys.argv[sys.argv.index("--data-dir") + 1])
    threading.Thread(target=_flood, args=(folder / "flood.json",), daemon=True).start()
    sys.exit(main())
