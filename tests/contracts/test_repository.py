"""What is committed holds no host of a registry, no path of a machine, no secret, no stray."""

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def tracked_texts() -> dict[str, str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    texts: dict[str, str] = {}
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix not in {".png", ".mo", ".ico"}:
            texts[name] = path.read_text(errors="replace")
    return texts


def test_the_lock_names_hashes_and_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "--hash=sha256:" in lock
    assert not re.search(r"https?://|--index-url|--extra-index-url|--find-links", lock)
    names = re.findall(
        r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==", lock, re.MULTILINE | re.IGNORECASE
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for wanted in (*project["project"]["dependencies"], *project["dependency-groups"]["dev"]):
        name = re.split(r"[\[<>=; ]", wanted)[0].lower()
        assert name in {n.lower() for n in names}, f"{wanted} is not locked"


def test_no_file_names_a_machine_or_a_registry() -> None:
    machine = re.compile(
        r"/(?:work|farm|root)/(?!\.)|pypi\.org|registry\.npmjs|files\.pythonhosted"
    )
    bad = {
        name: found.group(0)
        for name, text in tracked_texts().items()
        if name != "tests/contracts/test_repository.py" and (found := machine.search(text))
    }
    assert not bad


def test_no_foreign_text_can_become_markup() -> None:
    """Replies, names and errors are untrusted: no sink that would run them."""
    sinks = re.compile(
        r"sanitize\s*=\s*False|v-html|\.innerHTML|ui\.editor\(|add_body_html\(|"
        r"run_javascript\(\s*f|javascript:"
    )
    allowed = {"tests/contracts/test_repository.py"}
    bad = {
        name: found.group(0)
        for name, text in tracked_texts().items()
        if name.startswith(("gymbro_ui/", "components/", "services/"))
        and name not in allowed
        and (found := sinks.search(text))
    }
    assert not bad


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    command_line = (ROOT / "gymbro_ui" / "command_line.py").read_text()
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert f'VERSION = "{project}"' in command_line
    assert "## Unreleased" in changelog


def test_nothing_opens_an_archive() -> None:
    """No import takes a zip or a tar, so no bomb, link or path inside of one can do harm."""
    opens = re.compile(r"\b(?:import|from) (?:zipfile|tarfile)\b|unpack_archive")
    found = [
        name
        for name, text in tracked_texts().items()
        if name.endswith(".py") and not name.startswith("tests/") and opens.search(text)
    ]
    assert not found
