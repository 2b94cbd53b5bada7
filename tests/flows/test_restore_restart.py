"""A restore over the API: the process becomes its own next start, with the copy in place."""

import time
from pathlib import Path

import httpx

from tests.support.process import ConsoleProcess


def _wait(seconds: float, ready: object) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if ready():  # type: ignore[operator]
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise AssertionError("it did not come")


def test_a_restore_restarts_the_process_with_the_copy_in_place(
    tmp_path: Path, free_port: int
) -> None:
    console = ConsoleProcess(tmp_path / "data", free_port).start()
    assert console.process is not None
    pid = console.process.pid
    try:
        with console.operator() as api:

            def copies() -> list[dict[str, object]]:
                return api.get("/backups").json()["data"]["backups"]

            assert api.post("/backups").status_code == 202
            _wait(30, copies)
            name = copies()[0]["name"]
            assert api.put("/stats/config", json={"log_retention_size": 77}).status_code == 200
            verified = api.post(f"/backups/{name}/verify").json()["data"]
            assert verified["verified"]
            assert "audit_log" in [one["table"] for one in verified["changes"]]

            def asked() -> bool:  # the copying itself may still be ending
                path = f"/backups/{name}/restore"
                return api.post(path, json={"confirm": "restore"}).status_code == 202

            assert api.post(f"/backups/{name}/restore", json={}).status_code == 422
            assert api.post("/backups/..%2Fx.db/verify").status_code in (404, 422)
            _wait(20, asked)
            _wait(60, lambda: "which is in place" in console.log() and console.is_ready())
            config = api.get("/stats/config").json()["data"]
            assert config["config"]["log_retention_size"] == 100, console.log()[-3000:]
        assert console.process.poll() is None
        assert console.process.pid == pid
        assert len(list((tmp_path / "data").glob("*.replaced-*"))) == 1
    finally:
        assert console.stop() == 0
