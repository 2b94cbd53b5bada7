"""Guards of contract 13: rates per user and address, cooldown after bad tokens, open streams."""

import ipaddress
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from services.accounts.types import Caller, UserType
from services.foundation.clock import Clock
from services.gateway.types import Address, GatewayError, HeaderLookup
from services.settings.proxies import networks
from services.settings.types import RateLimits

DAY_S = 86_400.0
SUBJECTS_MAX = 20_000
RETRY_SECOND_S = 60
RETRY_DAY_S = 3_600
ODD_USER_AGENTS = (
    "bot",
    "crawler",
    "spider",
    "scraper",
    "curl",
    "wget",
    "python-requests",
    "postman",
    "insomnia",
    "httpie",
    "test",
    "monitor",
)


@dataclass(slots=True)
class _Rate:
    """What one subject did: the times of its latest calls, and its count since `day_began`."""

    recent: deque[float] = field(default_factory=deque[float])
    day_began: float = 0.0
    day_count: int = 0


@dataclass(slots=True)
class _Failures:
    """Failed authentications of an address in a row."""

    count: int = 0
    began: float = 0.0  # of the span the count is over
    cooled_until: float = 0.0


class Guards:
    """Counts in memory; every map is bounded."""

    def __init__(
        self,
        clock: Clock,
        limits: RateLimits,
        odd_user_agents: tuple[str, ...] = ODD_USER_AGENTS,
    ) -> None:
        """Start with nothing counted."""
        self._clock = clock
        self._limits = limits
        self._odd = odd_user_agents
        self._trusted = networks(limits.trusted_proxies)
        self._rates: OrderedDict[str, _Rate] = OrderedDict()
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._streams: dict[str, int] = {}

    @property
    def open_streams(self) -> int:
        """How many event streams are open now."""
        return sum(n for key, n in self._streams.items() if key.startswith("user:"))

    def address_of(self, peer: str, headers: HeaderLookup) -> Address:
        """Return where the request came from; forwarding headers count only from trusted proxies."""
        chain = headers.get("x-forwarded-for", "") or headers.get("x-real-ip", "")
        if not chain:
            return Address(peer, is_exempt=_is_loopback(peer))
        if not self._is_trusted(peer):
            return Address(peer)
        hops = [hop.strip() for hop in chain[:2_000].split(",") if hop.strip()]
        untrusted = [hop for hop in reversed(hops) if not self._is_trusted(hop)]
        host = untrusted[0] if untrusted else peer
        return Address(host if _as_ip(host) is not None else peer)

    def admit(self, caller: Caller, address: Address, user_agent: str) -> None:
        """Count one request; raise GatewayError 429 with Retry-After when it is too much."""
        limits = self._limits
        if limits.cooldown_mode == "all":
            self._refuse_cooled(address)
        if not limits.enabled or (address.is_exempt and (caller.is_test or caller.is_operator)):
            return
        is_small = caller.user_type is UserType.ANONYMOUS or self.is_odd(user_agent)
        if is_small:
            per_second, per_day = limits.anonymous_qps, limits.anonymous_daily
        else:
            per_second, per_day = limits.user_qps, limits.user_daily
        kind = "anonymous user" if is_small else "user"
        self._count(f"user:{caller.user_id}", per_second, per_day, kind)
        if not address.is_exempt:
            self._count(f"ip:{address.host}", limits.ip_qps, limits.ip_daily, "address")

    def is_odd(self, user_agent: str) -> bool:
        """Return whether the user agent is empty or names a script, a bot or a tool."""
        name = user_agent.strip().lower()
        return not name or any(word in name for word in self._odd)

    def note_refused_token(self, address: Address) -> None:
        """Count a failed authentication; raise GatewayError 429 while the address cools down."""
        limits = self._limits
        is_off = limits.cooldown_mode == "off" or limits.failure_threshold <= 0
        if not limits.enabled or is_off or address.is_exempt:
            return
        self._refuse_cooled(address)
        self._fail(address)

    def note_answer(self, address: Address, status: int) -> None:
        """In cooldown mode `all`: any refusal counts, any success begins anew."""
        limits = self._limits
        if limits.cooldown_mode != "all" or not limits.enabled or address.is_exempt:
            return
        if status >= 400 and status != 401:
            self._fail(address)
        elif status < 400:
            self._failures.pop(address.host, None)

    def open_stream(self, caller: Caller, conversation_id: str) -> Callable[[], None]:
        """Return the function that frees the place; raise GatewayError 429 when none is free."""
        limits = self._limits
        is_anonymous = caller.user_type is UserType.ANONYMOUS
        most = limits.streams_per_anonymous if is_anonymous else limits.streams_per_user
        user, conversation = f"user:{caller.user_id}", f"conversation:{conversation_id}"
        if 0 < most <= self._streams.get(user, 0):
            raise _too_many_streams("this user", 30)
        if 0 < limits.streams_per_conversation <= self._streams.get(conversation, 0):
            raise _too_many_streams("this conversation", 10)
        for key in (user, conversation):
            self._streams[key] = self._streams.get(key, 0) + 1

        def free() -> None:
            for key in (user, conversation):
                left = self._streams.get(key, 0) - 1
                if left > 0:
                    self._streams[key] = left
                else:
                    self._streams.pop(key, None)

        return free

    def _count(self, subject: str, per_second: int, per_day: int, kind: str) -> None:
        now = self._clock.monotonic()
        rate = self._rates.get(subject)
        if rate is None:
            rate = self._rates[subject] = _Rate(day_began=now)
            if len(self._rates) > SUBJECTS_MAX:
                self._rates.popitem(last=False)
        else:
            self._rates.move_to_end(subject)
        if now - rate.day_began >= DAY_S:
            rate.day_began, rate.day_count = now, 0
        while rate.recent and now - rate.recent[0] >= 1.0:
            rate.recent.popleft()
        if 0 < per_second <= len(rate.recent):
            raise _too_often(f"{kind} limit of {per_second} requests a second", RETRY_SECOND_S)
        if 0 < per_day <= rate.day_count:
            raise _too_often(f"{kind} limit of {per_day} requests a day", RETRY_DAY_S)
        if per_second > 0:
            rate.recent.append(now)
        rate.day_count += 1

    def _fail(self, address: Address) -> None:
        failures = self._failures.setdefault(address.host, _Failures())
        self._failures.move_to_end(address.host)
        if len(self._failures) > SUBJECTS_MAX:
            self._failures.popitem(last=False)
        now = self._clock.monotonic()
        if now - failures.began > self._limits.cooldown_s:
            failures.began, failures.count = now, 0
        failures.count += 1
        if failures.count >= self._limits.failure_threshold:
            failures.count = 0
            failures.cooled_until = now + self._limits.cooldown_s

    def _refuse_cooled(self, address: Address) -> None:
        failures = self._failures.get(address.host)
        left = failures.cooled_until - self._clock.monotonic() if failures else 0.0
        if left > 0 and not address.is_exempt:
            raise _too_often("cooldown after failed calls", int(left) + 1)

    def _is_trusted(self, host: str) -> bool:
        address = _as_ip(host)
        return address is not None and any(address in network for network in self._trusted)


def _as_ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _as_ip(host)
    return address is not None and address.is_loopback


def _too_often(reason: str, retry_after_s: int) -> GatewayError:
    text = f"Rate limit exceeded: {reason}"
    return GatewayError(429, "RATE_LIMIT_EXCEEDED", text, retry_after_s=retry_after_s)


def _too_many_streams(what: str, retry_after_s: int) -> GatewayError:
    return GatewayError(
        429,
        "SSE_CONCURRENCY_LIMIT_EXCEEDED",
        f"Too many open event streams for {what}",
        retry_after_s=retry_after_s,
    )
