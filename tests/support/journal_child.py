"""A process that journals rows and writes them back, until it is killed: `FOLDER START [kill]`."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from services.foundation.clock import SystemClock
from services.foundation.tasks import Tasks
from services.journal.service import Journal
from tests.support.journal import REFUSED, turn
from tests.support.store import StoreFolder


async def main(folder: Path, start: int, *, kills_itself: bool) -> None:
    """Say each number once its row is kept; `kill` dies between the commit and the unlink."""
    database = StoreFolder(folder).open().database
    journal = Journal(database, SystemClock(), Tasks(), folder)
    journal.load()
    if kills_itself:

        def die(_entries: Any) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        journal._shelf.drop = die  # type: ignore[method-assign]
    os.write(1, b"ready\n")
    for number in range(start, start + 1_000):
        await journal.keep("ai_prompt_tests", [turn(number)], REFUSED)
        os.write(1, b"%d\n" % number)
        if number % 7 == 6:
            await journal.replay()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), kills_itself="kill" in sys.argv))
