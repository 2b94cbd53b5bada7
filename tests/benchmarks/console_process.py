"""The real console as a process to measure: a user's token, mapped models, nothing limited."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.processes import ROOT, TOOL_CORE, free_port, running

_UNLIMITED = {
    "RATE_LIMIT_ENABLED": "false",
    "SSE_MAX_CONCURRENT_PER_USER": "0",
    "SSE_MAX_CONCURRENT_PER_ANONYMOUS_USER": "0",
    "SSE_MAX_CONCURRENT_PER_CONVERSATION": "0",
    "PYTHONDONTWRITEBYTECODE": "",
}


@dataclass(frozen=True)
class RunningConsole:
    base_url: str
    pid: int
    data_dir: Path
    operator_token: str
    user_token: str

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One call with the operator's token; gives the parsed answer."""
        return _call(
            method, self.base_url + path, body, {"Authorization": f"Bearer {self.operator_token}"}
        )

    def map_model(self, key: str, base_url: str, model: str, api_key: str) -> None:
        """Make an endpoint and map the key to it."""
        endpoint = {
            "name": key,
            "base_url": base_url,
            "model": model,
            "api_key": api_key,
            "provider_protocol": "openai",
            "is_active": True,
            "allow_local_addresses": True,
        }
        self.call("POST", "/api/v1/llm/models", endpoint)
        mapping = {
            "scope_type": "mapping",
            "scope_key": key,
            "name": key,
            "default_model": model,
            "candidates": [model],
            "is_active": True,
        }
        self.call("POST", "/api/v1/llm/model-groups", mapping)


@contextmanager
def console_process(folder: Path, *, core: int | str = TOOL_CORE) -> Generator[RunningConsole]:
    """Start `main.py run` on one core over an empty data folder; give it with a user's token."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    data = folder / "data"
    command = [
        sys.executable,
        "main.py",
        "run",
        "--no-browser",
        "--port",
        str(port),
        "--data-dir",
        str(data),
    ]
    with running(command, core=core, url=f"{base}/api/v1/healthz", env=_UNLIMITED) as pid:
        operator = (data / "secrets" / "operator.token").read_text().strip()
        anon_key = _doctor(data, port)["embedded_auth"]["anon_key"]
        user = _call("POST", f"{base}/auth/v1/signup", {}, {"apikey": anon_key})
        yield RunningConsole(base, pid, data, operator, user["access_token"])


def _doctor(data: Path, port: int) -> Any:
    command = [
        sys.executable,
        "main.py",
        "doctor",
        "--json",
        "--data-dir",
        str(data),
        "--port",
        str(port),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return json.loads(done.stdout)


def _call(method: str, url: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        url,
        data,
        {"Content-Type": "application/json", "User-Agent": "gymbro-bench", **headers},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())
