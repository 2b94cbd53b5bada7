"""Pure: whose traffic it is; only that of app users counts unless somebody asks for more."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import cast

from services.accounts.tokens import TEST_SOURCE
from services.accounts.types import Caller
from services.foundation.errors import InputError


class Origin(StrEnum):
    """Whose call it was."""

    APP = "app"
    CONSOLE = "console"  # an account of this console, or one that may administer it
    E2E = "e2e"  # users that E2E, load tests and dialogs made
    TEST = "test"  # other users known as testers by their address


EVERY = tuple(Origin)
APP_ONLY = (Origin.APP,)


def origin_of(caller: Caller) -> Origin:
    """Return whose call it is."""
    if caller.is_operator or caller.is_admin:
        return Origin.CONSOLE
    if not caller.is_test:
        return Origin.APP
    owner: object = caller.claims.get("app_metadata")
    source = cast("Mapping[str, object]", owner).get("source") if isinstance(owner, Mapping) else ""
    return Origin.E2E if source == TEST_SOURCE else Origin.TEST


def chosen(include: Iterable[str]) -> tuple[Origin, ...]:
    """Return app users and what is to be included besides; raise InputError for an unknown word."""
    words = {word.strip() for word in include if word.strip()}
    unknown = sorted(words - set(EVERY) - {"all"})
    if unknown:
        raise InputError(
            "Must be one of {choices}, not {value}",
            field="include",
            choices=", ".join((*EVERY[1:], "all")),
            value=unknown[0][:20],
        )
    if "all" in words:
        return EVERY
    return tuple(origin for origin in EVERY if origin is Origin.APP or origin in words)
