"""A target named by address alone, as a command does: the one that is known, else a new one."""

from urllib.parse import urlsplit

from services.foundation.errors import InputError
from services.targets import rules
from services.targets.service import Targets
from services.targets.types import Target, TargetEdit


async def find_or_make(targets: Targets, edit: TargetEdit) -> Target:
    """Return the target of that API address, its keys replaced by those given; raise InputError."""
    api_base = rules.read_api_base(edit.api_base)
    known = next((t for t in targets.all() if t.api_base == api_base), None)
    if known is None:
        if not edit.auth_url:
            raise InputError("The sign-in address is needed for a new target", field="auth_url")
        return await targets.save(_named(edit, targets))
    if known.is_self or not (edit.auth_url or edit.anon_key or edit.service_key):
        return known
    changed = TargetEdit(
        id=known.id,
        name=known.name,
        api_base=known.api_base,
        auth_url=edit.auth_url or known.auth_url,
        colour=known.colour,
        is_production=known.is_production,
        anon_key=edit.anon_key or None,
        service_key=edit.service_key or None,
        user_email=known.user_email,
    )
    return await targets.save(changed)


def _named(edit: TargetEdit, targets: Targets) -> TargetEdit:
    taken = {target.name.casefold() for target in targets.all()}
    host = urlsplit(edit.api_base).netloc or "target"
    name, number = host, 2
    while name.casefold() in taken:
        name, number = f"{host} ({number})", number + 1
    return TargetEdit(
        id=None,
        name=name[:80],
        api_base=edit.api_base,
        auth_url=edit.auth_url,
        anon_key=edit.anon_key,
        service_key=edit.service_key,
    )
