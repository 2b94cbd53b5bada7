"""FakeUpstream: a GymBro server with its GoTrue on one real loopback socket, played from a script.

    async with FakeUpstream() as upstream:
        upstream.models = ["gpt-x", "claude-y"]
        upstream.play("gpt-x", good(ttft_s=0.3))             # a turn; the last one given repeats
        upstream.play("gpt-x", failing(), user="anonymous")  # only for that kind of caller
        upstream.answer("signup", gotrue_error(422, "signup_disabled"))  # used once, then normal
        upstream.always("models", html())                    # until it is taken away with None
        target = (upstream.api_base, upstream.auth_url, upstream.auth.anon_key)

What is not scripted behaves well: every model answers `good()`, sign-in makes real users in
`upstream.auth` (see FakeGoTrue for its switches). Names for answer and always: post, events,
models, signup, edge, token, admin_create, admin_list, admin_get, admin_delete. Turns and answers
are made by the functions of tests.support.upstream_script, re-exported here. `upstream.calls` holds
every request as (name, method, path, query, headers, body); `upstream.open_connections` counts
sockets; `upstream.streams_left` counts event streams the client left before their end.
"""

import asyncio
import base64
import json
import uuid
from dataclasses import dataclass
from typing import Any

from tests.support.upstream_gotrue import FakeGoTrue, jwt, key_of
from tests.support.upstream_play import send_answer, send_stream
from tests.support.upstream_script import (
    BAD_REPLY,
    CUT_JSON,
    GARBAGE,
    GOOD_REPLY,
    HANG,
    JSONSEQ_EVENTS,
    NOT_JSON,
    RESET,
    Answer,
    Beat,
    Leave,
    Pause,
    Raw,
    Send,
    Step,
    Turn,
    completed,
    cut_after,
    deltas,
    e1,
    e3,
    failing,
    good,
    gotrue_error,
    heartbeats_only,
    html,
    jsonseq,
    late,
    no_terminal,
    opening,
    redirect,
    refused,
    routed,
    silent,
)

__all__ = [
    "BAD_REPLY", "CUT_JSON", "GARBAGE", "GOOD_REPLY", "HANG", "JSONSEQ_EVENTS", "NOT_JSON", "RESET",
    "Answer", "Beat", "Call", "FakeGoTrue", "FakeUpstream", "Leave", "Pause", "Raw", "Send", "Step",
    "Turn", "completed", "cut_after", "deltas", "e1", "e3", "failing", "good", "gotrue_error",
    "heartbeats_only", "html", "jsonseq", "jwt", "key_of", "late", "no_terminal", "opening",
    "redirect", "refused", "routed", "silent",
]  # fmt: skip


@dataclass(frozen=True)
class Call:
    """One request that arrived."""

    name: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: Any

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


