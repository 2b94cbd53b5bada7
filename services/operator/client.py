"""OperatorClient: what a command asks of a running console over loopback, with its token."""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote

import httpx

from services.foundation.errors import ConflictError, InputError, UpstreamError

_TIMEOUT_S = 30.0
_WINDOW_S = 120.0
_SESSION = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "LANG")
_EXPORT_S = 120.0
_REPLAY_S = 1_800.0  # many files, or a database that is locked first


class OperatorClient:
    """Calls of the running console's API as its operator."""

    def __init__(self, base_url: str, token: str) -> None:
        """Speak to the console at that origin; nothing is sent yet."""
        self.base_url = base_url
        self._client = httpx.Client(
            base_url=f"{base_url}/api/v1",
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=_TIMEOUT_S,
            trust_env=False,
            follow_redirects=False,
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def is_ready(self) -> bool:
        """Return whether the console answers its health route."""
        try:
            return self._client.get("/healthz", timeout=2.0).status_code == 200
        except httpx.HTTPError:
            return False

    def start_e2e(self, wanted: Mapping[str, Any]) -> str:
        """Return the launch id; raise ConflictError when one runs, InputError for a bad value."""
        answer = self._send("POST", "/stats/e2e-mapped-model-runs", dict(wanted))
        return str(answer["launch_id"])

    def launch(self, launch_id: str) -> dict[str, Any]:
        """Return the launch with its runs and their results so far."""
        return self._send("GET", f"/stats/e2e-launches/{launch_id}")

    def cancel_e2e(self, launch_id: str) -> None:
        """Ask the launch to stop."""
        self._send("POST", f"/stats/e2e-mapped-model-runs/{launch_id}/cancel")

    def start_load(self, wanted: Mapping[str, Any]) -> str:
        """Return the run id; raise ConflictError when one runs, InputError for a bad value."""
        return str(self._send("POST", "/llm/tests/load", dict(wanted))["run_id"])

    def forecast_load(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a load test would cost; raise InputError for a bad value."""
        return self._send("POST", "/llm/tests/load/forecast", dict(wanted))

    def start_find(self, wanted: Mapping[str, Any]) -> str:
        """Return the id of a search for the safe number of users."""
        return str(self._send("POST", "/llm/tests/load/find", dict(wanted))["execution_id"])

    def load_finding(self, execution_id: str) -> dict[str, Any]:
        """Return what the search knows so far."""
        return self._send("GET", f"/llm/tests/load/find/{execution_id}")

    def start_execution(self, kind: str, params: Mapping[str, Any]) -> str:
        """Return the id of a new execution; raise ConflictError when one runs, InputError."""
        wanted = {"execution_type": kind, "params": dict(params)}
        return str(self._send("POST", "/executions", wanted)["meta"]["execution_id"])

    def execution(self, execution_id: str) -> dict[str, Any]:
        """Return how far an execution of any kind is, or how it ended."""
        return self._send("GET", f"/executions/{execution_id}")

    def cancel_execution(self, execution_id: str) -> None:
        """Ask an execution of any kind to end."""
        self._send("POST", f"/executions/{execution_id}/cancel")

    def load_run(self, run_id: str) -> dict[str, Any]:
        """Return the load test with its figures so far."""
        return self._send("GET", f"/llm/tests/runs/{run_id}")

    def cancel_load(self, run_id: str) -> None:
        """Ask the load test to end."""
        self._send("POST", f"/llm/tests/runs/{run_id}/cancel")

    def set_password(self, name: str, password: str, role: str | None) -> bool:
        """Return whether the account was made; raise InputError with the reason of a refusal."""
        wanted = {"password": password, **({"role": role} if role else {})}
        answer = self._send("PUT", f"/access/accounts/{quote(name, safe='')}", wanted)
        return bool(answer["made"])

    def export_load(self, run_id: str, kind: str) -> bytes:
        """Return every call of the load test as a file."""
        path = f"/llm/tests/runs/{run_id}/export"
        response = self._client.get(path, params={"format": kind}, timeout=_EXPORT_S)
        if response.status_code != 200:
            status = response.status_code
            raise UpstreamError("The console did not export: HTTP {status}", status=status)
        return response.content

    def show_window(self, session: Mapping[str, str]) -> str:
        """Return why the console shows no window in that session, or an empty text."""
        given = {name: session[name] for name in _SESSION if name in session}
        answer = self._send("POST", "/desktop/window", given, timeout_s=_WINDOW_S)
        return "" if answer["shown"] else str(answer["reason"])

    def replay_journal(self) -> dict[str, Any]:
        """Return what writing back the journal did."""
        return self._send("POST", "/journal/replay", timeout_s=_REPLAY_S)

    def preview_import(self, path: str) -> dict[str, Any]:
        """Return what an import of the file would do; raise InputError with the reason of a refusal."""
        return self._send("POST", "/imports/preview", {"path": path}, timeout_s=_REPLAY_S)

    def start_import(self, path: str) -> str:
        """Return the execution id; raise ConflictError when one runs."""
        return str(self._send("POST", "/imports", {"path": path})["execution_id"])

    def import_report(self, execution_id: str) -> dict[str, Any]:
        """Return the report of an import that has ended."""
        return self._send("GET", f"/imports/{execution_id}/report")

    def _send(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        timeout_s: float = _TIMEOUT_S,
    ) -> dict[str, Any]:
        try:
            response = self._client.request(method, path, json=body, timeout=timeout_s)
        except httpx.HTTPError as error:
            raise UpstreamError(
                "The console at {url} does not answer: {reason}",
                url=self.base_url,
                reason=str(error) or type(error).__name__,
            ) from error
        answer = _json(response)
        if response.status_code == 409:
            raise ConflictError(
                "Another one is running: {existing_id}",
                existing_id=str(answer.get("launch_id") or answer.get("execution_id") or ""),
            )
        if response.status_code >= 400:
            raise InputError(
                "The console refused: {reason}", reason=_reason(answer, response.status_code)
            )
        data = answer.get("data")
        return data if isinstance(data, dict) else answer  # pyright: ignore[reportUnknownVariableType]


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _reason(answer: Mapping[str, Any], status: int) -> str:
    details = cast("list[dict[str, Any]]", answer.get("detail") or [])
    if isinstance(answer.get("detail"), list) and details:
        first = details[0]
        place = ".".join(str(part) for part in first.get("loc", ()) if part != "body")
        return f"{place}: {first.get('msg', '')}" if place else str(first.get("msg", ""))
    return str(answer.get("message") or answer.get("msg") or f"HTTP {status}")
