"""Pure: which number of users to try next, and what is known of the safe one."""

from collections.abc import Sequence
from dataclasses import dataclass

STEPS_MAX = 40
_EXACT = 10  # the answer is within a tenth


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a search stands: the next number to try, or the answer."""

    next_users: int | None  # None: it is known
    safe_users: int | None = None  # 0: not even one
    is_at_least: bool = False


def climb(tried: Sequence[tuple[int, bool]], users_max: int) -> Verdict:
    """Return what follows from the tries (users, whether every limit held), in any order.

    It doubles until something breaks, halves the gap until it is a tenth, and tries the answer
    twice; a number that held once and broke once is not safe.
    """
    broken = min((users for users, is_held in tried if not is_held), default=None)
    held = [users for users, is_held in tried if is_held and (broken is None or users < broken)]
    low = max(held, default=0)
    if broken == 1:
        return Verdict(None, 0)
    if broken is None and low < users_max:
        return Verdict(min(users_max, max(1, low * 2)))
    if broken is not None and broken - low > max(1, low // _EXACT):
        return Verdict((low + broken) // 2)
    if held.count(low) < 2:
        return Verdict(low)
    return Verdict(None, low, is_at_least=broken is None)
