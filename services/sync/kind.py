"""The execution kind `sync`: a preview's choices, or a direction, carried out with progress."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from services.executions.types import Control, Ending, ExecutionKind, ExecutionState
from services.foundation.errors import ConsoleError, InputError
from services.foundation.messages import Message, say
from services.supabase.types import RemoteError
from services.sync.service import Sync
from services.sync.types import Choice, Direction, SyncKind, SyncReport, SyncRequest

KIND = "sync"
TIMEOUT_S = 1_800.0


class Syncing:
    """Runs one sync as an execution."""

    def __init__(self, sync: Sync) -> None:
        """Keep the service."""
        self._sync = sync

    @property
    def kind(self) -> ExecutionKind:
        """The row of the table of kinds."""
        return ExecutionKind(
            KIND,
            "Sync with Supabase",
            "sync",
            self.run,
            timeout_s=TIMEOUT_S,
            home="/sync",
            check=self.check,
        )

    def check(self, params: Mapping[str, Any]) -> None:
        """Raise InputError for parameters that mean nothing, ConflictError for an old preview."""
        if "plan" in params:
            self._sync.plan(str(params["plan"]))
            if "choices" in params:
                read_choices(params)
        else:
            read_request(params)

    async def run(self, params: Mapping[str, Any], control: Control) -> Ending:
        """Return what was done; a server that fails ends it as failed with the reason."""
        if "plan" not in params and not self._sync.is_configured:
            # A step of a workflow: without a project this console is the authority itself.
            return Ending(
                ExecutionState.SUCCEEDED, "no Supabase project is set up: nothing to sync"
            )
        tell = _Teller(control)
        try:
            if "plan" in params:
                made = self._sync.plan(str(params["plan"]))
                given = "choices" in params
                choices = read_choices(params) if given else self._sync.chosen(made.id)
                report = await self._sync.run(made, choices, tell)
            else:
                report = await self._sync.sync(read_request(params), tell)
        except RemoteError as error:
            return Ending(ExecutionState.FAILED, error_kind=str(error.fault), error=error.message)
        except ConsoleError as error:
            return Ending(ExecutionState.FAILED, error_kind="refused", error=error.message)
        finally:
            await tell.close()
        return ending_of(report)


class _Teller:
    """Passes progress on without making the push wait for the store."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._latest: tuple[int, int] | None = None
        self._task: asyncio.Task[None] | None = None

    def __call__(self, done: int, total: int) -> None:
        self._latest = (done, total)
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._tell())

    async def close(self) -> None:
        if self._task is not None:
            await self._task

    async def _tell(self) -> None:
        while self._latest is not None:
            (done, total), self._latest = self._latest, None
            await self._control.progress(min(done, total), total)


def ending_of(report: SyncReport) -> Ending:
    """Return how the execution of a sync with this report ends."""
    meta: dict[str, Any] = {
        "pulled": dict(report.pulled),
        "pushed": report.pushed,
        "queued": report.queued,
        "conflicts": report.conflicts,
        "skipped": report.skipped,
        "refused": report.refused,
        "backups": list(report.backups),
    }
    text = (
        f"pulled {sum(report.pulled.values())}, pushed {report.pushed}, waiting {report.queued},"
        f" conflicts {report.conflicts}, refused {report.refused}, skipped {report.skipped}"
    )
    if report.is_complete:
        return Ending(ExecutionState.SUCCEEDED, text, meta=meta)
    return Ending(ExecutionState.FAILED, text, "not_pushed", _why(report), meta)


def _why(report: SyncReport) -> Message:
    return say(
        "{n} changes have not arrived at Supabase: {reason}",
        n=report.queued + report.refused,
        reason=report.reason or say("they wait in the outbox"),
    )


def read_choices(params: Mapping[str, Any]) -> dict[str, Choice]:
    """Return what was chosen by id of the difference; raise InputError."""
    value = params.get("choices")
    if not isinstance(value, Mapping):
        raise InputError("Must be an object", field="choices")
    known = frozenset(map(str, Choice))
    chosen = cast("Mapping[str, Any]", value)
    wrong = next((one for one in chosen.values() if one not in known), None)
    if wrong is not None:
        raise InputError(
            "Must be one of {choices}, not {value}",
            field="choices",
            choices=", ".join(sorted(known)),
            value=str(wrong),
        )
    return {str(name): Choice(one) for name, one in chosen.items()}


def read_request(params: Mapping[str, Any]) -> SyncRequest:
    """Return the request of a sync without a preview; raise InputError."""
    return SyncRequest(
        direction=_one(params, "direction", Direction, Direction.PUSH),
        kinds=_kinds(params.get("kinds")),
        overwrite=params.get("overwrite") is True,
        delete_missing=params.get("delete_missing") is True,
        local_keys=_keys(params.get("local_keys")),
    )


def _one(
    params: Mapping[str, Any], name: str, words: type[Direction], default: Direction
) -> Direction:
    value = params.get(name, default)
    if value not in list(words):
        raise InputError(
            "Must be one of {choices}, not {value}",
            field=name,
            choices=", ".join(words),
            value=str(value),
        )
    return words(value)


def _kinds(value: object) -> tuple[SyncKind, ...]:
    if value is None:
        return tuple(SyncKind)
    words = cast("list[object]", value) if isinstance(value, list | tuple) else [value]
    if not words or any(word not in list(SyncKind) for word in words):
        raise InputError("Must be a list of {choices}", field="kinds", choices=", ".join(SyncKind))
    return tuple(kind for kind in SyncKind if kind in words)


def _keys(value: object) -> tuple[str, ...]:
    words = cast("list[object]", value) if isinstance(value, list | tuple) else []
    return tuple(str(word) for word in words)
