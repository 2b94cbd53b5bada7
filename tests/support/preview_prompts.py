"""Prompts of the preview: one, with three versions."""

from services.foundation.signals import Signal
from services.prompts.types import ActivePrompts, Prompt, PromptType, PromptVersion
from tests.support.preview_world import NOW


class FakePrompts:
    """One prompt an agent may be pinned to, with three versions."""

    def __init__(self) -> None:
        self.changed: Signal[None] = Signal("prompts.changed")
        self._one = Prompt(1, "gymbro-system", PromptType.SYSTEM, "Be kind.", 3, is_active=True)

    def all(self) -> tuple[Prompt, ...]:
        return (self._one,)

    def active(self, _protocol: object) -> ActivePrompts:
        return ActivePrompts(system_id=1, system_version_no=3, system_text="Be kind.")

    async def versions(self, prompt_id: int) -> list[PromptVersion]:
        return [PromptVersion(prompt_id, no, "Be kind.", None, "", NOW) for no in (3, 2, 1)]

    async def history(self, prompt_id: int, _limit: int = 100) -> list[PromptVersion]:
        return await self.versions(prompt_id)

    async def version(self, prompt_id: int, version_no: int) -> PromptVersion:
        return (await self.versions(prompt_id))[3 - version_no]

    def get(self, prompt_id: int) -> Prompt | None:
        return self._one if prompt_id == self._one.id else None

    def served(self, _prompt_id: int, _version_no: int) -> None:
        return None
