"""Root cause: one banner for what makes all checks fail at once, in place of as many red dots."""

from nicegui import ui

from components.primitives.banner import banner
from components.primitives.formats import clock_text
from components.status.looks import RED
from components.status.reasons import reason_text
from components.words import tr, trn
from services.e2e.types import CellStatus, Dot, Health


def is_folded(health: Health, dot: Dot) -> bool:
    """Return whether the dot says nothing about its model: sign-in or this machine was at fault."""
    if health.sign_in_down and dot.status is CellStatus.SIGNIN_FAILED:
        return True
    return health.offline_since is not None and dot.at >= health.offline_since and dot.status in RED


def root_cause_text(health: Health, zone: str) -> str:
    """Return the banner's sentence, empty while there is no such cause."""
    folded = sum(is_folded(health, dot) for dot in health.dots)
    if health.offline_since is not None:
        since = clock_text(health.offline_since, zone)
        parts = [tr("This machine has been offline since {at}", at=since)]
        if folded:
            parts.append(trn("{n} check not judged", "{n} checks not judged", folded))
        if health.waiting_until is not None:
            until = clock_text(health.waiting_until, zone)
            parts.append(tr("the scheduled check waits, until {at} at most", at=until))
        return ", ".join(parts)
    if not health.sign_in_down:
        return ""
    return trn(
        "JWT issuance down, {n} check not judged · {why}",
        "JWT issuance down, {n} checks not judged · {why}",
        folded,
        why=reason_text(health.sign_in_down),
    )


class RootCause(ui.element):
    """Shows the banner while there is such a cause."""

    def __init__(self) -> None:
        """Stand empty until `show`."""
        super().__init__("div")
        self._text = ""
        self.set_visibility(False)

    def show(self, health: Health, zone: str) -> None:
        """Draw the present cause."""
        text = root_cause_text(health, zone)
        if text == self._text:
            return
        self._text = text
        self.set_visibility(bool(text))
        self.clear()
        if text:
            is_offline = health.offline_since is not None
            with self:
                strip = banner(text, tone="failed", symbol="wifi_off" if is_offline else "key_off")
                strip.props("role=alert")
