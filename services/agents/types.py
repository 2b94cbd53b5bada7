"""Agents: what is stored of one, and what became of its tests."""

from dataclasses import dataclass
from datetime import datetime

from services.accounts.types import UserType
from services.executions.types import ExecutionState

KIND = "agent_test"
TEST_INPUT_MAX = 5_000  # characters


@dataclass(frozen=True, slots=True)
class Agent:
    """A model key with a prompt and settings."""

    id: int
    name: str
    model_key: str
    description: str = ""
    prompt_id: int | None = None  # None: whatever prompts are active
    prompt_version_no: int | None = None  # None: the newest version of that prompt
    temperature: float | None = None  # None: the supplier's own
    max_tokens: int | None = None  # None: the gateway's own, 1024
    timeout_s: int = 120
    uses_tools: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AgentEdit:
    """What an operator wants to store: the whole agent; id None makes a new one."""

    id: int | None
    name: str
    model_key: str
    description: str = ""
    prompt_id: int | None = None
    prompt_version_no: int | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    timeout_s: int = 120
    uses_tools: bool = False


@dataclass(frozen=True, slots=True)
class AgentTest:
    """One test of an agent, running or past."""

    execution_id: str
    state: ExecutionState
    verdict: str  # a CellStatus word once the reply was judged, else empty
    user_type: UserType
    started_at: datetime | None
    finished_at: datetime | None
    input: str
    output: str
    reason: str = ""  # machine word of a bad verdict
    error: str = ""  # sentence of a failure
    latency_ms: int | None = None
    ttft_ms: int | None = None
    model: str = ""  # what the key was resolved to
    is_demo: bool = False
    is_output_cut: bool = False
