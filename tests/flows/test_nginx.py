"""The documented nginx file before the real console: pages, sockets, event streams."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.async_api import expect
from websockets.asyncio.client import connect

from tests.conftest import find_free_port
from tests.support.access import ENVIRONMENT, PASSWORD, cookie_for_browser
from tests.support.chromium import a_page, chromium
from tests.support.drill_process import DrillProcess
from tests.support.nginx import an_nginx

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("nginx")]


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DrillProcess, str]]:
    folder, port = tmp_path_factory.mktemp("nginx"), find_free_port()
    environment = {"PUBLIC_URL": f"http://127.0.0.1:{port}", **ENVIRONMENT}
    server = DrillProcess(folder / "data", find_free_port(), environment).start()
    with an_nginx(folder / "nginx", port, server.port) as url:
        yield server, url
    server.stop()


async def test_a_page_loads_and_its_socket_is_upgraded(proxied: tuple[DrillProcess, str]) -> None:
    server, url = proxied
    sockets: list[str] = []
    async with chromium() as browser:
        context = await browser.new_context(locale="zh-CN")
        page = await context.new_page()
        page.on("websocket", lambda socket: sockets.append(socket.url))
        await page.goto(url + "/executions")  # a proxy on this machine is not this machine
        await page.get_by_label("账号").fill("operator")
        await page.get_by_label("密码").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url(url + "/executions")
        await expect(page.locator(".gb-conn")).to_have_attribute("data-state", "live")
        (key,) = server.drill(steps=3, step_s=0.2)
        row = page.locator(f'.ex-row[data-key="{key}"]')
        await expect(row).to_have_attribute("data-state", "succeeded")
        await context.close()
    assert any(
        address.startswith(url.replace("http", "ws") + "/_nicegui_ws/") for address in sockets
    )


async def test_a_page_stays_live_past_the_proxys_own_timeouts_of_a_request(
    proxied: tuple[DrillProcess, str],
) -> None:
    """nginx drops a silent connection after 60 s unless told otherwise; the pings come every 24 s."""
    _, url = proxied
    cookie = await asyncio.to_thread(cookie_for_browser, url)
    async with chromium() as browser, a_page(browser, url + "/settings", cookie=cookie) as page:
        dropped = "window.drops = 0; window.socket.on('disconnect', () => { window.drops += 1; });"
        await page.evaluate(dropped)
        await page.wait_for_timeout(30_000)
        await expect(page.locator(".gb-conn")).to_have_attribute("data-state", "live")
        assert await page.evaluate("window.drops") == 0


async def test_the_socket_for_programs_is_upgraded_too(proxied: tuple[DrillProcess, str]) -> None:
    server, url = proxied
    token = (server.data_dir / "secrets" / "operator.token").read_text().strip()
    address = url.replace("http", "ws") + "/api/v1/ws/executions?client_id=nginx"
    headers = {"Authorization": f"Bearer {token}"}
    async with connect(address, additional_headers=headers, proxy=None) as socket:
        (key,) = await asyncio.to_thread(server.drill, steps=1)
        seen: list[str] = []
        async with asyncio.timeout(10):
            while not (seen and "succeeded" in seen[-1] and key in seen[-1]):
                seen.append(str(await socket.recv()))


def test_events_arrive_when_they_are_sent(proxied: tuple[DrillProcess, str]) -> None:
    """The demo supplier speaks piece by piece; through nginx the pieces are as far apart."""
    server, url = proxied
    direct, through = _arrivals(server, server.url), _arrivals(server, url)
    assert len(through) > 20
    spread = [times[-1] - times[0] for times in (direct, through)]
    assert spread[1] > 0.5 * spread[0] > 0.05
    distinct = len({round(at, 3) for at in through})
    assert distinct > len(through) / 4  # not a few big pieces


def _arrivals(server: DrillProcess, url: str) -> list[float]:
    """When each piece of a reply's text came."""
    keys: dict[str, Any] = server.doctor()["embedded_auth"]
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        answer = client.post("/auth/v1/signup", json={}, headers={"apikey": keys["anon_key"]})
        token = answer.json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        models = client.get("/api/v1/llm/models").json()
        model = models["data"][0]["name"] if isinstance(models, dict) else models[0]["name"]
        body = {"text": "hello", "model": model}
        message = client.post("/api/v1/messages", json=body).json()
        path = f"/api/v1/messages/{message['message_id']}/events"
        with client.stream("GET", path) as events:
            lines = events.iter_lines()
            return [time.monotonic() for line in lines if line == "event: content_delta"]
