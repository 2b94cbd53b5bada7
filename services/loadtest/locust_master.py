"""LocustMaster: the child process in which Locust's own master hands a plan to its workers.

Started by services.loadtest.crew through services.loadtest.locust_start; it says and hears the
frames of services.loadtest.frames, as the worker process of our own engine does.
"""

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import astuple
from time import perf_counter
from typing import Any

from services.loadtest import frames
from services.loadtest.locust_worker import hear, talker
from services.loadtest.pipes import read, say
from services.loadtest.tally import Gauge

JOIN_S = 60.0  # for all workers to be there
LOOK_S = 0.1
STARTER = "services.loadtest.locust_start"


class LocustMaster:
    """One run of Locust, from its workers' coming to their last call."""

    def __init__(self, locust: Any, gevent: Any, order: frames.Order) -> None:
        """Open the port that workers come to; raise when it is taken."""
        self._gevent = gevent
        self._order = order
        environments = importlib.import_module("locust.env")
        plan = order.plan
        environment = environments.Environment(
            user_classes=[talker(locust, None)], stop_timeout=plan.timeout_s
        )
        self._runner = environment.create_master_runner(plan.locust_bind, plan.locust_port)
        self._of = min(plan.locust_workers + plan.locust_remote, plan.users, plan.cap)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._here: list[str] = []
        self._armed: set[int] = set()
        self._done: set[int] = set()
        self._gauges: dict[int, Gauge] = {}
        self._began = perf_counter()
        self._is_stopping = False

    def run(self) -> str:
        """Return why it failed, empty when every worker told all."""
        self._listen()
        self._begin_workers()
        if why := self._wait_for(lambda: len(self._here) >= self._of, "came"):
            return why
        self._of = min(len(self._here), self._order.plan.users, self._order.plan.cap)
        for index, client_id in enumerate(self._here[: self._of]):
            values = {"order": frames.order_values(self._order), "index": index, "of": self._of}
            self._runner.send_message("order", values, client_id)
        if why := self._wait_for(lambda: len(self._armed) >= self._of, "took its order"):
            return why
        plan = self._order.plan
        self._began = perf_counter()
        pace = plan.users / plan.ramp_s if plan.ramp_s else plan.users
        self._gevent.spawn(self._runner.start, plan.users, pace)
        return self._watch()

    def hear(self, frame: dict[str, Any] | None) -> bool:
        """Do what the console says; return False when this process shall end at once."""
        if frame is None or "cancel" in frame:
            return False
        if "token" in frame:
            no, token, expires_at = frame["token"]
            self._runner.send_message(
                "token", {"seat": no, "token": token, "expires_at": expires_at}
            )
        elif "stop" in frame:
            self._stop()
        return True

    def close(self) -> None:
        """Send every worker home."""
        with suppress(Exception):  # boundary: whatever Locust says of it, its processes end below
            self._runner.quit()
        for process in self._processes:
            process.kill()
            process.wait()

    # -- workers

    def _begin_workers(self) -> None:
        plan = self._order.plan
        port = self._runner.server.port if not plan.locust_port else plan.locust_port
        local = max(0, self._of - plan.locust_remote)
        for _ in range(local):
            command = [sys.executable, "-m", STARTER, "worker", "127.0.0.1", str(port)]
            self._processes.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))

    def _listen(self) -> None:
        runner = self._runner
        hear(runner, "here", self._take_here)
        hear(runner, "armed", lambda data: self._armed.add(int(data["index"])))
        hear(runner, "batch", self._take_batch)
        hear(runner, "renew", lambda data: say({"renew": int(data["seat"])}))
        hear(runner, "done", lambda data: self._done.add(int(data["index"])))

    def _take_here(self, data: dict[str, Any]) -> None:
        self._here.append(str(data["worker"]))

    def _take_batch(self, data: dict[str, Any]) -> None:
        values, index = data["batch"], int(data["index"])
        self._gauges[index] = Gauge(*values["gauge"])
        values["gauge"] = astuple(self._gauge())
        say({"batch": values})

    def _gauge(self) -> Gauge:
        total = Gauge(elapsed_s=perf_counter() - self._began)
        for one in self._gauges.values():
            total.begun += one.begun
            total.in_flight += one.in_flight
            total.waiting += one.waiting
            total.peak += one.peak
        return total

    # -- its course

    def _wait_for(self, is_so: Callable[[], bool], what: str) -> str:
        end = perf_counter() + JOIN_S
        while not is_so():
            if why := self._lost():
                return why
            if perf_counter() > end:
                return f"not every worker {what} within {JOIN_S:.0f} s"
            self._gevent.sleep(LOOK_S)
        return ""

    def _watch(self) -> str:
        seconds = self._order.plan.seconds
        while len(self._done) < self._of:
            self._gevent.sleep(LOOK_S)
            if seconds is not None and perf_counter() - self._began >= seconds:
                self._stop()
            if why := self._lost():
                return why
        return ""

    def _stop(self) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            self._runner.send_message("rest", {})  # Locust's own stop would cut what runs

    def _lost(self) -> str:
        gone = [process.poll() for process in self._processes if process.poll() is not None]
        if gone and len(self._done) < self._of:
            return f"a Locust worker ended with exit code {gone[0]}"
        return "a Locust worker is not heard any more" if self._runner.clients.missing else ""


def main(_: Sequence[str]) -> int:
    """Take the order, run it with Locust, and end when all is told; Locust is imported already."""
    first = read(sys.stdin.buffer)
    if first is None:
        return 1
    locust = importlib.import_module("locust")
    gevent = importlib.import_module("gevent")
    master = LocustMaster(locust, gevent, frames.to_order(first["order"]))

    def listen() -> None:
        pool = gevent.get_hub().threadpool
        while master.hear(pool.apply(read, (sys.stdin.buffer,))):  # ends with the console's pipe
            pass
        master.close()
        os._exit(1)  # nobody reads what the others would tell

    listener = gevent.spawn(listen)
    why = master.run()
    listener.kill(block=False)
    say({"failed": why} if why else {"done": True})
    master.close()
    return 0
