"""Peers: set up once in .bench-venv, then started beside us on the same core."""

import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.processes import ROOT, TOOL_CORE, free_port, running

HOME = ROOT / ".bench-venv"
PORTKEY_VERSION = "1.15.2"
_PORTKEY = HOME / "node" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
_LITELLM_ENV = {
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "ERROR",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "NO_PROXY": "*",
}


@dataclass(frozen=True)
class Served:
    """A running gateway: where to post, with which headers and model, and its process."""

    name: str
    url: str
    model: str
    pid: int
    headers: dict[str, str] = field(default_factory=dict)


def litellm_problem() -> str:
    """Why LiteLLM cannot be measured here, empty when it can; installs it the first time."""
    return _python_peer("litellm")


def locust_problem() -> str:
    """Why Locust cannot be measured here, empty when it can; installs it the first time."""
    return _python_peer("locust")


def _python_peer(program: str) -> str:
    if (HOME / "bin" / program).exists():
        return ""
    subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
    wanted = str(Path(__file__).with_name("peers.txt"))
    done = subprocess.run(
        [str(HOME / "bin" / "python"), "-m", "pip", "install", "-q", "-r", wanted],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else f"{program} cannot be installed: {done.stderr[-200:]}"


def portkey_problem() -> str:
    """Why Portkey cannot be measured here, empty when it can; installs it the first time."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return "node and npm are not installed"
    if _PORTKEY.exists():
        return ""
    done = subprocess.run(
        [
            npm,
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(HOME / "node"),
            f"@portkey-ai/gateway@{PORTKEY_VERSION}",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if _PORTKEY.exists() else f"Portkey cannot be installed: {done.stderr[-200:]}"


def wrk_command() -> list[str]:
    """The command of wrk with what it needs, empty when it cannot be had."""
    if found := shutil.which("wrk"):
        return [found]
    place = HOME / "wrk"
    if not (place / "usr" / "bin" / "wrk").exists() and shutil.which("apt-get"):
        place.mkdir(parents=True, exist_ok=True)
        order = ["apt-get", "download", "wrk", "libluajit-5.1-2"]
        subprocess.run(order, cwd=place, capture_output=True, check=False)
        for package in place.glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(place)], check=False)
    program = place / "usr" / "bin" / "wrk"
    if not program.exists():
        return []
    libraries = {str(path.parent) for path in place.rglob("libluajit*.so*")}
    return ["env", f"LD_LIBRARY_PATH={':'.join(libraries)}", str(program)]


@contextmanager
def litellm(supplier: str, folder: Path) -> Generator[Served]:
    port = free_port()
    entry = {"model": "openai/mock", "api_base": f"{supplier}/v1", "api_key": "sk-mock-0123456789"}
    config = folder / "litellm.yaml"  # JSON is YAML
    config.write_text(
        json.dumps({"model_list": [{"model_name": "bench", "litellm_params": entry}]})
    )
    key = f"sk-{secrets.token_hex(24)}"  # without one it refuses to start
    command = [
        str(HOME / "bin" / "litellm"),
        "--config",
        str(config),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--num_workers",
        "1",
        "--telemetry",
        "False",
    ]
    base = f"http://127.0.0.1:{port}"
    url = f"{base}/health/liveliness"
    env = {**_LITELLM_ENV, "LITELLM_MASTER_KEY": key}
    with running(command, core=TOOL_CORE, url=url, env=env, wait_s=120) as pid:
        headers = {"Authorization": f"Bearer {key}"}
        yield Served("LiteLLM", f"{base}/v1/chat/completions", "bench", pid, headers)


@contextmanager
def portkey(supplier: str) -> Generator[Served]:
    port = free_port()
    node = shutil.which("node") or "node"
    base = f"http://127.0.0.1:{port}"
    host = supplier.removeprefix("http://").partition(":")[0]
    env = {"PORT": str(port), "NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": f"{host},localhost"}
    with running(
        [node, str(_PORTKEY), f"--port={port}", "--headless"],
        core=TOOL_CORE,
        url=base + "/",
        env=env,
    ) as pid:
        headers = {
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": f"{supplier}/v1",
            "Authorization": "Bearer sk-mock-0123456789",
        }
        yield Served("Portkey", f"{base}/v1/chat/completions", "mock", pid, headers)


@contextmanager
def mock_supplier(
    folder: Path, *, core: int | str, tokens: int = 64, gap_ms: int = 20, first_ms: int = 0
) -> Generator[str]:
    """The C supplier, compiled anew; gives its origin."""
    binary = folder / "mock_supplier"
    source = Path(__file__).with_name("mock_supplier.c")
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise RuntimeError("the benchmark needs a C compiler (gcc)")
    subprocess.run([compiler, "-O2", "-o", str(binary), str(source)], check=True)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with running(
        [str(binary), str(port), str(tokens), str(gap_ms), str(first_ms)],
        core=core,
        url=base + "/count",
    ):
        yield base


def generator_command(order: Mapping[str, object]) -> list[str]:
    return [sys.executable, "-m", "tests.benchmarks.load", json.dumps(order)]
