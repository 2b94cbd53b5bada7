"""The seq of the pieces starts at 1 and has no gap."""

from services.chat.types import Reply
from services.checks.findings import failed, good, not_judged
from services.checks.types import Finding, Limits, ReplyCheck
from services.foundation.messages import say

_EXPECTED = say("pieces numbered 1, 2, 3 and so on")
_SHOWN = 20


def look(reply: Reply, _limits: Limits) -> Finding:
    """Expect 1, 2, 3 and so on; another order of arrival alone is a note, the text is sorted."""
    if not reply.sequence:
        return not_judged("no_deltas", _EXPECTED, say("no pieces"))
    count = len(reply.sequence)
    actual = ", ".join(map(str, reply.sequence[:_SHOWN])) + (", …" if count > _SHOWN else "")
    wanted = list(range(1, count + 1))
    if sorted(reply.sequence) == wanted:
        notes = () if list(reply.sequence) == wanted else ("seq_out_of_order",)
        return good(_EXPECTED, actual, notes=notes)
    repeated = len(set(reply.sequence)) != count
    return failed("seq_duplicate" if repeated else "seq_gap", _EXPECTED, actual)


CHECK = ReplyCheck(name="sequence", label="No gap in seq", look=look)
