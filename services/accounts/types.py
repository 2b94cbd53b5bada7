"""Who calls: the verified caller of a request, and why a token was refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class UserType(StrEnum):
    """The two kinds of app users."""

    ANONYMOUS = "anonymous"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller whose token was verified."""

    user_id: str  # sub; "operator" for the operator's own token
    user_type: UserType
    is_operator: bool = False  # came with the operator token of this data folder
    is_admin: bool = False  # llm admin (contract 9.2); operators are
    is_test: bool = False  # made by E2E or a test; kept out of daily actives
    email: str = ""
    expires_at: int = 0  # unix seconds
    claims: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)


class TokenRefusedError(Exception):
    """The token is not accepted; `code` is the exact word of contract section 8."""

    def __init__(self, code: str, detail: str = "") -> None:
        """Keep the word and a short reason for the log (never the token)."""
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