class FakeUpstream:
    def __init__(self) -> None:
        self.auth = FakeGoTrue()
        self.models: list[str] = ["model-a", "model-b"]
        self.calls: list[Call] = []
        self.open_connections = 0
        self.streams_left = 0
        self.refused_tokens: set[str] = set()
        self._turns: dict[tuple[str, str], list[Turn]] = {}
        self._once: dict[str, list[Answer]] = {}
        self._always: dict[str, Answer] = {}
        self._messages: dict[str, tuple[Turn, str, str]] = {}  # id to turn, conversation, request
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._arrived = asyncio.Event()
        self.port = 0

    # -- life

    async def __aenter__(self) -> "FakeUpstream":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def api_base(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1"

    @property
    def auth_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # -- script

    def play(self, model: str, *turns: Turn, user: str = "") -> None:
        """The turns of a model, in order; the last repeats. `user`: anonymous, permanent or both."""
        self._turns[model, user] = list(turns)

    def answer(self, name: str, *answers: Answer) -> None:
        """The next answers of a call; afterwards it behaves as usual."""
        self._once.setdefault(name, []).extend(answers)

    def always(self, name: str, answer: Answer | None) -> None:
        """The answer of a call from now on; None ends it."""
        self._always.pop(name, None)
        if answer is not None:
            self._always[name] = answer

    def named(self, name: str) -> list[Call]:
        """The calls of that name so far."""
        return [call for call in self.calls if call.name == name]

    async def wait_for(self, name: str) -> None:
        """Return once a call of that name has arrived."""
        async with asyncio.timeout(5):
            while not self.named(name):
                self._arrived.clear()
                await self._arrived.wait()

    # -- serving

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.open_connections += 1
        try:
            while (call := await self._read(reader)) is not None:
                self.calls.append(call)
                self._arrived.set()
                if not await self._reply_while_there(call, reader, writer):
                    break
        except ConnectionError:
            pass
        except asyncio.CancelledError:
            if self._server is not None and self._server.is_serving():
                raise
        finally:
            self.open_connections -= 1
            self._tasks.discard(task)
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Call | None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lines = head.split("\r\n")
            pairs = (line.split(":", 1) for line in lines[1:] if ":" in line)
            headers = {name.strip().lower(): value.strip() for name, value in pairs}
            raw = await reader.readexactly(int(headers.get("content-length", "0")))
        except asyncio.IncompleteReadError:
            return None
        method, target, _ = lines[0].split(" ", 2)
        path, _, query = target.partition("?")
        body = json.loads(raw) if raw else None
        return Call(self._name(method, path), method, path, query, headers, body)

    def _name(self, method: str, path: str) -> str:
        if path.startswith(("/auth/", "/functions/")):
            return self.auth.route(method, path)
        if method == "POST" and path.rstrip("/") == "/api/v1/messages":
            return "post"
        if path == "/api/v1/llm/models":
            return "models"
        return "events" if path.startswith("/api/v1/messages/") else ""

    async def _reply_while_there(
        self, call: Call, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer the call; stop when the client has gone; return whether the connection lives on."""
        reply = asyncio.ensure_future(self._reply(call, writer))
        try:
            while not reply.done():
                await asyncio.wait({reply}, timeout=0.01)
                if reader.at_eof() or reader.exception() is not None:
                    self.streams_left += call.name == "events" and not reply.done()
                    return False
            return reply.result()
        finally:
            reply.cancel()
            await asyncio.gather(reply, return_exceptions=True)

    async def _reply(self, call: Call, writer: asyncio.StreamWriter) -> bool:
        answer = self._scripted(call)
        if answer is None and call.name == "events":
            return await self._events(call, writer)
        return await send_answer(answer or self._usual(call), writer)

    def _scripted(self, call: Call) -> Answer | None:
        if self._once.get(call.name):
            return self._once[call.name].pop(0)
        if call.name in self._always:
            return self._always[call.name]
        is_app_call = call.name in ("post", "events", "models")
        if is_app_call and (call.token.count(".") != 2 or call.token in self.refused_tokens):
            return e1(401, "token_expired")
        return None

    def _usual(self, call: Call) -> Answer:
        if call.name == "models":
            rows = [{"name": name, "default_model": "m-1"} for name in self.models]
            return Answer(200, {"code": 200, "msg": "success", "data": rows, "total": len(rows)})
        if call.name == "post":
            return self._post(call)
        if call.name:
            return self.auth.answer(call.name, call.path, call.query, call.headers, call.body)
        return Answer(404, {"detail": "Not Found"})

    def _post(self, call: Call) -> Answer:
        turn = self._turn(call)
        if turn.accept is not None:
            return turn.accept
        message_id = uuid.uuid4().hex
        conversation_id = call.body.get("conversation_id") or str(uuid.uuid4())
        request_id = call.headers.get("x-request-id", uuid.uuid4().hex)
        self._messages[message_id] = (turn, conversation_id, request_id)
        body = {"message_id": message_id, "conversation_id": conversation_id}
        return Answer(202, body, {"X-Request-Id": request_id}, delay_s=turn.accept_delay_s)

    def _turn(self, call: Call) -> Turn:
        claims = call.token.split(".")[1]
        plain = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
        anonymous = json.loads(plain).get("is_anonymous") is True
        model, user = call.body.get("model", ""), "anonymous" if anonymous else "permanent"
        turns = self._turns.get((model, user)) or self._turns.get((model, ""))
        if not turns:
            return good()
        return turns.pop(0) if len(turns) > 1 else turns[0]

    async def _events(self, call: Call, writer: asyncio.StreamWriter) -> bool:
        message_id = call.path.split("/")[4]
        found = self._messages.get(message_id)
        if found is None:
            return await send_answer(e1(404, "http_error", message="message not found"), writer)
        turn, conversation_id, request_id = found
        if call.query and f"conversation_id={conversation_id}" not in call.query:
            return await send_answer(Answer(404), writer)
        if turn.opening is not None:
            return await send_answer(turn.opening, writer)
        return await send_stream(turn, {"message_id": message_id, "request_id": request_id}, writer)
