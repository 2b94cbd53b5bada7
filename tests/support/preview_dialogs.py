"""Single conversations for the preview: one that was good, or none."""

from datetime import datetime, timedelta

from services.dialogs.types import (
    Dialog,
    DialogFilter,
    DialogPage,
    DialogRequest,
    LiveDialog,
    TokenLook,
    TurnTimings,
)
from services.e2e.types import CellStatus, Kind
from services.foundation.errors import InputError
from services.foundation.signals import Signal
from services.identities.types import SavedUser


class FakeDialogs:
    """The newest conversation, kept in memory."""

    def __init__(self, now: datetime, *, bare: bool) -> None:
        self.changed: Signal[str] = Signal("dialogs.changed")
        self.finished: Signal[Dialog] = Signal("dialogs.finished")
        self._newest = None if bare else a_dialog(now - timedelta(minutes=7))

    async def newest(self) -> Dialog | None:
        return self._newest

    async def model_keys(self, target_id: int | None = None) -> tuple[str, ...]:
        return ("gpt-4o", "claude-sonnet")

    async def models(self) -> list[str]:
        return ["gpt-4o"]

    async def page(self, wanted: DialogFilter, *, before: str = "", limit: int = 50) -> DialogPage:
        return DialogPage(() if self._newest is None else (self._newest,), "")

    def look_at(self, token: str, target_id: int | None = None) -> TokenLook:
        raise InputError("Not a token", field="token")

    def holds_user(self, dialog_id: str) -> bool:
        return False

    def live(self, dialog_id: str) -> LiveDialog | None:
        return None


class FakeSaved:
    """No test user is saved."""

    async def all(self) -> list[SavedUser]:
        return []


def a_dialog(at: datetime, dialog_id: str = "exe_0000000000000000d1") -> Dialog:
    """Return a good turn."""
    return Dialog(
        dialog_id=dialog_id,
        request=DialogRequest("gpt-4o", "深蹲时膝盖可以超过脚尖吗？"),
        status=CellStatus.OK,
        kind=Kind.OK,
        reply="<final>可以。</final>",
        timings=TurnTimings(ttft_ms=412.0, total_ms=1_930.0),
        created_at=at,
    )
