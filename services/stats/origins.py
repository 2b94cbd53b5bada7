"""Pure: whose traffic a call is."""

from collections.abc import Mapping
from typing import cast

from services.accounts.tokens import TEST_SOURCE
from services.accounts.types import Caller
from services.stats.types import Origin


def origin_of(caller: Caller) -> Origin:
    """Return whose call it is."""
    if caller.is_operator or caller.is_admin:
        return Origin.CONSOLE
    if not caller.is_test:
        return Origin.APP
    owner: object = caller.claims.get("app_metadata")
    source = cast("Mapping[str, object]", owner).get("source") if isinstance(owner, Mapping) else ""
    return Origin.E2E if source == TEST_SOURCE else Origin.TEST
