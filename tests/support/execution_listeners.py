"""A process of many clients of the executions socket: `PORT COUNT`; says what reached whom when."""

import asyncio
import json
import sys
import time

from websockets.asyncio.client import connect

ENOUGH = '"status":"succeeded"'  # of the execution whose kind is "last"


async def listen(port: int, arrivals: list[tuple[int, float]]) -> None:
    """Note each update's number and the moment it came (the clock is the machine's)."""
    url = f"ws://127.0.0.1:{port}/api/v1/ws/executions?token=operator"
    async with connect(url, proxy=None, compression=None) as socket:
        await socket.recv()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        raw: list[tuple[float, str]] = []
        async for message in socket:
            text = str(message)
            raw.append((time.perf_counter(), text))
            if '"execution_type":"last"' in text and ENOUGH in text:
                break
        arrivals += [(json.loads(text).get("seq", 0), at) for at, text in raw]


async def main(port: int, count: int) -> None:
    """Listen with all of them, then write every arrival as JSON."""
    arrivals: list[tuple[int, float]] = []
    await asyncio.gather(*(listen(port, arrivals) for _ in range(count)))
    sys.stdout.write(json.dumps(arrivals) + "\n")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
