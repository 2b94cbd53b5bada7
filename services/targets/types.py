"""Targets: the services under test."""

from dataclasses import dataclass, field

SELF_ID = 1  # the console's own gateway; always there
DEMO_TARGET_ID = -1  # the service demo data is about: it is in no list, and nobody can reach it


@dataclass(frozen=True, slots=True)
class Target:
    """One GymBro server with the sign-in it accepts."""

    id: int
    name: str
    api_base: str  # ends in /api/v1
    auth_url: str  # Supabase project URL or our own origin
    colour: str = "blue"  # blue, teal, purple, orange: a tag, never a status
    is_production: bool = False
    is_self: bool = False
    is_current: bool = False
    anon_key: str = field(default="", repr=False)
    service_key: str = field(default="", repr=False)  # empty: no admin calls
    user_email: str = ""
    user_password: str = field(default="", repr=False)
    email_domain: str = "example.com"


@dataclass(frozen=True, slots=True)
class TargetEdit:
    """What an operator wants to store; a None secret is left as it is, an empty one deleted."""

    id: int | None
    name: str
    api_base: str
    auth_url: str
    colour: str = "blue"
    is_production: bool = False
    anon_key: str | None = field(default=None, repr=False)
    service_key: str | None = field(default=None, repr=False)
    user_email: str = ""
    user_password: str | None = field(default=None, repr=False)
