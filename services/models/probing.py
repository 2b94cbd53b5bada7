"""The execution kind `probe`: look at every active endpoint, or at some, a few at a time."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from services.executions.types import Control, Ending, ExecutionKind, ExecutionState
from services.foundation.errors import InputError, NotFoundError
from services.foundation.messages import say
from services.models.service import Models, Prober
from services.models.types import Endpoint, EndpointState

KIND = "probe"
AT_ONCE = 8
TOLD_MOST = 500  # endpoints named one by one in what is kept of a run
_ANSWERED = (EndpointState.ONLINE, EndpointState.MODELS_NOT_LISTED)


@dataclass(slots=True)
class _Tally:
    """What was seen so far."""

    total: int
    control: Control
    seen: list[Endpoint] = field(default_factory=list[Endpoint])
    done: int = 0

    async def add(self, endpoint: Endpoint | None) -> None:
        """Count one; None was deleted meanwhile."""
        self.done += 1
        if endpoint is not None:
            self.seen.append(endpoint)
            self.control.append_output(_line(endpoint) + "\n")
        await self.control.progress(self.done, self.total)


class Probing:
    """Asks suppliers for their model lists; every answer is kept with its endpoint."""

    def __init__(self, models: Models, prober: Prober) -> None:
        """Keep the parts."""
        self._models = models
        self._prober = prober

    @property
    def kind(self) -> ExecutionKind:
        """The row of the table of kinds."""
        return ExecutionKind(
            KIND, "Probe of providers", "network_check", self.run, home="/models", check=self.check
        )

    def check(self, params: Mapping[str, Any]) -> None:
        """Raise InputError for endpoint ids that are no list of numbers."""
        _ids(params)

    async def run(self, params: Mapping[str, Any], control: Control) -> Ending:
        """Return how many answered; it failed when there is none to ask or none that answers."""
        wanted = self._wanted(_ids(params))
        tally = _Tally(len(wanted), control)
        await control.progress(0, len(wanted))
        places = asyncio.Semaphore(AT_ONCE)
        try:
            async with asyncio.TaskGroup() as group:  # a cancel ends every look under way
                for endpoint_id in wanted:
                    group.create_task(self._look(endpoint_id, places, tally))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None  # the reason for people is in the first one
        return _ending(tally.seen)

    async def _look(self, endpoint_id: int, places: asyncio.Semaphore, tally: _Tally) -> None:
        async with places:
            try:
                endpoint = await self._models.check(endpoint_id, self._prober)
            except NotFoundError:
                endpoint = None
            await tally.add(endpoint)

    def _wanted(self, ids: Sequence[int]) -> list[int]:
        active = [endpoint.id for endpoint in self._models.endpoints if endpoint.is_active]
        return [endpoint_id for endpoint_id in ids or active if self._models.endpoint(endpoint_id)]


def _ids(params: Mapping[str, Any]) -> list[int]:
    value: object = params.get("endpoint_ids") or []
    ids = cast("list[object]", value) if isinstance(value, list) else [value]
    if any(not isinstance(one, int) or isinstance(one, bool) for one in ids):
        raise InputError("Must be a list of endpoint numbers", field="endpoint_ids")
    return cast("list[int]", list(dict.fromkeys(ids)))


def _line(endpoint: Endpoint) -> str:
    state = endpoint.state
    if state is EndpointState.ONLINE:
        count = len(endpoint.offered)
        return f"{endpoint.name}: {state}, {endpoint.latency_ms} ms, {count} models"
    return f"{endpoint.name}: {state}, {endpoint.last_error or 'no answer'}"


def _ending(seen: Sequence[Endpoint]) -> Ending:
    online = sum(endpoint.state in _ANSWERED for endpoint in seen)
    text = "\n".join(map(_line, seen))
    meta = {
        "online": online,
        "failed": len(seen) - online,
        "endpoints": [
            {"id": e.id, "name": e.name, "state": str(e.state), "latency_ms": e.latency_ms}
            for e in seen[:TOLD_MOST]
        ],
    }
    if not seen:
        error = say("There is no active endpoint to look at")
        return Ending(ExecutionState.FAILED, text, "no_endpoints", error, meta)
    if not online:
        error = say("None of {count} providers answered", count=len(seen))
        return Ending(ExecutionState.FAILED, text, "all_offline", error, meta)
    return Ending(ExecutionState.SUCCEEDED, text, meta=meta)
