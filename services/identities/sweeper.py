"""Sweeper: delete users that an interrupted run left behind."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol, cast

from services.foundation.clock import Clock
from services.identities.gotrue import GoTrue
from services.identities.intents import KEPT, Intent, Intents
from services.identities.ways import LABEL, Ways
from services.targets.types import Target

_log = logging.getLogger(__name__)
KEEP_TRYING_FOR = timedelta(days=30)
MAYBE_UNDER_WAY_FOR = timedelta(minutes=2)  # a server may still be making the user
_PAGE_SIZE = 200
_PAGES = 50
_FAILURES_MOST = 3


class TargetList(Protocol):
    """Where to find the service a user was made at."""

    def all(self) -> Sequence[Target]:
        """Return every target."""
        ...


class Sweeper:
    """Goes over the intents nobody uses; may run at any time and again."""

    def __init__(
        self, gotrue: GoTrue, intents: Intents, ways: Ways, targets: TargetList, clock: Clock
    ) -> None:
        """Keep the parts."""
        self._gotrue = gotrue
        self._intents = intents
        self._ways = ways
        self._targets = targets
        self._clock = clock
        self._turn = asyncio.Lock()

    async def sweep(self, *, deletes: bool) -> int:
        """Return how many users were deleted; without `deletes` the rows alone are dropped."""
        async with self._turn:
            left = await self._intents.left_over()
            if not deletes:
                for intent in left:
                    if intent.state != KEPT:
                        await self._ways.forget(intent)
                return 0
            return await self._sweep(left)

    async def _sweep(self, left: Sequence[Intent]) -> int:
        count = 0
        for auth_url in dict.fromkeys(intent.auth_url for intent in left):
            group = [intent for intent in left if intent.auth_url == auth_url]
            target = self._owner(auth_url)
            if target is None:
                await self._give_up_old(group)
            else:
                count += await self._sweep_target(target, group)
        return count

    def _owner(self, auth_url: str) -> Target | None:
        for target in self._targets.all():
            if target.auth_url == auth_url and target.service_key:
                return target
        return None

    async def _give_up_old(self, group: Iterable[Intent]) -> None:
        for intent in group:
            if intent.state != KEPT and self._age(intent) > KEEP_TRYING_FOR:
                _log.warning("user %s cannot be deleted: nobody has its key", intent.email or "–")
                await self._ways.forget(intent)

    async def _sweep_target(self, target: Target, group: Sequence[Intent]) -> int:
        unknown = [intent for intent in group if not intent.user_id]
        found, is_whole = await self._find(target, unknown) if unknown else ({}, True)
        count = failures = 0
        for intent in group:
            user_id = intent.user_id or found.get(intent.id, "")
            if user_id and failures < _FAILURES_MOST:  # a server that is down is not asked on
                is_gone = await self._ways.remove(target, replace(intent, user_id=user_id))
                count += is_gone
                failures += not is_gone
            elif user_id:
                continue
            elif self._age(intent) > (MAYBE_UNDER_WAY_FOR if is_whole else KEEP_TRYING_FOR):
                await self._ways.forget(intent)  # it was never made
        return count

    async def _find(self, target: Target, wanted: Sequence[Intent]) -> tuple[dict[int, str], bool]:
        """Return user ids by intent, and whether every page of users was seen."""
        found: dict[int, str] = {}
        for page in range(1, _PAGES + 1):
            answer = await self._gotrue.call(
                "GET",
                f"{target.auth_url}/auth/v1/admin/users?page={page}&per_page={_PAGE_SIZE}",
                api_key=target.service_key,
            )
            value = answer.body.get("users")
            if not answer.is_good or not isinstance(value, list):
                return found, False
            users = cast(list[Any], value)
            for user in users:
                if isinstance(user, dict):
                    _match(cast(dict[str, Any], user), wanted, found)
            if not users or len(found) == len(wanted):
                return found, True
        return found, False

    def _age(self, intent: Intent) -> timedelta:
        return self._clock.now() - intent.created_at


def _match(user: Mapping[str, Any], wanted: Sequence[Intent], found: dict[int, str]) -> None:
    value = user.get("user_metadata")
    metadata = cast(dict[str, Any], value) if isinstance(value, dict) else {}
    email, label, user_id = user.get("email"), metadata.get(LABEL), user.get("id")
    for intent in wanted:
        is_it = label == intent.label or (bool(intent.email) and email == intent.email)
        if is_it and isinstance(user_id, str):
            found[intent.id] = user_id
