"""A process that signs in and releases until it is killed: arguments are data folder, URL and keys."""

import asyncio
import sys
from pathlib import Path

from db.connect import sqlite_url
from db.engine import Database
from services.accounts.types import UserType
from services.foundation.clock import SystemClock
from services.identities.service import Identities
from services.secrets.service import Secrets
from services.settings.env import read_env
from services.targets.types import Target
from tests.support.identities import SomeTargets


async def sign_in_for_ever(folder: Path, auth_url: str, anon_key: str, service_key: str) -> None:
    database = Database(sqlite_url(str(folder / "gymbro.sqlite3")))
    target = Target(1, "fake", auth_url, auth_url, anon_key=anon_key, service_key=service_key)
    secrets = Secrets(folder / "secrets")
    env = read_env(data_dir=str(folder), values={})
    identities = Identities(database, SystemClock(), secrets, SomeTargets([target]), env)
    print("ready", flush=True)
    while True:
        both = await asyncio.gather(
            identities.sign_in(target, UserType.ANONYMOUS),
            identities.sign_in(target, UserType.PERMANENT),
        )
        for signed in both:
            await identities.release(target, signed)


if __name__ == "__main__":
    asyncio.run(sign_in_for_ever(Path(sys.argv[1]), *sys.argv[2:5]))
