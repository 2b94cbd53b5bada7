"""Models, providers and mapping in a real Chromium over the program itself."""

from collections.abc import Iterator

import pytest

from tests.conftest import find_free_port
from tests.support.process import ConsoleProcess


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    found = ConsoleProcess(tmp_path_factory.mktemp("console") / "data", find_free_port())
    found.start()
    yield found
    found.stop()


@pytest.fixture(autouse=True)
def bare(console: ConsoleProcess) -> None:
    """Every test starts with the demo endpoint and `global:global`."""
    with console.operator() as client:
        for endpoint in client.get("/llm/models?view=endpoints").json()["data"]:
            if endpoint["provider_protocol"] != "demo":
                client.delete(f"/llm/models/{endpoint['id']}")
        for row in client.get("/llm/model-groups").json()["data"]:
            if row["id"] != "global:global":
                client.delete(f"/llm/model-groups/{row['id']}")
        client.put("/llm/models/blocked", json={"blocked": []})
