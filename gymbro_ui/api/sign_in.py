"""/login: the form, the sign-in itself, and whether a page's session still holds."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from components.theme.apply import look_of_user
from components.words import LANGUAGES, from_header, remembered_language, sentence, speaking
from gymbro_ui import login_page
from gymbro_ui.login_page import Scene
from gymbro_ui.visitors import secret_of, session_cookie
from services.access.types import Approach, EntryRefusedError, SignedIn, Visitor
from services.foundation.errors import ConsoleError

if TYPE_CHECKING:
    from services.console import Console

BODY_MAX = 8_192
# With no-referrer a browser would send the form with `Origin: null`.
_HEADERS = {"Referrer-Policy": "same-origin"}
_CACHED = {"Cache-Control": "public, max-age=31536000, immutable"}


def router(console: "Console") -> APIRouter:
    """Return the routes that need no session."""
    api = APIRouter(include_in_schema=False)

    @api.get("/login/style.css")
    def sheet() -> Response:  # pyright: ignore[reportUnusedFunction]
        """Return the stylesheet."""
        return Response(login_page.SHEET, media_type="text/css", headers=_CACHED)

    @api.get("/login/state")
    def state(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Say by the status alone whether pages are open to this browser: 204 or 401."""
        return Response(status_code=204 if _visitor(request) is not None else 401)

    @api.get("/login")
    def form(request: Request, next: str = "/", lang: str = "") -> Response:  # noqa: A002  # pyright: ignore[reportUnusedFunction]
        """Show the form, or go on where nobody has to sign in."""
        wanted = console.access.safe_path(next)
        if _visitor(request) is not None:
            return RedirectResponse(wanted, 303)
        with speaking(_language(request, lang)):
            return _page(console, request, wanted)

    @api.post("/login")
    async def sign_in(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        """Open a session and go to where the browser wanted to be, or show why not."""
        given = await _fields(request)
        wanted = console.access.safe_path(given.get("next", "/"))
        account = given.get("account", "")[:40]
        with speaking(_language(request, given.get("lang", ""))):
            try:
                done = await console.access.signing.sign_in(
                    account,
                    given.get("password", ""),
                    address=_approach(request).address,
                    agent=request.headers.get("user-agent", ""),
                    old_secret=_secret(request),
                )
            except ConsoleError as error:
                return _page(console, request, wanted, account, error)
        return _welcome(request, done, wanted)

    return api


def _welcome(request: Request, done: SignedIn, wanted: str) -> Response:
    response = RedirectResponse(wanted, 303)
    is_secure = _approach(request).is_secure
    seconds = int(done.lasts.total_seconds())
    response.headers.append("set-cookie", session_cookie(done.secret, seconds, is_secure=is_secure))
    return response


def _page(
    console: "Console",
    request: Request,
    wanted: str,
    account: str = "",
    error: ConsoleError | None = None,
) -> Response:
    approach = _approach(request)
    scene = Scene(
        place=request.headers.get("host", ""),
        wanted=wanted,
        look=look_of_user(),
        account=account,
        problem=sentence(error.message) if error is not None else "",
        has_password=console.access.has_operator,
        asks_everybody=console.access.exposure.asks_here,
        is_readable=not approach.is_secure and not approach.is_local,
    )
    status, headers = 200, dict(_HEADERS)
    if error is not None:
        wait_s = error.wait_s if isinstance(error, EntryRefusedError) else 0
        status = 429 if wait_s else 401
        if wait_s:
            headers["Retry-After"] = str(wait_s)
    return HTMLResponse(login_page.draw(scene), status, headers)


async def _fields(request: Request) -> dict[str, str]:
    """Return the form's fields; what is longer than a form can be counts as empty."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX:
            return {}
    try:
        fields = parse_qs(body.decode("ascii", "replace"), max_num_fields=10)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def _language(request: Request, asked: str) -> str:
    if asked in LANGUAGES:
        return asked
    return remembered_language() or from_header(request.headers.get("accept-language", ""))


def _approach(request: Request) -> Approach:
    found = request.scope.get("state", {}).get("approach")
    return found if isinstance(found, Approach) else Approach("", is_local=False, is_secure=False)


def _visitor(request: Request) -> Visitor | None:
    return request.scope.get("state", {}).get("visitor")


def _secret(request: Request) -> str:
    headers = dict(request.scope["headers"])
    return secret_of(headers, is_secure=_approach(request).is_secure)
