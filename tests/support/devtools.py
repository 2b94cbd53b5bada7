"""The pages inside a Qt window, asked over the debugging port of its browser."""

import json
from typing import Any

import httpx
from websockets.asyncio.client import connect


async def evaluate(port: int, script: str) -> Any:
    """The value of a script (a promise is awaited) in the window's page; None while there is none."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            found = (await client.get(f"http://127.0.0.1:{port}/json")).json()
    except httpx.HTTPError:
        return None
    pages = [one for one in found if one["type"] == "page"]
    if not pages:
        return None
    async with connect(pages[0]["webSocketDebuggerUrl"], proxy=None, max_size=None) as socket:
        params = {
            "expression": script,
            "awaitPromise": True,
            "returnByValue": True,
            "userGesture": True,
        }
        await socket.send(json.dumps({"id": 1, "method": "Runtime.evaluate", "params": params}))
        while True:
            answer = json.loads(await socket.recv())
            if answer.get("id") == 1:
                return answer["result"]["result"].get("value")
