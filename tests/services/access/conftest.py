"""An access service over a temporary store."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from db.engine import Database
from services.access.service import Access
from services.audit.service import Audit
from services.audit.types import AuditFilter
from services.foundation.tasks import Tasks
from services.settings.service import Settings
from services.settings.types import Env
from tests.support.clock import FakeClock

PASSWORD = "correct horse 9"
OpenAccess = Callable[..., Access]


@pytest.fixture
def open_access(database: Database, clock: FakeClock, env: Env) -> OpenAccess:
    """Return the service as a start with that environment would find it."""

    def opened(*, proxies: tuple[str, ...] = (), **changed: Any) -> Access:
        wanted = replace(env, **changed)
        wanted = replace(wanted, rate_limits=replace(wanted.rate_limits, trusted_proxies=proxies))
        settings = Settings(database, clock, wanted, "UTC")
        settings.load()
        access = Access(database, clock, Tasks(), settings)
        access.load()
        return access

    return opened


@pytest.fixture
def access(open_access: OpenAccess) -> Access:
    return open_access(console_password=PASSWORD)


@pytest.fixture
def log(database: Database, clock: FakeClock) -> Callable[[], Any]:
    """Return the audit log's entries of access, oldest first, as (event, subject, actor)."""

    async def read() -> list[tuple[str, str, str]]:
        page = await Audit(database, clock).page(AuditFilter(kinds=("access",)))
        return [((e.after or {})["event"], e.subject, e.actor) for e in reversed(page.entries)]

    return read
