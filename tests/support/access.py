"""Sign in at a real console, as a browser does."""

from collections.abc import Generator
from contextlib import contextmanager

import httpx

PASSWORD = "correct horse 9"
ENVIRONMENT = {"GYMBRO_PASSWORD": PASSWORD}
COOKIE = "gymbro_session"


def visitor(url: str, **headers: str) -> httpx.Client:
    """A browser that is nobody yet; header names with underscores for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Client(
        base_url=url, headers={"Accept": "text/html", **named}, timeout=30, trust_env=False
    )


def sign_in(
    client: httpx.Client, name: str = "operator", password: str = PASSWORD, wanted: str = "/"
) -> httpx.Response:
    """The answer of the form."""
    given = {"account": name, "password": password, "next": wanted}
    return client.post("/login", data=given, headers={"Origin": str(client.base_url).rstrip("/")})


@contextmanager
def signed_in(
    url: str, name: str = "operator", password: str = PASSWORD, **headers: str
) -> Generator[httpx.Client]:
    """A browser that is signed in."""
    with visitor(url, **headers) as client:
        answer = sign_in(client, name, password)
        assert answer.status_code == 303, answer.text
        yield client


def cookie_for_browser(url: str) -> dict[str, str]:
    """A fresh session as Playwright's add_cookies takes it."""
    with signed_in(url) as client:
        return {"name": COOKIE, "value": client.cookies[COOKIE], "url": url}
