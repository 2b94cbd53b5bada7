"""Agent: a Locust worker that talks as our users do and tells the master every call.

Run on this machine by services.loadtest.locust_master, on others by hand
(`python -m services.loadtest.locust_start worker HOST PORT`): it needs this code, no store.
"""

import importlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from time import perf_counter
from typing import Any
from uuid import uuid4

from services.chat.endings import DEADLINE, EndedError
from services.chat.types import Outcome, Reply
from services.loadtest import frames
from services.loadtest.histogram import Histogram
from services.loadtest.locust_call import Ask, LocustCall
from services.loadtest.samples import cut_sample, to_sample
from services.loadtest.tally import Gauge, Start
from services.loadtest.types import Sample

TALKER = "Talker"  # the name of the user class, alike at master and workers
TELL_S = 0.25
LAG_S = 0.05
FRESH_S = 60  # a token with less left is renewed before it is used
RENEW_S = 30.0


def talker(locust: Any, agent: "Agent | None") -> Any:
    """Return Locust's user class; the master, which runs no user, gives no agent."""

    def talk(user: Any) -> None:
        if agent is None or not agent.talk(user.client):
            raise locust.exception.StopUser

    fields: dict[str, Any] = {
        "host": "http://127.0.0.1",  # every call names its whole address
        "wait_time": locust.constant(0),
        "tasks": [talk],
        "network_timeout": 600.0,
        "connection_timeout": 30.0,
        "insecure": False,
    }
    return type(TALKER, (locust.FastHttpUser,), fields)


def hear(runner: Any, name: str, heard: Callable[[dict[str, Any]], object]) -> None:
    """Give the data of every message of this name to a listener."""

    def take(**told: Any) -> None:
        heard(told["msg"].data)

    runner.register_message(name, take)


