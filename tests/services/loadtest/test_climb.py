"""The search for the most users that hold: doubling, halving, and the answer tried twice."""

import pytest

from services.loadtest.climb import STEPS_MAX, Verdict, climb


def search(limit: int, users_max: int = 1_000) -> tuple[Verdict, list[int]]:
    """A server on which up to `limit` users hold."""
    tried: list[tuple[int, bool]] = []
    for _ in range(STEPS_MAX):
        verdict = climb(tried, users_max)
        if verdict.next_users is None:
            return verdict, [users for users, _ in tried]
        tried.append((verdict.next_users, verdict.next_users <= limit))
    raise AssertionError("it did not end")


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 13, 50, 99, 437, 999])
def test_the_answer_is_within_a_tenth_and_never_above(limit: int) -> None:
    verdict, tried = search(limit)
    assert verdict.safe_users is not None
    assert limit * 0.9 - 1 <= verdict.safe_users <= limit
    assert tried.count(verdict.safe_users) == 2
    assert len(tried) < 20


def test_not_even_one() -> None:
    assert search(0)[0] == Verdict(None, 0)


def test_the_most_allowed_holds_too() -> None:
    verdict, tried = search(5_000, users_max=100)
    assert (verdict.safe_users, verdict.is_at_least) == (100, True)
    assert tried[-2:] == [100, 100]


def test_a_number_that_held_once_and_broke_once_is_not_safe() -> None:
    tried = [(1, True), (2, True), (4, True), (8, False), (6, False), (5, False), (4, False)]
    assert climb(tried, 1_000).next_users == 3
    assert climb([*tried, (3, True), (3, True)], 1_000) == Verdict(None, 3)
