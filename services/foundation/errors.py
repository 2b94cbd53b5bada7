"""ConsoleError and its children: what an operator can be told."""

from typing import Any

from services.foundation.messages import Message


class ConsoleError(Exception):
    """Something expected went wrong; its message is fit for the operator and never empty."""

    def __init__(self, text: str, **params: Any) -> None:
        """Keep the English template and its parameters."""
        super().__init__(text)
        self.message = Message(text, params)

    def __str__(self) -> str:
        """Return the English sentence."""
        return str(self.message)


class InputError(ConsoleError):
    """The operator can fix it: a value is wrong; `field` names the input when there is one."""

    def __init__(self, text: str, *, field: str = "", **params: Any) -> None:
        """Keep the sentence and the name of the input."""
        super().__init__(text, **params)
        self.field = field


class NotFoundError(ConsoleError):
    """The thing named does not exist (any more)."""


class NotAllowedError(ConsoleError):
    """Whoever asks may not do this: their account or token only reads."""


class ConflictError(ConsoleError):
    """It cannot be done now because something else is there; `existing_id` names it."""

    def __init__(self, text: str, *, existing_id: str = "", **params: Any) -> None:
        """Keep the sentence and the id of what is in the way."""
        super().__init__(text, existing_id=existing_id, **params)
        self.existing_id = existing_id


class UpstreamError(ConsoleError):
    """Another server refused or could not be reached; `permanent` says a retry will not help."""

    def __init__(
        self, text: str, *, permanent: bool = False, status: int | None = None, **params: Any
    ) -> None:
        """Keep the sentence, whether a retry is useless, and the HTTP status when there was one."""
        super().__init__(text, **params)
        self.permanent = permanent
        self.status = status


class StoreError(ConsoleError):
    """The local database could not read or keep something."""
