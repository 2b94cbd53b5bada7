"""Desk: what the parts of the page know of it and of each other."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Protocol, TypeVar

from nicegui import ui

from components.prompts.editor import Draft, Editor
from services.prompts.types import Prompt, PromptType, PromptVersion

if TYPE_CHECKING:
    from services.console import Console

NEW = 0  # number of a prompt that does not exist yet


class Desk(Protocol):
    """The open page."""

    console: "Console"
    root: ui.element
    head: Prompt | None
    shown: PromptVersion | None

    @property
    def versions(self) -> Sequence[PromptVersion]:
        """The versions that were read, without their texts, newest first."""
        ...

    @property
    def zone(self) -> str:
        """The operator's time zone."""
        ...

    def draw_main(self) -> None:
        """Draw the shown version, or the text that is being written."""
        ...

    async def load(self, version_no: int | None = None) -> None:
        """Read and show what is stored now."""
        ...

    async def open_prompt(self, prompt_id: int, version_no: int | None = None) -> None:
        """Show another prompt."""
        ...


@dataclass(slots=True)
class Work:
    """What is being written."""

    name: str
    prompt_type: PromptType
    base: Draft  # what it began with
    parent_no: int  # 0: a new prompt
    prompt_id: int = NEW

    @property
    def is_new(self) -> bool:
        """Whether the prompt does not exist yet."""
        return self.prompt_id == NEW


class Writing(Protocol):
    """The text that is being written."""

    work: Work | None
    editor: Editor | None

    def close(self) -> None:
        """Stop writing."""
        ...

    def rebase(self, version: PromptVersion, draft: Draft | None) -> None:
        """Stand on another version, with this text or with its own."""
        ...


class OnDesk(Protocol):
    """Something that acts on a page."""

    @property
    def page(self) -> Desk:
        """The page."""
        ...


Actor = TypeVar("Actor", bound=OnDesk)


def on_page(
    work: Callable[[Actor], Awaitable[None]],
) -> Callable[[Actor], Awaitable[None]]:
    """Return the act standing on the page: the button it began with may be redrawn meanwhile."""

    @wraps(work)
    async def stand(actor: Actor) -> None:
        with actor.page.root:
            await work(actor)

    return stand
