"""The words of end-to-end runs: status, kind, cause, run status; shown through types."""

from collections.abc import Mapping
from enum import StrEnum


class CellStatus(StrEnum):
    """The verdict of one cell (rulings: result status)."""

    OK = "ok"
    SLOW = "slow"
    BAD_STRUCTURE = "bad_structure"
    FAILED = "failed"
    SIGNIN_FAILED = "signin_failed"
    LIMITED = "limited"
    RUNNING = "running"
    PENDING = "pending"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    NOT_RUN = "not_run"


# One character a status: what a matrix row is made of, in the store's index and on the wire.
# "." stands for a cell that does not exist.
STATUS_CODES: Mapping[CellStatus, str] = {
    CellStatus.OK: "o",
    CellStatus.SLOW: "s",
    CellStatus.BAD_STRUCTURE: "b",
    CellStatus.FAILED: "f",
    CellStatus.SIGNIN_FAILED: "k",
    CellStatus.LIMITED: "l",
    CellStatus.RUNNING: "r",
    CellStatus.PENDING: "p",
    CellStatus.CANCELLED: "c",
    CellStatus.INTERRUPTED: "i",
    CellStatus.NOT_RUN: "n",
}
CODE_STATUS: Mapping[str, CellStatus] = {code: status for status, code in STATUS_CODES.items()}
JUDGED = frozenset({CellStatus.OK, CellStatus.SLOW, CellStatus.BAD_STRUCTURE, CellStatus.FAILED})
GOOD = frozenset({CellStatus.OK, CellStatus.SLOW})


class Kind(StrEnum):
    """What kind of end a cell had (contract 14)."""

    OK = "ok"
    STRUCTURE = "structure"
    SUPPLIER = "supplier"
    STREAM = "stream"
    QUOTA = "quota"
    AUTH = "auth"
    CATALOGUE = "catalogue"
    CLIENT = "client"
    NOT_RUN = "not_run"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class Cause(StrEnum):
    """Whose side a failure is on."""

    NONE = ""
    CONSOLE = "console"  # this console or its network
    SIGNIN = "signin"
    GATEWAY = "gateway"
    CONFIG = "config"
    PROVIDER = "provider"
    MODEL = "model"
    UNKNOWN = "unknown"


class RunStatus(StrEnum):
    """The state of a run or launch on the wire (contract 14)."""

    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


# A real state of a model: what its dot may show. The others say that nobody looked.
REAL = JUDGED | {CellStatus.SIGNIN_FAILED, CellStatus.LIMITED}
