"""The reply holds text."""

from services.chat.types import Outcome, Reply
from services.checks.findings import bad_structure, good, not_judged
from services.checks.types import Finding, Limits, ReplyCheck
from services.foundation.messages import say

_EXPECTED = say("a reply with text")


def look(reply: Reply, _limits: Limits) -> Finding:
    """Refute a completed reply of blanks; a length other than the server's own is a note."""
    length = len(reply.text)
    actual = f"{length:,}"
    if reply.text.strip():
        stated = reply.terminal.get("reply_len")
        differs = isinstance(stated, int) and stated != length
        notes = (f"reply_len_differs:{stated}",) if differs else ()
        return good(_EXPECTED, actual, notes=notes)
    if reply.outcome is not Outcome.COMPLETED:
        return not_judged("not_completed", _EXPECTED, reply.outcome.value)
    return bad_structure("empty_reply", _EXPECTED, actual, at=0)


CHECK = ReplyCheck(name="reply_length", label="Text in the reply", look=look)
