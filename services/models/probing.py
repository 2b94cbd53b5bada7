"""The execution kind `probe`: look at every active endpoint, or at some, one after the other."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from services.executions.types import Control, Ending, ExecutionKind, ExecutionState
from services.foundation.errors import InputError, NotFoundError
from services.foundation.messages import say
from services.models.service import Models, Prober
from services.models.types import Endpoint

KIND = "probe"


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
            KIND, "Probe of providers", "network_check", self.run, check=self.check
        )

    def check(self, params: Mapping[str, Any]) -> None:
        """Raise InputError for endpoint ids that are no list of numbers."""
        _ids(params)

    async def run(self, params: Mapping[str, Any], control: Control) -> Ending:
        """Return how many answered; it failed when there is none to ask or none that answers."""
        wanted = self._wanted(_ids(params))
        lines: list[str] = []
        online = 0
        await control.progress(0, len(wanted))
        for done, endpoint_id in enumerate(wanted, 1):
            try:
                endpoint = await self._models.check(endpoint_id, self._prober)
            except NotFoundError:  # deleted meanwhile
                continue
            online += endpoint.status == "online"
            lines.append(_line(endpoint))
            control.append_output(lines[-1] + "\n")
            await control.progress(done, len(wanted))
        return _ending(online, lines)

    def _wanted(self, ids: Sequence[int]) -> list[int]:
        active = [endpoint.id for endpoint in self._models.endpoints if endpoint.is_active]
        return [endpoint_id for endpoint_id in ids or active if self._models.endpoint(endpoint_id)]


def _ids(params: Mapping[str, Any]) -> list[int]:
    value: object = params.get("endpoint_ids") or []
    ids = cast("list[object]", value) if isinstance(value, list) else [value]
    if any(not isinstance(one, int) or isinstance(one, bool) for one in ids):
        raise InputError("Must be a list of endpoint numbers", field="endpoint_ids")
    return cast("list[int]", ids)


def _line(endpoint: Endpoint) -> str:
    if endpoint.status != "online":
        return f"{endpoint.name}: {endpoint.status}, {endpoint.last_error or 'no answer'}"
    flaw = f", {endpoint.last_error}" if endpoint.last_error else ""
    return (
        f"{endpoint.name}: online, {endpoint.latency_ms} ms, {len(endpoint.offered)} models{flaw}"
    )


def _ending(online: int, lines: Sequence[str]) -> Ending:
    text = "\n".join(lines)
    meta = {"online": online, "failed": len(lines) - online}
    if not lines:
        error = say("There is no active endpoint to look at")
        return Ending(ExecutionState.FAILED, text, "no_endpoints", error, meta)
    if not online:
        error = say("None of {count} providers answered", count=len(lines))
        return Ending(ExecutionState.FAILED, text, "all_offline", error, meta)
    return Ending(ExecutionState.SUCCEEDED, text, meta=meta)
