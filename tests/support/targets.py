"""Builders of services under test."""

from dataclasses import dataclass, replace

from services.targets.types import TargetEdit
from tests.support.upstream import key_of

ANON, SERVICE = key_of("anon"), key_of("service_role")


@dataclass
class OwnKeys:
    anon_key: str = "own-anon"
    service_key: str = "own-service"


def an_edit(**changes: object) -> TargetEdit:
    edit = TargetEdit(
        id=None,
        name="Staging",
        api_base="https://staging.example/",
        auth_url="https://abc.supabase.example/auth/v1/",
        colour="teal",
        anon_key=ANON,
        service_key=SERVICE,
    )
    return replace(edit, **changes)  # pyright: ignore[reportArgumentType]
