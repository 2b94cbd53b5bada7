"""Message: a sentence for people that is not yet in their language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """An English template that is also its key in the catalogues, and what fills its braces."""

    text: str
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __str__(self) -> str:
        """Return the English sentence, for logs and programs."""
        return self.text.format(**self.params) if self.params else self.text


def say(text: str, **params: Any) -> Message:
    """Return the message; this name is what the catalogue extraction looks for."""
    return Message(text, params)
