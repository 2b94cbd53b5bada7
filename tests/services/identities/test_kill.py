"""kill -9 at any moment of signing in leaves nobody behind."""

import asyncio
import random
import signal
import sys
from dataclasses import replace
from pathlib import Path

from db.engine import Database
from services.foundation.clock import SystemClock
from services.identities.service import Identities
from services.secrets.service import Secrets
from services.settings.types import Env
from tests.support.identities import SomeTargets, a_target
from tests.support.upstream import Answer, FakeUpstream

ROOT = Path(__file__).resolve().parents[3]
KILLS = 4


async def kill_one_signing_in(env: Env, upstream: FakeUpstream) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.signing_process",
        str(env.data_dir),
        upstream.auth_url,
        upstream.auth.anon_key,
        upstream.auth.service_key,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        assert await process.stdout.readline() == b"ready\n"
    await upstream.wait_for("signup")
    await asyncio.sleep(random.uniform(0.0, 0.3))
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await asyncio.sleep(0.05)  # what was under way arrives


async def test_a_killed_process_leaves_nobody_behind(
    database: Database, secrets: Secrets, env: Env, upstream: FakeUpstream
) -> None:
    answer = upstream.auth.answer

    def slowly(name: str, path: str, query: str, headers: dict[str, str], body: object) -> Answer:
        """The user exists 30 ms before anybody hears of it."""
        return replace(answer(name, path, query, headers, body), delay_s=0.03)

    upstream.auth.answer = slowly  # pyright: ignore[reportAttributeAccessIssue]
    bystander = upstream.auth.add_user("real@person.cn")
    left = 0
    for _ in range(KILLS):
        upstream.calls.clear()
        await kill_one_signing_in(env, upstream)
        left += len(upstream.auth.users) - 1
        known = SomeTargets([a_target(upstream)])
        restarted = Identities(database, SystemClock(), secrets, known, env)
        await restarted.sweep()
        await restarted.close()
        assert list(upstream.auth.users) == [bystander["id"]]
    assert left > 0  # otherwise no kill met a user
