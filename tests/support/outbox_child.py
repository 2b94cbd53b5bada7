"""A console's pusher that stops for ever between what Supabase stored and what it notes of it."""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from db.connect import sqlite_url
from db.engine import Database
from db.queries import outbox as queries
from services.foundation.clock import SystemClock
from services.outbox.pushing import to_entry
from services.outbox.types import Entry
from services.supabase.client import Remote
from services.sync.rows_carrier import SHAPES, RowsCarrier
from services.sync.types import SyncKind


async def main() -> None:
    arguments = json.loads(sys.argv[1])
    # Its own connection only reads: the parent's console holds the writing one.
    database = Database(sqlite_url(arguments["database"]))
    remote = Remote(arguments["url"], arguments["key"])
    carrier = RowsCarrier(SHAPES[SyncKind.MODEL], database, SystemClock(), lambda: remote)
    rows = await database.read(lambda session: queries.next_rows(session, "model", 500))
    entries: Sequence[Entry] = [to_entry(row) for row in rows]
    await carrier.push(entries)
    sys.stdout.write("stored\n")
    sys.stdout.flush()
    await asyncio.sleep(600)


asyncio.run(main())
