"""Remote: the tables of one project through the real client, in a thread of its own."""

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from services.supabase import rules
from services.supabase.door import open_client
from services.supabase.types import Fault, Page, RemoteError, Row

if TYPE_CHECKING:
    from supabase import Client

TIMEOUT_S = 5.0
WHOLE_CALL_S = 20.0  # a server that drips bytes never runs into the timeout of one read
REPLY_MAX_BYTES = 64 * 1024 * 1024
T = TypeVar("T")


class Remote:
    """One call at a time, none on the loop; every failure is a RemoteError."""

    def __init__(self, url: str, key: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Start without a connection."""
        self._url, self._key = url, key
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="supabase")
        self._http = httpx.Client(
            timeout=timeout_s,
            follow_redirects=False,  # a redirect would take the key along
            trust_env=False,
            event_hooks={"response": [self._note]},
        )
        self._client: Client | None = None
        self._status = 0
        self._headers: Mapping[str, str] = {}

    async def prepare(self) -> None:
        """Import and build the client, so that the first measured call is as quick as the others."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._opened)

    async def page(self, table: str, *, after: Any, limit: int, key: str = "id") -> Page:
        """Return at most `limit` rows behind `after` (None: from the start), in the key's order."""

        def ask(client: "Client") -> Page:
            query = client.table(table).select("*", count=_exact()).order(key).limit(limit)
            reply = (query if after is None else query.gt(key, after)).execute()
            return Page(rules.plain_rows(table, reply.data), reply.count)

        return await self._call(table, ask)

    async def find(self, table: str, column: str, values: Sequence[Any]) -> list[dict[str, Any]]:
        """Return the rows whose column holds one of the values."""

        def ask(client: "Client") -> list[dict[str, Any]]:
            reply = client.table(table).select("*").in_(column, list(values)).execute()
            return rules.plain_rows(table, reply.data)

        return await self._call(table, ask)

    async def insert(self, table: str, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Return the new rows as stored."""
        sent: Any = [dict(row) for row in rows]

        def ask(client: "Client") -> list[dict[str, Any]]:
            return rules.plain_rows(table, client.table(table).insert(sent).execute().data)

        return await self._call(table, ask)

    async def upsert(
        self, table: str, rows: Sequence[Row], *, on_conflict: str = "id"
    ) -> list[dict[str, Any]]:
        """Return the rows as stored; those that were there are changed."""
        sent: Any = [dict(row) for row in rows]

        def ask(client: "Client") -> list[dict[str, Any]]:
            query = client.table(table).upsert(sent, on_conflict=on_conflict)
            return rules.plain_rows(table, query.execute().data)

        return await self._call(table, ask)

    async def update(self, table: str, values: Row, match: Row) -> list[dict[str, Any]]:
        """Return the rows that matched, as they are now; none when there was none."""
        sent: Any = dict(values)

        def ask(client: "Client") -> list[dict[str, Any]]:
            query = client.table(table).update(sent)
            for column, value in match.items():
                query = query.eq(column, value)
            return rules.plain_rows(table, query.execute().data)

        return await self._call(table, ask)

    async def delete(self, table: str, match: Row) -> list[dict[str, Any]]:
        """Return the rows that were removed."""
        if not match:
            raise ValueError("a delete without a condition would empty the table")

        def ask(client: "Client") -> list[dict[str, Any]]:
            query = client.table(table).delete()
            for column, value in match.items():
                query = query.eq(column, value)
            return rules.plain_rows(table, query.execute().data)

        return await self._call(table, ask)

    async def delete_below(self, table: str, column: str, value: str) -> int:
        """Return how many rows were removed whose column was lower."""

        def ask(client: "Client") -> int:
            query = client.table(table).delete().lt(column, value)
            return len(rules.plain_rows(table, query.execute().data))

        return await self._call(table, ask)

    async def count(self, table: str) -> int:
        """Return how many rows there are; at most one row travels."""

        def ask(client: "Client") -> int:
            reply = client.table(table).select("id", count=_exact()).limit(1).execute()
            rules.plain_rows(table, reply.data)
            if reply.count is None:
                raise rules.malformed(table, "no count")
            return reply.count

        return await self._call(table, ask)

    async def touch(self, table: str) -> None:
        """Ask for nothing but an answer (HEAD), so that the project does not fall asleep."""

        def ask(client: "Client") -> None:
            reply = client.table(table).select("id", count=_exact(), head=True).limit(1).execute()
            if reply.count is None:
                raise rules.malformed(table, "no count")

        await self._call(table, ask)

    async def close(self) -> None:
        """Let go of the connection; a call that hangs is left to its own timeout."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._http.close()

    async def _call(self, table: str, ask: "Callable[[Client], T]") -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(WHOLE_CALL_S):
                return await loop.run_in_executor(self._thread, self._ask, table, ask)
        except TimeoutError:
            raise _slow() from None

    def _ask(self, table: str, ask: "Callable[[Client], T]") -> T:
        """Run in the thread: open the client at the first call, translate what it raises."""
        self._status, self._headers = 0, {}
        try:
            return ask(self._opened())
        except RemoteError:
            raise
        except httpx.HTTPError as error:
            raise _unreachable(error) from error
        except Exception as error:
            raise self._refused(table, error) from error

    def _opened(self) -> "Client":
        if self._client is None:
            self._client = open_client(self._url, self._key, self._http)
        return self._client

    def _refused(self, table: str, error: Exception) -> Exception:
        """Return what an answer means; the client itself loses status and headers."""
        if not self._status:
            return error  # nothing was answered: a fault of ours
        code, detail = getattr(error, "code", None), getattr(error, "message", None)
        if 200 <= self._status < 300:
            return rules.malformed(table, type(error).__name__)
        details = getattr(error, "details", None)
        text = f"{detail or ''} {details if isinstance(details, str) else ''}".strip()
        wait_s = rules.retry_after(self._headers)
        return rules.to_error(table, self._status, str(code or ""), text, wait_s)

    def _note(self, response: httpx.Response) -> None:
        self._status, self._headers = response.status_code, response.headers
        length = response.headers.get("content-length", "")
        if length.isdigit() and int(length) > REPLY_MAX_BYTES:
            raise RemoteError(
                "Supabase answered with more than {mb} MB",
                Fault.MALFORMED,
                mb=REPLY_MAX_BYTES >> 20,
            )


def _exact() -> Any:
    return "exact"  # CountMethod.exact, without importing the heavy package


def _unreachable(error: httpx.HTTPError) -> RemoteError:
    if isinstance(error, httpx.TimeoutException):
        return _slow()
    behind = error.__cause__ or error.__context__
    for _ in range(4):
        if isinstance(behind, ssl.SSLError):
            return RemoteError(
                "The certificate of Supabase's address is not trusted: {detail}",
                Fault.TLS,
                detail=str(behind.reason or behind)[:100],
            )
        behind = None if behind is None else behind.__cause__ or behind.__context__
    return RemoteError(
        "Supabase cannot be reached ({detail})",
        Fault.UNREACHABLE,
        detail=(str(error) or type(error).__name__)[:100],
    )


def _slow() -> RemoteError:
    return RemoteError("Supabase did not answer within {s} s", Fault.UNREACHABLE, s=TIMEOUT_S)