class Agent:
    """The share of one worker in a run."""

    def __init__(self, gevent: Any) -> None:
        """Wait for the order."""
        self._gevent = gevent
        self._runner: Any = None
        self._order: frames.Order | None = None
        self._index, self._of = 0, 1
        self._numbers = count()
        self._seats: list[frames.Pair] = []
        self._places: Any = None
        self._open = 0  # numbers taken whose calls are not told yet
        self._renewing: dict[int, Any] = {}
        self._began = perf_counter()
        self._starts: list[Start] = []
        self._samples: list[Sample] = []
        self._gaps = Histogram()
        self._lags_ms: list[float] = []
        self._gauge = Gauge()
        self._is_resting = False
        self._is_done = False

    def serve(self, runner: Any) -> None:
        """Hear the master until it says quit."""
        self._runner = runner
        hear(runner, "order", self._arm)
        hear(runner, "token", self._take_token)
        hear(runner, "rest", lambda _: self._rest())
        self._gevent.spawn(self._tell_often)
        self._gevent.spawn(self._watch_lag)
        runner.send_message("here", {"worker": runner.client_id})
        runner.greenlet.join()

    # -- one call

    def talk(self, client: Any) -> bool:
        """Make one call; return False when this worker's share is made."""
        order = self._order
        if order is None:  # it came when every share was given out
            return False
        number = self._next(order)
        if number is None:
            self._end_if_done()
            return False
        self._open += 1
        try:
            self._call_in_place(client, order, number)
        finally:
            self._open -= 1
        return True

    def _call_in_place(self, client: Any, order: frames.Order, number: int) -> None:
        self._gauge.waiting += 1
        try:
            self._places.acquire()
        finally:
            self._gauge.waiting -= 1
        try:
            self._call(client, order, number)
        finally:
            self._places.release()

    def _next(self, order: frames.Order) -> int | None:
        if self._is_resting:
            return None
        number = self._index + 1 + next(self._numbers) * self._of
        return None if order.plan.requests is not None and number > order.plan.requests else number

    def _call(self, client: Any, order: frames.Order, number: int) -> None:
        model = order.models[(number - 1) % len(order.models)]
        seat = self._fresh(number % len(self._seats))
        request_id, at_ms = uuid4().hex, (perf_counter() - self._began) * 1000
        self._starts.append(Start(number, seat[0], model, at_ms, request_id))
        self._gauge.begun += 1
        self._gauge.in_flight += 1
        self._gauge.peak = max(self._gauge.peak, self._gauge.in_flight)
        ask = Ask(
            order.api_base, seat[1], model, order.plan.message, order.plan.result_mode,
            request_id, order.run_id, order.max_events,
        )  # fmt: skip
        try:
            reply = self._ask(LocustCall(client, ask), order.plan.timeout_s)
        except self._gevent.GreenletExit:
            self._samples.append(cut_sample(number, seat[0], model, at_ms, request_id))
            raise
        finally:
            self._gauge.in_flight -= 1
        self._samples.append(to_sample(number, seat[0], model, at_ms, reply))
        self._gaps.add_all(reply.gaps_ms)
        if reply.status == 401:
            self._seats[seat[0] - 1] = (seat[0], seat[1], 0)  # renewed before the next call

    def _ask(self, call: LocustCall, timeout_s: float) -> Reply:
        ended = EndedError(Outcome.DEADLINE, DEADLINE, f"no end after {timeout_s:g} s")
        try:
            with self._gevent.Timeout(timeout_s, ended):
                return call.run()
        except EndedError:  # the deadline met the call between its steps
            return call.end(ended)

    def _fresh(self, at: int) -> frames.Pair:
        """Return the seat, its token renewed by the console when it is old; all wait for one."""
        seat = self._seats[at]
        if seat[2] - self._wall_s() >= FRESH_S:
            return seat
        waiting = self._renewing.get(seat[0])
        if waiting is None:
            waiting = self._renewing[seat[0]] = self._gevent.event.Event()
            self._runner.send_message("renew", {"seat": seat[0]})
        waiting.wait(RENEW_S)
        return self._seats[at]

    @staticmethod
    def _wall_s() -> float:
        return datetime.now(UTC).timestamp()  # noqa: TID251  # no console, hence no Clock, is here

    # -- the master's messages

    def _arm(self, data: dict[str, Any]) -> None:
        order = self._order = frames.to_order(data["order"])
        self._index, self._of = int(data["index"]), int(data["of"])
        self._seats = list(order.seats)
        share, rest = divmod(order.plan.cap, self._of)
        self._places = self._gevent.lock.BoundedSemaphore(share + (self._index < rest))
        self._began = perf_counter()
        self._runner.send_message("armed", {"index": self._index})

    def _take_token(self, data: dict[str, Any]) -> None:
        no = int(data["seat"])
        if data["token"]:
            self._seats[no - 1] = (no, str(data["token"]), int(data["expires_at"]))
        waiting = self._renewing.pop(no, None)
        if waiting is not None:
            waiting.set()

    def _rest(self) -> None:
        """Begin nothing further; what runs may end."""
        self._is_resting = True
        self._end_if_done()

    def _finish(self) -> None:
        self._is_done = True
        self._tell()
        self._runner.send_message("done", {"index": self._index})

    def _end_if_done(self) -> None:
        if not self._is_done and self._open == 0:
            self._finish()

    # -- what it tells

    def _tell_often(self) -> None:
        while True:  # ends with the process
            self._gevent.sleep(TELL_S)
            if self._order is not None and not self._is_done:
                self._tell()

    def _tell(self) -> None:
        starts, self._starts = self._starts, []
        samples, self._samples = self._samples, []
        gaps, self._gaps = self._gaps, Histogram()
        lags_ms, self._lags_ms = self._lags_ms, []
        self._gauge.elapsed_s = perf_counter() - self._began
        batch = frames.Batch(
            tuple(starts), tuple(samples), self._gauge, tuple(lags_ms), gaps.buckets, gaps.largest
        )
        values = {"index": self._index, "batch": frames.batch_values(batch)}
        self._runner.send_message("batch", values)

    def _watch_lag(self) -> None:
        while True:  # ends with the process
            before = perf_counter()
            self._gevent.sleep(LAG_S)
            self._lags_ms.append(max(0.0, (perf_counter() - before - LAG_S) * 1000))


def main(arguments: Sequence[str]) -> int:
    """Join the master at the host and port given, and end when it says so."""
    host, port = arguments[0], int(arguments[1])
    locust = importlib.import_module("locust")
    gevent = importlib.import_module("gevent")
    for part in ("event", "lock"):
        importlib.import_module(f"gevent.{part}")
    agent = Agent(gevent)
    environments = importlib.import_module("locust.env")
    environment = environments.Environment(user_classes=[talker(locust, agent)])
    agent.serve(environment.create_worker_runner(host, port))
    return 0
