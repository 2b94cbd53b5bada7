"""The conversation ended with the event `completed`."""

from services.chat.types import Outcome, Reply
from services.checks.findings import bad_structure, failed, good, not_judged
from services.checks.types import Finding, Limits, ReplyCheck
from services.foundation.messages import say

_EXPECTED = say("a stream that ends with completed")
_NOT_THE_MODEL = (401, 403, 429)  # sign-in and quota say nothing about the model
_EMPTY = "upstream_empty_content"


def look(reply: Reply, _limits: Limits) -> Finding:
    """Refute every other end; sign-in, quota and cancelling are not judged."""
    if reply.outcome is Outcome.COMPLETED:
        return good(_EXPECTED, "completed", notes=reply.was_flagged)
    reason = reply.error or reply.outcome.value
    actual = f"{reply.outcome.value}: {reason}" if reason != reply.outcome.value else reason
    is_limited = reply.is_limited_upstream
    if reply.outcome is Outcome.CANCELLED or reply.status in _NOT_THE_MODEL or is_limited:
        return not_judged(reason, _EXPECTED, actual)
    if reply.outcome is Outcome.ERROR_EVENT and _EMPTY in (reply.error, reply.error_text):
        return bad_structure("empty_reply", say("a reply with text"), _EMPTY)
    return failed(reason, _EXPECTED, actual, notes=reply.was_flagged)


CHECK = ReplyCheck(name="completed", label="Ended with completed", look=look)
