"""Page headers: what a browser is told about every page, and the nonce its own scripts carry."""

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
MARK = b"x-nicegui-content"  # NiceGUI puts it on the pages it builds
_FEATURES = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "publickey-credentials-get",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
_FIXED: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", ", ".join(f"{name}=()" for name in _FEATURES).encode()),
    (b"cache-control", b"no-store"),  # what is made of data; files with a version say otherwise
]


def policy(host: str, nonce: str) -> bytes:
    """Return the content security policy of one answer; DECISIONS.md says why two parts are unsafe.

    `host` is a Host header that was found to be ours.
    """
    own = f" 'nonce-{nonce}'" if nonce else ""
    return (
        f"default-src 'none'; script-src 'self'{own} 'unsafe-eval'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
        f"connect-src 'self' ws://{host} wss://{host}; manifest-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ).encode("latin-1")


class PageSender:
    """Sends an answer with its headers; a page of NiceGUI gets a fresh nonce on each script."""

    def __init__(self, send: Send, host: str) -> None:
        """Wrap the server's send."""
        self._send = send
        self._host = host
        self.is_secure = False  # the gate knows: then cookies travel over https only
        self._held: MutableMapping[str, Any] | None = None
        self._body: list[bytes] = []

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        """Send one message of the answer."""
        if message["type"] == "http.response.start":
            await self._start(message)
        elif self._held is not None and message["type"] == "http.response.body":
            await self._fill(message)
        else:
            await self._send(message)

    async def _start(self, message: MutableMapping[str, Any]) -> None:
        headers: Headers = [(name.lower(), value) for name, value in message["headers"]]
        message["headers"] = headers
        kind = next((value for name, value in headers if name == b"content-type"), b"")
        if kind.startswith(b"text/html") and any(name == MARK for name, _ in headers):
            self._held = message
            return
        await self._send(self._dressed(message, ""))

    async def _fill(self, message: MutableMapping[str, Any]) -> None:
        self._body.append(message.get("body", b""))
        if message.get("more_body"):
            return
        assert self._held is not None
        nonce = secrets.token_urlsafe(16)
        # Every `<script` of a built page is ours: NiceGUI escapes what it was given as text.
        tag = f'<script nonce="{nonce}"'.encode()
        body = b"".join(self._body).replace(b"<script", tag)
        start, self._held = self._dressed(self._held, nonce), None
        start["headers"] = [
            (name, str(len(body)).encode() if name == b"content-length" else value)
            for name, value in start["headers"]
        ]
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})

    def _dressed(self, message: MutableMapping[str, Any], nonce: str) -> MutableMapping[str, Any]:
        headers: Headers = message["headers"]
        present = {name for name, _ in headers}
        wanted = [(b"content-security-policy", policy(self._host, nonce)), *_FIXED]
        message["headers"] = [
            *(
                (name, self._cookie(value) if name == b"set-cookie" else value)
                for name, value in headers
            ),
            *((name, value) for name, value in wanted if name not in present),
        ]
        return message

    def _cookie(self, value: bytes) -> bytes:
        if self.is_secure and b"; secure" not in value.lower():
            return value + b"; Secure"
        return value
