"""Every check, and the verdict of all of them on one reply."""

from collections.abc import Mapping

from services.chat.types import Reply
from services.checks import completed, jsonseq, latency, reply_length, sequence, thinkingml
from services.checks.findings import not_judged
from services.checks.types import Finding, Limits, ReplyCheck
from services.foundation.messages import say

CHECKS: tuple[ReplyCheck, ...] = (
    completed.CHECK,
    reply_length.CHECK,
    sequence.CHECK,
    thinkingml.CHECK,
    jsonseq.CHECK,
    latency.CHECK,
)
STRUCTURES: Mapping[str, str] = {  # output protocol to the check that judges it
    "thinkingml_v45": thinkingml.CHECK.name,
    "jsonseq_v1": jsonseq.CHECK.name,
}
_WORST_FIRST = ("failed", "bad_structure", "slow")


def evaluate(
    reply: Reply, limits: Limits, *, validate_structure: bool = True
) -> dict[str, Finding]:
    """Return the finding of each check by name; only the structure of the reply's own protocol."""
    structure = STRUCTURES.get(reply.protocol, thinkingml.CHECK.name)
    others = set(STRUCTURES.values()) - {structure}
    findings: dict[str, Finding] = {}
    for check in CHECKS:
        if check.name in others:
            continue
        if check.name == structure and not validate_structure:
            off = not_judged("structure_not_asked", say("the structure check switched on"), "–")
            findings[check.name] = off
        else:
            findings[check.name] = check.look(reply, limits)
    return findings


def overall(findings: Mapping[str, Finding]) -> Finding:
    """Return the finding that decides: not judged if the end is not, else the worst, else the end."""
    end = findings[completed.CHECK.name]
    if end.ok is None:
        return end
    for verdict in _WORST_FIRST:
        for finding in findings.values():
            if finding.verdict == verdict:
                return finding
    return end
