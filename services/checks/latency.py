"""The reply came fast enough: whole and first text."""

from services.chat.types import Outcome, Reply
from services.checks.findings import good, not_judged, slow
from services.checks.types import Finding, Limits, ReplyCheck


def look(reply: Reply, limits: Limits) -> Finding:
    """Call a completed reply slow when it passed a threshold; slow is still a success."""
    total, first = reply.timings.total_ms, reply.timings.first_delta_ms
    expected = f"≤ {limits.slow_total_ms:,} ms · TTFT ≤ {limits.slow_ttft_ms:,} ms"
    shown = "–" if first is None else f"{first:,.0f} ms"
    actual = f"{total:,.0f} ms · TTFT {shown}"
    if reply.outcome is not Outcome.COMPLETED:
        return not_judged("not_completed", expected, actual)
    if total > limits.slow_total_ms:
        return slow("slow_total", expected, actual)
    if first is not None and first > limits.slow_ttft_ms:
        return slow("slow_ttft", expected, actual)
    return good(expected, actual)


CHECK = ReplyCheck(name="latency", label="Time to the reply", look=look)
