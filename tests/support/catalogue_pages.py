"""Models, providers and mapping in a real Chromium over the program itself."""

from typing import Any

from playwright.async_api import Locator, Page

from tests.support.process import ConsoleProcess
from tests.support.supplier_server import answer

HOSTILE = '<img src=x onerror="window.pwned=1">'


KEY = "sk-canary-7f3a91c2d8"


def store(console: ConsoleProcess, path: str, **body: Any) -> dict[str, Any]:
    with console.operator() as client:
        made = client.post(f"/llm/{path}", json=body)
        assert made.is_success, made.text
        return made.json()["data"]


def endpoint(console: ConsoleProcess, name: str, *models: str, **more: Any) -> dict[str, Any]:
    body = {
        "base_url": "http://127.0.0.1:9",
        "api_key": KEY,
        "model": models[0],
        "allow_local_addresses": True,
    }
    return store(console, "models", **{**body, "name": name, "model_list": list(models), **more})


def mapping(console: ConsoleProcess, key: str, *models: str, **more: Any) -> dict[str, Any]:
    body = {"scope_type": "mapping", "default_model": models[0], "candidates": list(models)}
    return store(console, "model-groups", **{**body, "scope_key": key, **more})


def row(page: Page, text: str) -> Locator:
    return page.locator("tr[data-at]", has_text=text)


def field(page: Page, label: str) -> Locator:
    return page.locator(".gb-dialog .gb-field", has=page.get_by_text(label, exact=True))


def listing(*names: str) -> list[Any]:
    return [answer(200, {"data": [{"id": name} for name in names]})]
