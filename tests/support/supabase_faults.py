"""What can go wrong between the console and a Supabase project, as a test says it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """One request that arrived."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def table(self) -> str:
        return self.path.removeprefix("/rest/v1/") if self.path.startswith("/rest/v1/") else ""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Status:
    """An answer of the project's own making."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    kind: str = "application/json"


@dataclass(frozen=True)
class Delay:
    """The real answer, so much later."""

    seconds: float


@dataclass(frozen=True)
class Garbage:
    """200, but the bytes are no UTF-8."""


@dataclass(frozen=True)
class Cut:
    """200, and the connection ends in the middle of the JSON."""


@dataclass(frozen=True)
class Reset:
    """The connection ends without an answer."""


@dataclass(frozen=True)
class LoseReply:
    """The request is carried out, then the connection ends without an answer."""


@dataclass(frozen=True)
class Meanwhile:
    """Something happens on the server right before the real answer."""

    act: Callable[[], object]


@dataclass(frozen=True)
class Rewrite:
    """The real answer with its rows changed."""

    change: Callable[[list[dict[str, Any]]], Any]


Fault = Status | Delay | Garbage | Cut | Reset | LoseReply | Meanwhile | Rewrite


@dataclass
class Switch:
    fault: Fault
    times: int
    method: str
    table: str
    match: Callable[[Call], bool]

    def holds_for(self, call: Call) -> bool:
        return (
            self.times > 0
            and self.method in ("", call.method)
            and self.table in ("", call.table)
            and self.match(call)
        )


HTML = Status(200, "<html><title>Sign in to the hotel network</title></html>", kind="text/html")
