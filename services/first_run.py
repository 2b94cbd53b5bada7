"""FirstRun: what helps somebody who has just started: the guide, and a past to look at."""

from db.engine import Database
from services.demo.service import Demo
from services.e2e.service import E2e
from services.executions.service import Executions
from services.foundation.clock import Clock
from services.guide.service import Guide
from services.stats.service import Stats


class FirstRun:
    """The guide with its demo data."""

    def __init__(
        self, database: Database, clock: Clock, executions: Executions, e2e: E2e, stats: Stats
    ) -> None:
        """Read what is kept of both; the kind `demo_data` is registered."""
        self.guide = Guide(database, clock)
        self.demo = Demo(database, clock, executions, e2e, stats)
