"""Threats 1 to 5, W1, W2, W5, W14 to W19 at the real process: who comes in, and what is cut."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.conftest import find_free_port
from tests.support.access import COOKIE, ENVIRONMENT, PASSWORD, sign_in, signed_in, visitor
from tests.support.process import MAIN, ConsoleProcess, plain_environment, run_command

pytestmark = pytest.mark.xdist_group("access")
FAR = "10.0.0.7"  # a browser behind the trusted proxy
SECURE = f"__Host-{COOKIE}"
PAGES = ("/", "/executions", "/models", "/settings", "/executions/exe_1", "/nowhere")
FILES = ("/executions/exe_1/output.txt", "/docs", "/redoc", "/openapi.json", "/_console/theme.css")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleProcess]:
    """A console that trusts the proxy on its machine and so asks everybody."""
    environment = {"TRUSTED_PROXIES": "127.0.0.1", **ENVIRONMENT}
    folder = tmp_path_factory.mktemp("access") / "data"
    console = ConsoleProcess(folder, find_free_port(), environment=environment).start()
    with console.operator() as client:
        body = {"password": "viewers password", "role": "read_only"}
        assert client.put("/access/accounts/viewer", json=body).json()["data"]["made"] is True
    yield console
    assert console.stop() == 0
    said = console.log()
    assert "Traceback" not in said, said
    assert PASSWORD not in said


async def refusal(console: ConsoleProcess, origin: str = "", **headers: str) -> int:
    """The status with which a page's socket is refused."""
    given: dict[str, Any] = {"additional_headers": headers, "proxy": None}
    with pytest.raises(InvalidStatus) as refused:
        await connect(socket_url(console), origin=origin or None, **given)  # pyright: ignore[reportArgumentType]
    return refused.value.response.status_code


def socket_url(console: ConsoleProcess) -> str:
    return f"ws://127.0.0.1:{console.port}/_nicegui_ws/socket.io/?EIO=4&transport=websocket"


def statuses(client: httpx.Client, paths: tuple[str, ...]) -> dict[str, int]:
    return {path: client.get(path).status_code for path in paths}


# -- W1, W2: Host and Origin


async def test_w1_a_foreign_host_gets_nothing(running: ConsoleProcess) -> None:
    with signed_in(running.url) as client:
        for path in ("/", "/login", "/metrics", "/api/v1/healthz", "/_nicegui_ws/socket.io/"):
            for host in ("evil.example", f"evil.example:{running.port}", "127.0.0.1.evil.example"):
                assert client.get(path, headers={"Host": host}).status_code == 400
    assert await refusal(running, Host="evil.example") in (400, 403)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_w2_a_foreign_origin_neither_connects_nor_posts(
    running: ConsoleProcess, origin: str
) -> None:
    with signed_in(running.url) as client:
        cookie = f"{COOKIE}={client.cookies[COOKIE]}"
        polling = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
        assert client.get(polling).status_code == 200
        assert client.get(polling, headers={"Origin": origin}).status_code == 403
        assert client.post(polling, headers={"Origin": origin}).status_code == 403
        given = {"account": "operator", "password": PASSWORD}
        assert client.post("/login", data=given, headers={"Origin": origin}).status_code == 403
    assert await refusal(running, origin, Cookie=cookie) == 403


# -- threat 4: nobody comes in without signing in


def test_without_a_session_every_page_leads_to_the_sign_in(running: ConsoleProcess) -> None:
    for headers in ({}, {"x_forwarded_for": FAR}, {"x_forwarded_for": "127.0.0.1"}):
        with visitor(running.url, **headers) as client:
            assert set(statuses(client, (*PAGES, *FILES)).values()) == {303}
            where = client.get("/e2e?w=7d&u=all").headers["location"]
            assert where == "/login?next=%2Fe2e%3Fw%3D7d%26u%3Dall"


async def test_without_a_session_programs_and_sockets_are_refused(running: ConsoleProcess) -> None:
    with visitor(running.url) as client:
        client.headers["Accept"] = "*/*"
        assert set(statuses(client, (*PAGES, *FILES)).values()) == {401}
        assert client.post("/executions").status_code == 401
        for path in ("/_nicegui_ws/socket.io/?EIO=4&transport=polling", "/metrics"):
            assert client.get(path).status_code == 401
        assert client.get("/login/state").status_code == 401
    for cookie in ("", f"{COOKIE}={'a' * 43}", f"{COOKIE}=", f"{COOKIE}={COOKIE}"):
        assert await refusal(running, Cookie=cookie) == 403


