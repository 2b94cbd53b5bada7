"""Pure: the story the demo data tells: who is asked, what broke when, and when nobody looked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from random import Random

SLOT = timedelta(hours=6)
_LONGEST = timedelta(minutes=10)  # a check that began has ended by then
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Wrong(StrEnum):
    """What can be wrong with a model for a while."""

    OUTAGE = "outage"  # its provider answers 503
    CUT = "cut"  # streams end before their end
    SLOW = "slow"
    STRUCTURE = "structure"  # replies lose their form
    LIMITED = "limited"  # 429
    SIGN_IN = "sign_in"  # nobody of that user type gets a token


@dataclass(frozen=True, slots=True)
class DemoModel:
    """One model key of the made-up app."""

    key: str
    provider: str
    resolved: str
    ttft_ms: float
    total_ms: float
    share: int  # of the traffic
    flaky: float = 0.004  # share of replies out of form on any day


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that was wrong for a while."""

    what: Wrong
    start: datetime
    end: datetime
    who: str  # a model key, a provider, or a user type where nobody could sign in
    share: float = 1.0  # of the calls that met it


MODELS = (
    DemoModel("coach", "Aster", "aster-2-large", 640, 4_300, 34),
    DemoModel("coach-mini", "Aster", "aster-2-small", 310, 1_900, 22, 0.012),
    DemoModel("meal-planner", "Borealis", "borealis-pro", 560, 5_200, 14),
    DemoModel("form-check", "Borealis", "borealis-vision", 880, 6_400, 8),
    DemoModel("summary", "Cirrus", "cirrus-flash", 260, 1_500, 12),
    DemoModel("translate", "Cirrus", "cirrus-mini", 240, 1_250, 6),
    DemoModel("deep-plan", "Delta", "delta-reasoner", 2_400, 13_800, 3, 0.02),
    DemoModel("fallback", "Delta", "delta-base", 450, 2_900, 1),
)
PROVIDERS = tuple(dict.fromkeys(model.provider for model in MODELS))

# What happened how many days ago, for how many hours, to whom; shorter histories have its end only.
_SCRIPT: tuple[tuple[float, float, Wrong, str, float], ...] = (
    (27.4, 7.0, Wrong.OUTAGE, "Cirrus", 1.0),
    (24.2, 14.0, Wrong.SLOW, "Delta", 0.9),
    (21.3, 11.0, Wrong.OUTAGE, "Borealis", 0.95),
    (17.6, 40.0, Wrong.SLOW, "Aster", 0.75),
    (15.1, 5.5, Wrong.LIMITED, "deep-plan", 1.0),
    (13.4, 6.5, Wrong.SIGN_IN, "permanent", 1.0),
    (11.2, 9.0, Wrong.CUT, "form-check", 0.85),
    (8.5, 31.0, Wrong.STRUCTURE, "coach-mini", 0.9),
    (6.3, 5.5, Wrong.LIMITED, "deep-plan", 1.0),
    (4.6, 8.0, Wrong.OUTAGE, "Delta", 1.0),
    (2.3, 16.0, Wrong.SLOW, "Borealis", 0.8),
    (0.55, 14.0, Wrong.STRUCTURE, "translate", 1.0),  # lasts until now
    (0.3, 8.0, Wrong.OUTAGE, "form-check", 1.0),
)
# When the console itself was off: days ago and hours.
_OFF: tuple[tuple[float, float], ...] = ((25.7, 9.0), (18.9, 31.0), (9.8, 10.0), (3.5, 7.5))


@dataclass(frozen=True, slots=True)
class Story:
    """The time it covers and everything that went wrong in it."""

    seed: int
    start: datetime
    end: datetime
    troubles: tuple[Trouble, ...]
    off: tuple[tuple[datetime, datetime], ...]

    def rng(self, *names: object) -> Random:
        """Return the random numbers of one thing, the same on every machine and in every order."""
        return Random(":".join(map(str, (self.seed, *names))))

    def is_off(self, at: datetime) -> bool:
        """Return whether the console was off."""
        return any(start <= at < end for start, end in self.off)

    def wrong(self, at: datetime, model: DemoModel, dice: float) -> Wrong | None:
        """Return what a call to the model meets at that time; `dice` is a number from 0 to 1."""
        names = (model.key, model.provider)
        for trouble in self.troubles:
            is_met = trouble.start <= at < trouble.end and dice < trouble.share
            if is_met and trouble.who in names and trouble.what is not Wrong.SIGN_IN:
                return trouble.what
        return Wrong.STRUCTURE if dice > 1 - model.flaky else None

    def has_sign_in(self, at: datetime, user_type: str) -> bool:
        """Return whether users of that type could sign in."""
        return not any(
            trouble.what is Wrong.SIGN_IN
            and trouble.who == user_type
            and trouble.start <= at < trouble.end
            for trouble in self.troubles
        )

    def slots(self) -> Iterator[datetime]:
        """Yield the times of the scheduled checks, oldest first; none while the console was off."""
        at = floor(self.start, SLOT) + SLOT
        while at + _LONGEST <= self.end:
            if not self.is_off(at):
                yield at
            at += SLOT


def tell(seed: int, days: int, now: datetime) -> Story:
    """Return the story of the days before `now`."""
    end = now.astimezone(UTC).replace(second=0, microsecond=0)
    start = end - days * DAY
    rng = Random(f"{seed}:story")
    troubles: list[Trouble] = []
    for ago, hours, what, who, share in _SCRIPT:
        shift = rng.uniform(-0.12, 0.12) if ago > 1 else 0.0
        begun = end - (ago + shift) * DAY
        over = begun + hours * rng.uniform(0.9, 1.1) * HOUR if ago > 1 else end + DAY
        if over > start:
            troubles.append(Trouble(what, max(begun, start), over, who, share))
    off = [(end - ago * DAY, end - ago * DAY + hours * HOUR) for ago, hours in _OFF]
    return Story(seed, start, end, tuple(troubles), tuple(one for one in off if one[0] > start))


def floor(at: datetime, step: timedelta) -> datetime:
    """Return the last whole step of UTC at or before the time."""
    begin = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return begin + (at - begin) // step * step
