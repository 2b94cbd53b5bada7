"""Rights: whether whoever looks at this page may do more than look, and how that is shown."""

from typing import TypeVar

from nicegui import Client, ui
from nicegui.elements.mixins.disableable_element import DisableableElement

from components.words import current_client, tr

_KEY = "only_reads"
T = TypeVar("T", bound=DisableableElement)


def settle_rights(client: Client, *, may_change: bool) -> None:
    """Fix the right of the page while it is built; the server refuses acts on its own besides."""
    client.storage[_KEY] = not may_change


def may_change() -> bool:
    """Return whether the page's visitor may act, in its callbacks too."""
    client = current_client()
    return client is None or not client.storage.get(_KEY)


def for_operators(control: T) -> T:
    """Return the control, switched off with the reason where the visitor only reads."""
    if not may_change():
        control.disable()
        control.__dict__["set_enabled"] = _stay  # what a page switches by its state stays off
        control.__dict__["enable"] = _stay
        reason = tr("Your account only reads: ask an operator to do it")
        control.props["title"] = reason
        control.props["aria-description"] = reason
        for tooltip in [one for one in control if isinstance(one, ui.tooltip)]:
            tooltip.delete()  # a switched-off control shows its title alone
    return control


def _stay(_value: bool = False) -> None:  # noqa: FBT001, FBT002  # the signature of set_enabled
    """Leave it off."""