def test_signing_in_leads_to_where_one_wanted_to_be_and_nowhere_else(
    running: ConsoleProcess,
) -> None:
    for wanted, target in (
        ("/e2e?w=7d", "/e2e?w=7d"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
    ):
        with visitor(running.url) as client:
            answer = sign_in(client, wanted=wanted)
            assert (answer.status_code, answer.headers["location"]) == (303, target)
            assert client.get("/login", params={"next": wanted}).headers["location"] == target
            assert set(statuses(client, ("/", "/settings", "/metrics")).values()) == {200}


def test_a_wrong_password_says_nothing_of_the_account(running: ConsoleProcess) -> None:
    with visitor(running.url, x_forwarded_for="10.0.1.1") as client:
        known, unknown = sign_in(client, "operator", "no"), sign_in(client, "nobody", "no")
    assert known.status_code == unknown.status_code == 401
    assert known.text.replace("operator", "nobody") == unknown.text
    assert COOKIE not in client.cookies


def test_foreign_text_in_the_form_is_only_text(running: ConsoleProcess) -> None:
    hostile = '"><script>alert(1)</script>'
    with visitor(running.url, x_forwarded_for="10.0.1.2") as client:
        shown = sign_in(client, hostile, "no", wanted=f"/{hostile}").text
        assert "<script" not in shown
        assert "&lt;script&gt;" in shown
        huge = client.post("/login", content="a=" + "b" * 20_000)
        assert huge.status_code == 401


def test_w14_guessing_is_delayed_and_logged(running: ConsoleProcess) -> None:
    with visitor(running.url, x_forwarded_for="10.0.2.1") as client:
        found = [sign_in(client, "somebody", f"guess {n}").status_code for n in range(7)]
        last = sign_in(client, "somebody", "guess")
    assert found == [401] * 5 + [429] * 2
    assert int(last.headers["retry-after"]) >= 1
    with running.operator() as operator:
        rows = operator.get("/audit", params={"kind": "access", "text": "somebody"}).json()["data"]
    assert {row["after"]["event"] for row in rows} == {"sign_in_refused"}
    assert rows[0]["after"]["address"] == "10.0.2.1"


def test_w15_a_planted_session_is_not_taken_over(running: ConsoleProcess) -> None:
    with visitor(running.url) as client:
        client.cookies.set(COOKIE, "a" * 43, domain="127.0.0.1")
        answer = sign_in(client)
        mine = re.match(rf"{COOKIE}=([^;]+);", answer.headers["set-cookie"])
        assert mine is not None
        assert mine[1] != "a" * 43
    with visitor(running.url, cookie=f"{COOKIE}={'a' * 43}") as thief:
        assert thief.get("/").status_code == 303


async def test_w16_signing_out_in_one_tab_cuts_the_others(running: ConsoleProcess) -> None:
    with signed_in(running.url) as client:
        given: dict[str, Any] = {
            "origin": running.url,
            "additional_headers": {"Cookie": f"{COOKIE}={client.cookies[COOKIE]}"},
            "proxy": None,
        }
        async with connect(socket_url(running), **given) as socket:
            assert json.loads(str(await socket.recv())[1:])["sid"]
            with running.operator() as operator:
                rows = operator.get("/access").json()["data"]["sessions"]
                assert operator.delete(f"/access/sessions/{rows[0]['id']}").status_code == 200
            async with asyncio.timeout(10):
                await socket.wait_closed()
            assert socket.close_code == 4401
        assert client.get("/").status_code == 303


def test_w17_cookies_are_strict_and_secure_where_the_way_is(running: ConsoleProcess) -> None:
    with visitor(running.url) as client:
        plain = sign_in(client).headers.get_list("set-cookie")
    with visitor(running.url, x_forwarded_for=FAR, x_forwarded_proto="https") as client:
        safe = sign_in(client).headers.get_list("set-cookie")
    for cookie in (*plain, *safe):
        assert "HttpOnly".lower() in cookie.lower()
        assert "samesite=strict" in cookie.lower()
    assert not [cookie for cookie in plain if "secure" in cookie.lower()]
    assert all("; Secure" in cookie for cookie in safe)
    assert any(cookie.startswith(f"{SECURE}=") and "Path=/" in cookie for cookie in safe)
    assert not any("domain=" in cookie.lower() for cookie in safe)


def test_w5_w18_every_answer_tells_the_browser_what_it_may_do(running: ConsoleProcess) -> None:
    with signed_in(running.url) as client, visitor(running.url) as nobody:
        answers = [
            client.get("/"),
            client.get("/nowhere"),
            client.get("/executions/exe_none/output.txt"),
            client.get("/_console/theme.css"),
            nobody.get("/login"),
            nobody.get("/e2e"),
        ]
        again = client.get("/").text
    for answer in answers:
        said = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in said
        assert "default-src 'none'" in said
        assert "'unsafe-inline'" not in said.split("style-src")[0]  # scripts carry a nonce
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] in ("no-referrer", "same-origin")
        assert "camera=()" in answer.headers["permissions-policy"]
    assert answers[0].headers["cache-control"] == "no-store"
    nonce = re.search(r"'nonce-([^']+)'", answers[0].headers["content-security-policy"])
    assert nonce is not None
    assert answers[0].text.count("<script") == answers[0].text.count(f'nonce="{nonce[1]}"')
    assert nonce[1] not in again


