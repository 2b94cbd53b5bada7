"""E2E, load, dialog and suppliers share one HTTP client and one splitter of events."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SECOND_PARSER = re.compile(
    r"^(?:import|from) (?:requests|aiohttp|httpx_sse|sseclient|urllib3)\b|\.a?iter_lines\(",
    re.MULTILINE,
)
FEED = re.compile(r"class \w*(?:Sse|EventStream)\w*(?:Splitter|Parser|Decoder)")


@pytest.mark.parametrize("folder", ["services", "gymbro_ui", "components"])
def test_nobody_reads_event_streams_another_way(folder: str) -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*.py")
        if SECOND_PARSER.search(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_there_is_one_splitter_of_events() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "services").rglob("*.py")
        if FEED.search(path.read_text(encoding="utf-8"))
    ]
    assert found == ["services/wire/sse.py"]


def test_only_the_chat_client_speaks_to_messages_and_events() -> None:
    callers = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "services").rglob("*.py")
        if re.search(r"api_base\}/messages", path.read_text(encoding="utf-8"))
    ]
    # Locust's users send over Locust's own client; what comes back is read by the same assembler
    assert sorted(callers) == ["services/chat/conversation.py", "services/loadtest/locust_call.py"]
