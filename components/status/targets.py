"""Targets: the name under which a service under test is shown."""

from components.words import tr, word
from services.targets.types import Target

OWN_NAME = word("This console")  # the stored name of our own gateway until it is renamed


def target_name(target: Target) -> str:
    """Return the name an operator chose; our own gateway's first name is translated."""
    return tr(target.name) if target.is_self else target.name
