"""What a start leaves out, and that it can be had afterwards."""

import subprocess
import sys

from tests.support.process import ROOT

LEFT_OUT = (
    "requests",
    "aiohttp",
    "rich",
    "pygments",
    "alembic",
    "supabase",
    "apscheduler",
    "babel",
    "argon2",
    "prometheus_client",
)
PROGRAM = f"""
import sys
from gymbro_ui.lean import without_extras
with without_extras():
    import gymbro_ui.commands.serve
print([name for name in {LEFT_OUT!r} if name in sys.modules])
import requests, aiohttp
print(requests.get is not None and aiohttp.ClientSession is not None)
"""


def test_a_start_loads_no_client_or_tool_that_nobody_uses_and_later_imports_work() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == ["[]", "True"], done.stderr
