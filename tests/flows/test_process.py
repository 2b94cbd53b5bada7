"""The process itself: start, health, second start, port, signals, where its files are."""

import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.process import ConsoleProcess, run_command


@pytest.fixture
def console(tmp_path: Path, free_port: int) -> Iterator[ConsoleProcess]:
    console = ConsoleProcess(tmp_path / "data", free_port)
    console.start()
    yield console
    if console.process is not None and console.process.poll() is None:
        console.kill()


def test_it_starts_with_nothing_configured_and_stops_clean(console: ConsoleProcess) -> None:
    answer = httpx.get(f"{console.url}/api/v1/healthz", trust_env=False)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert "set-cookie" not in answer.headers
    page = httpx.get(console.url, trust_env=False)
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    secrets = console.data_dir / "secrets"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in secrets.iterdir())
    assert console.stop() == 0
    assert not list(console.data_dir.glob("*-wal"))
    assert "Traceback" not in console.log()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_it_stops_clean_on_every_polite_signal(console: ConsoleProcess, number: int) -> None:
    assert console.stop(number) == 0
    assert "everything is stored" in console.log()


def test_a_second_start_names_the_first_and_ends_with_3(console: ConsoleProcess) -> None:
    second = run_command("run", "--no-browser", "--port", "1", "--data-dir", str(console.data_dir))
    assert second.returncode == 3
    assert console.process is not None
    assert str(console.process.pid) in second.stderr
    assert console.url in second.stderr
    console.kill()
    console.start()  # kill -9 leaves no lock behind
    assert console.stop() == 0


def test_a_port_taken_by_a_stranger_ends_with_4(tmp_path: Path) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = str(stranger.getsockname()[1])
        folder = tmp_path / "data"
        answer = run_command("run", "--no-browser", "--port", port, "--data-dir", str(folder))
    assert answer.returncode == 4
    assert not folder.exists()  # nothing was made in vain
    assert port in answer.stderr
    assert "--port" in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["run", "--host", "0.0.0.0"], {}, "no password is set"),
        (["run", "--port", "70000"], {}, "1 to 65535"),
        (["run"], {"GYMBRO_PORT": "abc"}, "GYMBRO_PORT must be a whole number, not abc"),
        (["run"], {"PUBLIC_URL": "console.example"}, "PUBLIC_URL"),
        (["run"], {"DATABASE_URL": "mysql://x"}, "postgresql://"),
        (["run"], {"RATE_LIMIT_ENABLED": "perhaps"}, "true or false"),
        (["e2e"], {}, "--once"),
        (["e2e", "--once", "--user-types", "robots"], {}, "anonymous"),
        (["e2e", "--once", "--anon-key", "k"], {}, "--target"),
        (["nonsense"], {}, "invalid choice"),
    ],
)
def test_bad_use_says_what_is_wrong_and_ends_with_2(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], words: str
) -> None:
    answer = run_command(*arguments, "--data-dir", str(tmp_path / "d"), environment=environment)
    assert answer.returncode == 2
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_database_path_does_not_depend_on_the_folder_it_is_started_from(
    tmp_path: Path,
) -> None:
    first = run_command("doctor", "--json", environment={"SQLITE_DB_PATH": "relative.sqlite3"})
    assert '"db_path": "/relative.sqlite3"' in first.stdout  # made absolute once
    assert '"db_source": "SQLITE_DB_PATH"' in first.stdout
    wanted = run_command("doctor", "--json", "--data-dir", str(tmp_path / "x"))
    assert f'"db_path": "{tmp_path / "x" / "gymbro.sqlite3"}"' in wanted.stdout


def test_doctor_masks_the_service_key_and_shows_it_on_demand(console: ConsoleProcess) -> None:
    told = console.doctor()
    assert told["base_url"] == told["embedded_auth"]["url"] == console.url
    assert told["data_dir"] == str(console.data_dir)
    assert told["embedded_auth"]["anon_key"].count(".") == 2
    service_key = told["embedded_auth"]["service_key"]
    for arguments in (["doctor"], ["doctor", "--json"]):
        masked = run_command(*arguments, "--data-dir", str(console.data_dir))
        assert masked.returncode == 0
        assert service_key not in masked.stdout
