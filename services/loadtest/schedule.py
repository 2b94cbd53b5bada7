"""Pure: how many users there are, and when an arrival is due, at any moment of a plan."""

import math
from dataclasses import dataclass

from services.loadtest.types import LoadPlan


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a run whose level goes evenly from one value to another."""

    begin_s: float
    end_s: float
    first: float
    last: float

    def level(self, at_s: float) -> float:
        """Return the level at that moment of it."""
        if self.end_s <= self.begin_s:
            return self.last
        share = (at_s - self.begin_s) / (self.end_s - self.begin_s)
        return self.first + (self.last - self.first) * share


class Schedule:
    """The levels of one plan: users of the closed model, arrivals a second of the open one."""

    def __init__(self, plan: LoadPlan) -> None:
        """Cut the plan into spans; the last one of a plan without stages has no end."""
        self._spans = tuple(_spans(plan))
        self._counts: list[float] = []  # arrivals before each span
        before = 0.0
        for span in self._spans:
            self._counts.append(before)
            if span.end_s < math.inf:
                before += (span.first + span.last) / 2 * (span.end_s - span.begin_s)
        self._all = before if self._spans[-1].end_s < math.inf else math.inf

    @property
    def steady_from_s(self) -> float:
        """When the level has come to stay; infinite where it never does."""
        last = self._spans[-1]
        return last.begin_s if last.end_s == math.inf else math.inf

    @property
    def arrivals(self) -> float:
        """How many arrivals the whole schedule has; infinite without an end."""
        return self._all

    def begins_at_s(self, user_no: int, after_s: float) -> float | None:
        """Return when that user (from 0) may talk, now or later; None: not any more."""
        for span in self._spans:
            if span.end_s <= after_s and span.end_s < math.inf:
                continue
            begin_s = max(after_s, span.begin_s)
            if span.level(begin_s) > user_no:
                return begin_s
            if span.last > user_no:
                rise = (user_no - span.first) / (span.last - span.first)
                return span.begin_s + rise * (span.end_s - span.begin_s)
        return None

    def due_s(self, arrival_no: int) -> float | None:
        """Return when that arrival (from 0) is due; None when the schedule ends before."""
        if arrival_no >= self._all:
            return None
        number = len(self._counts) - 1
        while self._counts[number] > arrival_no:
            number -= 1
        while number + 1 < len(self._counts) and self._counts[number + 1] <= arrival_no:
            number += 1  # over spans in which nothing arrives
        span, left = self._spans[number], arrival_no - self._counts[number]
        return span.begin_s + _time_of(span, left)


def _time_of(span: Span, count: float) -> float:
    """Return the seconds within a span until so many have arrived: its integral solved for time."""
    if not count:
        return 0.0
    if span.end_s == math.inf or span.first == span.last:
        return count / span.first
    growth = (span.last - span.first) / (span.end_s - span.begin_s)
    inside = max(0.0, span.first * span.first + 2 * growth * count)
    return (math.sqrt(inside) - span.first) / growth


def _spans(plan: LoadPlan) -> list[Span]:
    spans: list[Span] = []
    at_s, level = 0.0, 0.0
    for stage in plan.stages:
        target = float(stage.rate if stage.rate is not None else stage.users or 0)
        spans.append(Span(at_s, at_s + stage.seconds, level, target))
        at_s, level = at_s + stage.seconds, target
    if spans:
        return spans
    full = float(plan.users if plan.rate is None else plan.rate)
    if plan.ramp_s:
        spans.append(Span(0.0, plan.ramp_s, 0.0, full))
    spans.append(Span(plan.ramp_s, math.inf, full, full))
    return spans
