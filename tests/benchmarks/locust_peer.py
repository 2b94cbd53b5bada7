"""Locust's own best at our two calls: FastHttpUser, each event read as a line, parsed and timed.

Run by bench_load with the Locust of .bench-venv; LOAD_CALLS ends it, the last line is its JSON.
LOAD_PACE lets each user make that many calls a second (constant_throughput).
"""

import json
import os
import time

import gevent
from locust import FastHttpUser, constant, constant_throughput, events, task
from locust.exception import StopUser

CALLS = int(os.environ["LOAD_CALLS"])
PACE = float(os.environ.get("LOAD_PACE", "0"))
TOKEN = "Bearer " + "t" * 300
_quits: list = []
_found = {"done": 0, "failed": 0, "ttft": [], "total": []}


class Talker(FastHttpUser):
    """One user who asks again when it was answered."""

    wait_time = constant_throughput(PACE) if PACE else constant(0)
    network_timeout = 120.0
    connection_timeout = 120.0

    @task
    def talk(self) -> None:
        if _found["done"] + _found["failed"] >= CALLS:
            if not _quits:  # once, from outside of a user
                _quits.append(gevent.spawn(self.environment.runner.quit))
            raise StopUser
        began = time.perf_counter()
        body = {"text": "hello", "model": "mock", "result_mode": "raw_passthrough"}
        headers = {"Authorization": TOKEN}
        with self.client.post(
            "/api/v1/messages", json=body, headers=headers, catch_response=True, name="post"
        ) as answer:
            message = answer.json()
        path = f"/api/v1/messages/{message['message_id']}/events"
        path += f"?conversation_id={message['conversation_id']}"
        with self.client.get(
            path, headers=headers, stream=True, catch_response=True, name="events"
        ) as answer:
            first, completed = _read(answer)
            answer.success() if completed else answer.failure("no end")
        _found["done" if completed else "failed"] += 1
        _found["ttft"].append(first - began)
        _found["total"].append(time.perf_counter() - began)


def _read(answer) -> tuple[float, bool]:
    first, name, completed = 0.0, "", False
    stream = answer.stream  # its own iter_lines waits for 1024 bytes
    while line := stream.readline(b"\n"):
        if line.startswith(b"event: "):
            name = line[7:].strip().decode()
        elif line.startswith(b"data: "):
            data = json.loads(line[6:])
            if name == "content_delta" and not first and data["delta"]:
                first = time.perf_counter()
            completed = completed or name == "completed"
    return first, completed  # read to its end: the connection serves again


_began = {"cpu": 0.0, "at": 0.0}


@events.test_start.add_listener
def _begin(environment, **_: object) -> None:
    _began.update(cpu=time.process_time(), at=time.perf_counter())


@events.quitting.add_listener
def _tell(environment, **_: object) -> None:
    def at(values: list[float], share: float) -> float:
        ordered = sorted(values) or [0.0]
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    waits = {
        name: {f"p{round(share * 100)}": at(_found[name], share) for share in (0.5, 0.95, 0.99)}
        for name in ("ttft", "total")
    }
    waits["total"]["mean"] = 1000 * sum(_found["total"]) / max(1, len(_found["total"]))
    cost = {
        "cpu_s": time.process_time() - _began["cpu"],
        "wall_s": time.perf_counter() - _began["at"],
    }
    print(json.dumps({"done": _found["done"], "failed": _found["failed"], **cost, **waits}))
