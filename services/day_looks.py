"""Looks: how endpoints and tokens stand now, in percent, for the figures of a day."""

from dataclasses import dataclass

from services.accounts.verifier import Verifier
from services.e2e.service import E2e
from services.models.service import Models
from services.stats.days import Look


@dataclass(frozen=True, slots=True)
class Looks:
    """Where one looks."""

    models: Models
    verifier: Verifier
    e2e: E2e

    async def look(self) -> Look:
        """Return the share of active endpoints that are online, and whether tokens work.

        Tokens work when the key set can be had and no sign-in of either kind failed the last time.
        """
        active = [endpoint for endpoint in self.models.endpoints if endpoint.is_active]
        online = sum(endpoint.status == "online" for endpoint in active)
        obtained = self.e2e.obtaining.body()
        is_refused = False in (obtained["anonymous_ok"], obtained["ordinary_ok"])
        is_good = (await self.verifier.probe()).ok and not is_refused
        return Look(100 * online / len(active) if active else None, 100.0 if is_good else 0.0)
