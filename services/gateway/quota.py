"""Daily quota per user and key family: counted in memory at once, on disk with the next write."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from services.accounts.types import Caller
from services.foundation.clock import Clock
from services.foundation.errors import InputError
from services.gateway.rules import QUOTA_DEFAULTS, family_of
from services.gateway.types import Address, GatewayError
from services.models.types import Endpoint

Count = tuple[str, str, date, int]  # user, family, day, absolute count
LIMIT_MAX = 1_000_000


class Quota:
    """The counts of today (UTC). One process owns the store, so memory decides and disk follows."""

    def __init__(self, clock: Clock) -> None:
        """Start with the default limits and nothing used."""
        self._clock = clock
        self.limits: dict[str, int | None] = dict(QUOTA_DEFAULTS)
        self._day = clock.now().date()
        self._used: dict[tuple[str, str], int] = {}
        self._unsaved: dict[tuple[str, str, date], int] = {}

    def load(self, used: Mapping[tuple[str, str], int], limits: object) -> None:
        """Take what is stored for today, and the operator's limits when they are usable."""
        self._day = self._clock.now().date()
        self._used = dict(used)
        try:
            self.limits = changed_limits(self.limits, limits or {})
        except InputError:
            self.limits = dict(QUOTA_DEFAULTS)

    def raise_to(self, used: Mapping[tuple[str, str], int]) -> None:
        """Count at least so many for today."""
        self._begin_day()
        for key, count in used.items():
            self._used[key] = max(count, self._used.get(key, 0))

    def take(self, caller: Caller, key: str, endpoint: Endpoint, address: Address) -> None:
        """Count one request; raise GatewayError 429 with what was used when nothing is left."""
        if is_exempt(caller, endpoint, address):
            return
        family = family_of(key)
        limit = self.limits.get(family)
        if limit is None:
            return
        self._begin_day()
        used = self._used.get((caller.user_id, family), 0)
        if used >= limit:
            raise GatewayError(
                429,
                "model_daily_quota_exceeded",
                "The daily quota of this model family is used up",
                retry_after_s=self._seconds_left(),
                extra={"model_key": family, "limit": limit, "used": used},
            )
        self._used[caller.user_id, family] = used + 1
        self._unsaved[caller.user_id, family, self._day] = used + 1

    def used(self, user_id: str, key: str) -> int:
        """Return how many requests of the key's family the user made today."""
        self._begin_day()
        return self._used.get((user_id, family_of(key)), 0)

    def take_unsaved(self) -> list[Count]:
        """Return the counts that are not on disk yet; the caller writes them."""
        unsaved = [(user, family, day, n) for (user, family, day), n in self._unsaved.items()]
        self._unsaved.clear()
        return unsaved

    def put_back(self, counts: list[Count]) -> None:
        """Take counts back whose write failed; newer ones stay."""
        for user, family, day, count in counts:
            key = (user, family, day)
            self._unsaved[key] = max(count, self._unsaved.get(key, 0))

    def _begin_day(self) -> None:
        today = self._clock.now().date()
        if today != self._day:
            self._day = today
            self._used.clear()

    def _seconds_left(self) -> int:
        now = self._clock.now()
        return 86_400 - (now.hour * 3_600 + now.minute * 60 + now.second)


def is_exempt(caller: Caller, endpoint: Endpoint, address: Address) -> bool:
    """Return whether no daily quota counts: demo supplier, local operator, dashboard admin."""
    if endpoint.is_demo or (caller.is_operator and address.is_exempt):
        return True
    claims: Any = caller.claims.get("app_metadata")
    role = (
        cast("Mapping[str, Any]", claims).get("dashboard_role") if isinstance(claims, dict) else ""
    )
    return caller.is_admin and role == "admin"


def changed_limits(current: Mapping[str, int | None], patch: object) -> dict[str, int | None]:
    """Return the limits after the patch; raise InputError for unknown families or odd numbers."""
    if not isinstance(patch, Mapping):
        raise InputError("Must be an object of families and limits", field="model_daily_quota")
    limits = dict(current)
    for family, limit in cast("Mapping[str, object]", patch).items():
        if family not in QUOTA_DEFAULTS:
            raise InputError(
                "Unknown family {family}", field="model_daily_quota", family=str(family)[:40]
            )
        if limit is None:
            limits[family] = None
        elif isinstance(limit, int) and not isinstance(limit, bool) and 0 <= limit <= LIMIT_MAX:
            limits[family] = limit
        else:
            raise InputError("A limit is a whole number or empty", field="model_daily_quota")
    return limits
