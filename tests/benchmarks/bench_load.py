"""Load tests beside Locust's FastHttpUser and wrk: the same two calls to the same C mock.

Tool and mock on a core each, interleaved, medians. A call is POST /messages and its whole event
stream, every event parsed, every call kept. The truth is what the mock itself had to wait.
BENCH_ROUNDS chooses another number of rounds.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks import peers
from tests.benchmarks.load_tools import STREAMS, engine, locust, measured, paced, wrk
from tests.benchmarks.processes import LOAD_CORE, free_port, running
from tests.benchmarks.report import Report, median

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
FAST_USERS, FAST_CALLS = 64, 12_000
STREAM_CALLS = 4_000
MANY = 3_000
FREEZE_RATE, FREEZE_S, FREEZE_OF_S, SERVICE_MS = 200, 2.0, 20, 5


def run(report: Report) -> None:
    """Measure and add the sections."""
    problem = peers.locust_problem()
    if problem:
        report.section("load: peers")
        report.add("Locust is not measured", problem[:120])
    with tempfile.TemporaryDirectory() as folder:
        _fast(report, Path(folder), has_locust=not problem)
        _streams(report, Path(folder), has_locust=not problem)
        _many(report, Path(folder))
        _freeze(report, Path(folder), has_locust=not problem)
        _tls(report, Path(folder))


# -- A1


def _fast(report: Report, folder: Path, *, has_locust: bool) -> None:
    report.section(f"load A1: {FAST_USERS} users, replies at once, calls per CPU-second")
    ours: list[float] = []
    theirs_all: list[float] = []
    with peers.mock_supplier(folder, core=LOAD_CORE, tokens=1, gap_ms=0) as base:
        for _ in range(ROUNDS):
            found = engine(base, users=FAST_USERS, requests=FAST_CALLS)
            assert found["counts"]["success"] == found["kept"] == FAST_CALLS
            ours.append(FAST_CALLS / found["cpu_s"])
            if has_locust:
                theirs = locust(base, FAST_USERS, FAST_CALLS)
                theirs_all.append(theirs["done"] / theirs["cpu_s"])
        if quick := wrk(base, FAST_USERS, 3):
            report.add("wrk, one GET of the events each", f"{quick['calls'] / quick['cpu_s']:,.0f}")
    report.add("ours", f"{median(ours):,.0f}")
    if theirs_all:
        ratio = median([mine / theirs for mine, theirs in zip(ours, theirs_all, strict=True)])
        report.add("Locust FastHttpUser", f"{median(theirs_all):,.0f}")
        report.add("ours over Locust", f"{ratio:.2f} x", goal=">= 6 x", ok=ratio >= 6)


# -- A2, A3


def _streams(report: Report, folder: Path, *, has_locust: bool) -> None:
    report.section(f"load A2, A3: {STREAMS} streams x 64 tokens x 20 ms in the worker process")
    rounds: list[dict[str, Any]] = []
    locusts: list[dict[str, Any]] = []
    wrks: list[float] = []
    with paced(folder) as base:
        empty_s = engine(base, users=1, requests=1, is_worker=True)["cpu_s"]  # starting it
        for _ in range(ROUNDS):
            rounds.append(measured(base, STREAMS, STREAM_CALLS, empty_s))
            if has_locust:
                locusts.append(locust(base, STREAMS, STREAM_CALLS))
            if quick := wrk(base, STREAMS, 6):
                wrks.append(quick["per_s"])
    ours = median([one["per_s"] for one in rounds])
    cost = median([one["ms_each"] for one in rounds])
    report.add("ours, streams a second", f"{ours:.0f}")
    if wrks:
        share = ours / median(wrks)
        report.add(f"  wrk {median(wrks):.0f}; ours is", f"{share:.3f}", goal=">= 0.95",
                   ok=share >= 0.95)  # fmt: skip
    report.add("ours, CPU of a stream", f"{cost:.3f} ms")
    if locusts:
        theirs = median([1000 * one["cpu_s"] / one["done"] for one in locusts])
        report.add(f"  Locust {theirs:.3f} ms; ours is", f"{cost / theirs:.2f} x", goal="<= 0.5 x",
                   ok=cost <= theirs / 2)  # fmt: skip
        for at in ("p50", "p99"):
            late = median([one["ttft"][at] for one in locusts]) - 200
            report.add(f"  Locust, TTFT over 200 ms, {at}", f"{late:.1f} ms")
    most = min(one["streams_most"] for one in rounds)
    report.add(
        "open at once, by the mock's count", f"{most}", goal=f"{STREAMS}", ok=most == STREAMS
    )
    _add_errors(report, rounds)
    memory = max(one["memory_mb"] for one in rounds)
    report.add("memory, both processes", f"{memory:.0f} MB", goal="< 400 MB", ok=memory < 400)


def _add_errors(report: Report, rounds: list[dict[str, Any]]) -> None:
    """A3 holds for the runs whose own lag was sound; the others must say that it was not."""
    sound = [one for one in rounds if one["is_lag_sound"]]
    report.add("runs whose own lag was sound", f"{len(sound)} of {len(rounds)}")
    for at, limit in (("p50", 2.0), ("p99", 10.0)):
        if sound:
            error = median([one[f"ttft_error_{at}"] for one in sound])
            report.add(f"TTFT error {at}, sound runs", f"{error:.2f} ms", goal=f"<= {limit:g} ms",
                       ok=error <= limit)  # fmt: skip
        else:
            error = median([one[f"ttft_error_{at}"] for one in rounds])
            report.add(f"TTFT error {at}, every run flagged as late", f"{error:.2f} ms")
    lag = median([one["loop_lag"]["p99"] for one in rounds])
    report.add("own loop lag p99", f"{lag:.1f} ms")


# -- A4


def _many(report: Report, folder: Path) -> None:
    report.section(f"load A4: {MANY} streams in one worker")
    rounds: list[dict[str, Any]] = []
    wrks: list[float] = []
    with paced(folder) as base:
        for _ in range(ROUNDS):
            rounds.append(measured(base, MANY, MANY * 4, 0.0))
            if quick := wrk(base, MANY, 6):
                wrks.append(quick["per_s"])
    ours = median([one["per_s"] for one in rounds])
    most = min(one["streams_most"] for one in rounds)
    report.add("ours, streams a second", f"{ours:.0f}")
    report.add("open at once, by the mock's count", f"{most}", goal=f"{MANY}", ok=most >= MANY)
    if wrks:
        share = ours / median(wrks)
        report.add(f"  wrk {median(wrks):.0f}; ours is", f"{share:.3f}", goal=">= 0.9",
                   ok=share >= 0.9)  # fmt: skip
    good = min(one["counts"]["success"] for one in rounds)
    report.add("successes", f"{good}", goal=f"{MANY * 4}", ok=good == MANY * 4)


# -- A5


def _freeze(report: Report, folder: Path, *, has_locust: bool) -> None:
    report.section(
        f"load A5: {FREEZE_RATE} calls a second for {FREEZE_OF_S} s, frozen once for {FREEZE_S:g} s"
    )
    truth = _truth_of_freeze()
    with peers.mock_supplier(
        folder, core=LOAD_CORE, tokens=1, gap_ms=0, first_ms=SERVICE_MS
    ) as base:
        found = _while_frozen(base, lambda: engine(
            base, users=1_000, rate=FREEZE_RATE, seconds=FREEZE_OF_S))  # fmt: skip
        for at in ("p95", "p99"):
            error = found["total"][at] / truth[at] - 1
            report.add(f"ours {at} {found['total'][at]:.0f} ms, truth {truth[at]:.0f}",
                       f"{error:+.1%}", goal="within 5 %", ok=abs(error) <= 0.05)  # fmt: skip
        report.add("starts behind their schedule, p99", f"{found['late']['p99']:.1f} ms")
        if has_locust:
            theirs = _while_frozen(base, lambda: locust(
                base, 50, FREEZE_RATE * FREEZE_OF_S, pace=FREEZE_RATE / 50))  # fmt: skip
            for at in ("p95", "p99"):
                report.add(f"Locust constant_throughput, {at}", f"{theirs['total'][at]:.0f} ms")


def _truth_of_freeze() -> dict[str, float]:
    """Return the percentiles of waits: arrivals come evenly, those of the freeze wait for its end."""
    count = FREEZE_RATE * FREEZE_OF_S
    frozen = int(FREEZE_RATE * FREEZE_S)
    waits = [float(SERVICE_MS)] * (count - frozen)
    waits += [SERVICE_MS + 1000 * FREEZE_S * (no + 0.5) / frozen for no in range(frozen)]
    return {"p95": waits[int(0.95 * count) - 1], "p99": waits[int(0.99 * count) - 1]}


def _while_frozen(base: str, work: Any) -> dict[str, Any]:
    """Freeze the mock while the work runs."""
    code = (
        "import time, urllib.request; time.sleep(6); "
        f"urllib.request.urlopen('{base}/freeze?ms={int(FREEZE_S * 1000)}').read()"
    )
    freezer = subprocess.Popen([sys.executable, "-c", code])
    try:
        return work()
    finally:
        freezer.wait(30)


# -- A7


def _tls(report: Report, folder: Path) -> None:
    report.section("load A7: the same over TLS, nginx in front of the mock")
    if shutil.which("nginx") is None or shutil.which("openssl") is None:
        report.add("not measured", "nginx and openssl are needed")
        return
    costs: dict[str, list[float]] = {"plain": [], "TLS": []}
    with (
        peers.mock_supplier(folder, core=LOAD_CORE, tokens=1, gap_ms=0) as base,
        _nginx(folder, base) as (plain, secure, certificate),
    ):
        for _ in range(ROUNDS):
            for name, url, trusted in (("plain", plain, ""), ("TLS", secure, certificate)):
                found = engine(url, users=FAST_USERS, requests=FAST_CALLS // 2, certificate=trusted)
                assert found["counts"]["success"] == FAST_CALLS // 2, found["errors"]
                costs[name].append(1000 * found["cpu_s"] / (FAST_CALLS // 2))
    ratio = median(costs["TLS"]) / median(costs["plain"])
    for name, values in costs.items():
        report.add(f"CPU of a call, {name}", f"{median(values):.3f} ms")
    report.add("TLS over plain", f"{ratio:.2f} x", goal="<= 2.5 x", ok=ratio <= 2.5)


@contextmanager
def _nginx(folder: Path, base: str) -> Generator[tuple[str, str, str]]:
    certificate, key = folder / "cert.pem", folder / "key.pem"
    order = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-keyout", str(key), "-out", str(certificate),
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]  # fmt: skip
    subprocess.run(order, check=True, capture_output=True)
    plain, secure = free_port(), free_port()
    place = "location / { proxy_pass http://mock; proxy_http_version 1.1; proxy_buffering off;\n"
    place += 'proxy_set_header Connection ""; }'
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; worker_processes 1; pid {folder}/nginx.pid; user root;\n"
        f"error_log {folder}/nginx.log; events {{ worker_connections 4096; }}\n"
        "http { access_log off; keepalive_requests 1000000;\n"
        f"upstream mock {{ server {base.removeprefix('http://')}; keepalive 256;\n"
        "keepalive_requests 1000000; }\n"
        f"server {{ listen 127.0.0.1:{plain}; {place} }}\n"
        f"server {{ listen 127.0.0.1:{secure} ssl; ssl_certificate {certificate};\n"
        f"ssl_certificate_key {key}; ssl_protocols TLSv1.3; {place} }} }}\n"
    )
    command = ["nginx", "-c", str(config), "-p", str(folder)]
    url = f"http://127.0.0.1:{plain}/count"
    with running(command, core=LOAD_CORE, url=url):
        yield f"http://127.0.0.1:{plain}", f"https://localhost:{secure}", str(certificate)