def test_w19_odd_deep_links_are_404_pages(running: ConsoleProcess) -> None:
    with signed_in(running.url) as client:
        for path in ("/executions/exe_none", "/executions/-1", "/executions/1' OR '1'='1", "/x/y"):
            answer = client.get(path)
            assert answer.status_code in (200, 404), path
            assert "Traceback" not in answer.text
        for path in ("/executions/-1/output.txt", "/executions/1'%20OR/output.txt"):
            assert client.get(path).status_code in (404, 422)


def test_a_link_from_elsewhere_reaches_who_is_signed_in(running: ConsoleProcess) -> None:
    """A strict cookie does not come with it: the page asks once more from its own address."""
    with visitor(running.url, sec_fetch_site="cross-site") as client:
        answer = client.get('/e2e?w="7d')
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0;url=/e2e?w=%227d">' in answer.text


def test_who_only_reads_changes_nothing_by_any_call(running: ConsoleProcess) -> None:
    with signed_in(running.url, "viewer", "viewers password") as client:
        assert client.get("/settings").status_code == 200
    with running.operator() as operator:
        body = {"name": "reader", "kind": "read_only"}
        secret = operator.post("/access/tokens", json=body).json()["data"]["secret"]
        operator.headers["Authorization"] = f"Bearer {secret}"
        assert operator.get("/executions").status_code == 200
        assert operator.post("/stats/e2e-mapped-model-runs", json={}).status_code == 403
        assert operator.get("/llm/models/check-all").status_code == 403
        assert operator.get("/access").status_code == 200
        ask = {"model": "demo", "messages": [{"role": "user", "content": "hi"}]}
        v1 = f"{running.url}/v1"
        assert operator.get(f"{v1}/models").status_code == 200
        assert operator.post(f"{v1}/chat/completions", json=ask).status_code == 403


def test_the_password_command_works_beside_the_console(running: ConsoleProcess) -> None:
    command = [sys.executable, str(MAIN), "password", "--account", "third", "--role", "read_only"]
    command += ["--data-dir", str(running.data_dir)]
    for password, code in (("short", 2), ("a third password", 0)):
        done = subprocess.run(
            command, input=f"{password}\n", env=plain_environment(), cwd="/", capture_output=True,
            text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert password not in done.stdout + done.stderr
    with signed_in(running.url, "third", "a third password") as client:
        assert client.get("/").status_code == 200


def test_threat_1_an_open_address_needs_a_password(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("open") / "data"
    arguments = ("run", "--no-browser", "--host", "0.0.0.0", "--data-dir", str(folder))
    refused = run_command(*arguments, "--port", str(find_free_port()))
    assert refused.returncode == 2
    assert "python main.py password" in refused.stderr
    console = ConsoleProcess(
        folder, find_free_port(), environment=ENVIRONMENT, options=("--host", "0.0.0.0")
    ).start()
    try:
        with visitor(console.url) as here, visitor(console.url, x_real_ip=FAR) as far:
            assert here.get("/").status_code == 200
            assert far.get("/").status_code == 303
            assert far.get("/", headers={"Host": f"10.9.9.9:{console.port}"}).status_code == 400
    finally:
        assert console.stop() == 0
