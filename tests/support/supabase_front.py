"""SupabaseFront: the gateway of a Supabase project on one loopback socket, with a switch for faults.

    async with SupabaseFront(stack.url, "p0") as front:
        front.fail(Status(503), times=2)                  # the next two calls of any kind
        front.fail(Delay(30), method="GET", table="ai_model")
        front.fail(LoseReply(), method="POST")            # stored, but nobody hears of it
        await front.close_door()                          # connections are refused from now on

What is not failed goes to the real PostgREST-compatible server behind it, in the schema of this
project; `/auth/v1` is answered by a small GoTrue with ES256 keys. `front.calls` holds every request.
"""

import asyncio
import json
from collections.abc import Callable

import httpx

from tests.support.supabase_faults import (
    HTML,
    Call,
    Cut,
    Delay,
    Fault,
    Garbage,
    LoseReply,
    Meanwhile,
    Reset,
    Rewrite,
    Status,
    Switch,
)
from tests.support.supabase_gotrue import SmallGoTrue

__all__ = [
    "HTML", "Call", "Cut", "Delay", "Fault", "Garbage", "LoseReply", "Meanwhile", "Reset", "Rewrite",
    "Status", "SupabaseFront",
]  # fmt: skip
ANON_KEY = "sb_publishable_project_0123456789abcdef"
SERVICE_KEY = "sb_secret_project_0123456789abcdef"
_NOT_SENT_ON = {
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "apikey",
    "authorization",
    "accept-encoding",
    "accept-profile",
    "content-profile",
}
_SENT_BACK = {"content-type", "content-range", "preference-applied", "location"}
_REASONS = {200: "OK", 201: "Created", 204: "No Content", 206: "Partial Content"}


class SupabaseFront:
    def __init__(self, rest_url: str, schema: str) -> None:
        self.schema = schema
        self.calls: list[Call] = []
        self.auth = SmallGoTrue()
        self.anon_key, self.service_key = ANON_KEY, SERVICE_KEY
        self.port = 0
        self._rest_url = rest_url
        self._switches: list[Switch] = []
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._behind: httpx.AsyncClient | None = None

    # -- life

    async def __aenter__(self) -> "SupabaseFront":
        self._behind = httpx.AsyncClient(base_url=self._rest_url, timeout=30, trust_env=False)
        await self.open_door()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close_door()
        assert self._behind is not None
        await self._behind.aclose()

    async def open_door(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, limit=1 << 24
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self.auth.issuer = f"{self.url}/auth/v1"

    async def close_door(self) -> None:
        """Refuse connections and end the open ones; open_door() is on the same port again."""
        if self._server is None:
            return
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # -- script

    def fail(
        self,
        fault: Fault,
        *,
        times: int = 1,
        method: str = "",
        table: str = "",
        match: Callable[[Call], bool] = lambda _: True,
    ) -> None:
        """The next `times` matching calls meet the fault; what was said first holds first."""
        self._switches.append(Switch(fault, times, method, table, match))

    def heal(self) -> None:
        self._switches.clear()

    def named(self, method: str, table: str = "") -> list[Call]:
        return [c for c in self.calls if c.method == method and table in ("", c.table)]

    # -- serving

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while (call := await _read(reader)) is not None:
                self.calls.append(call)
                if not await self._answer(call, writer):
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, call: Call, writer: asyncio.StreamWriter) -> bool:
        """Return whether the connection goes on."""
        fault = self._fault(call)
        if isinstance(fault, Delay):
            await asyncio.sleep(fault.seconds)
        if isinstance(fault, Meanwhile):
            await asyncio.to_thread(fault.act)
        if isinstance(fault, Reset | Cut | Garbage | Status):
            return await _send_made(writer, fault)
        status, headers, body = await self._real(call)
        if isinstance(fault, LoseReply):
            return False
        if isinstance(fault, Rewrite):
            body = json.dumps(fault.change(json.loads(body))).encode()
        return await _send(writer, status, headers, body, is_head=call.method == "HEAD")

    def _fault(self, call: Call) -> Fault | None:
        for switch in self._switches:
            if switch.holds_for(call):
                switch.times -= 1
                return switch.fault
        return None

    async def _real(self, call: Call) -> tuple[int, dict[str, str], bytes]:
        role = {self.anon_key: "anon", self.service_key: "service_role"}.get(
            call.headers.get("apikey", "")
        )
        if role is None:
            return _keyless(call)
        if call.path.startswith("/auth/v1/"):
            status, body = self.auth.answer(call.method, call.path, call.query, call, role)
            return status, {"content-type": "application/json"}, body
        return await self._rest(call, role)

    async def _rest(self, call: Call, role: str) -> tuple[int, dict[str, str], bytes]:
        assert self._behind is not None
        headers = {n: v for n, v in call.headers.items() if n not in _NOT_SENT_ON}
        key = "sb_secret_stack" if role == "service_role" else "sb_publishable_stack"
        profile = "Accept-Profile" if call.method in ("GET", "HEAD") else "Content-Profile"
        headers |= {"apikey": key, profile: self.schema}
        target = f"{call.path}?{call.query}" if call.query else call.path
        reply = await self._behind.request(call.method, target, headers=headers, content=call.body)
        kept = {n: v for n, v in reply.headers.items() if n in _SENT_BACK}
        return reply.status_code, kept, reply.content


def _keyless(call: Call) -> tuple[int, dict[str, str], bytes]:
    text = "Invalid API key" if call.headers.get("apikey") else "No API key found in request"
    body = {"message": text, "hint": "Double check your Supabase `anon` or `service_role` key."}
    return 401, {"content-type": "application/json"}, json.dumps(body).encode()


async def _read(reader: asyncio.StreamReader) -> Call | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")
        pairs = (line.split(":", 1) for line in lines[1:] if ":" in line)
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except asyncio.IncompleteReadError:
        return None
    method, target, _ = lines[0].split(" ", 2)
    path, _, query = target.partition("?")
    return Call(method, path, query, headers, body)


def _head(status: int, headers: dict[str, str], length: int) -> bytes:
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Answer')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if status != 204:
        lines.append(f"content-length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _send_made(writer: asyncio.StreamWriter, fault: Reset | Cut | Garbage | Status) -> bool:
    """Answer without the server behind; return whether the connection goes on."""
    if isinstance(fault, Status):
        headers = {"content-type": fault.kind, **fault.headers}
        return await _send(writer, fault.status, headers, fault.body.encode())
    if isinstance(fault, Garbage):
        return await _send(writer, 200, {"content-type": "application/json"}, b"\xff\xfe<[{")
    if isinstance(fault, Cut):
        writer.write(_head(200, {"content-type": "application/json"}, 9999) + b'[{"id":1,')
        await writer.drain()
    return False


async def _send(
    writer: asyncio.StreamWriter,
    status: int,
    headers: dict[str, str],
    body: bytes,
    *,
    is_head: bool = False,
) -> bool:
    writer.write(_head(status, headers, len(body)))
    if not is_head and status != 204:
        writer.write(body)
    await writer.drain()
    return True
