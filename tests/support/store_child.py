"""A process that writes to a store and says what was acknowledged: `FOLDER START [COUNT]`."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

from sqlmodel import Session

from db.errors import DatabaseUnavailableError
from tests.support.store import StoreFolder, add_rows

WRITERS = 6


async def main(folder: StoreFolder, start: int, count: int) -> None:
    """Write pairs of rows from several callers, one acknowledgement a line, until killed."""
    database = folder.open().database
    numbers = iter(range(start, start + count))
    os.write(1, b"ready\n")

    async def caller() -> None:
        for number in numbers:
            await database.write(pair(number))
            os.write(1, b"%d\n" % number)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(WRITERS):
                group.create_task(caller())
    except* DatabaseUnavailableError as errors:
        os.write(1, f"refused {errors.exceptions[0].reason}\n".encode())  # type: ignore[union-attr]
    os._exit(0)  # as if killed: nothing is tidied up


def pair(number: int) -> Callable[[Session], int]:
    first = number * 2
    return lambda session: add_rows(session, range(first, first + 2), 200)


if __name__ == "__main__":
    asyncio.run(main(StoreFolder(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])))
