"""Tokens for programs: made once, shown once, stored as a digest, revoked at once."""

import secrets as random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from db.tables.access import AccessTokenRow
from services.access import rules
from services.access.types import ApiToken, TokenKind
from services.accounts.types import Caller, UserType
from services.foundation.clock import Clock
from services.foundation.errors import NotFoundError

SECRET_BYTES = 30  # 40 characters
MOST = 200  # live at once


class TokenBook:
    """The tokens in memory; asking costs one digest and one look-up."""

    def __init__(self, clock: Clock) -> None:
        """Start with none."""
        self._clock = clock
        self._by_hash: dict[str, ApiToken] = {}
        self._used: dict[int, datetime] = {}  # not yet on disk

    def load(self, rows: Iterable[AccessTokenRow]) -> None:
        """Take what is stored."""
        self._by_hash = {row.token_hash: to_token(row) for row in rows}

    def all(self) -> list[ApiToken]:
        """Return every token, newest first, with when it was last used."""
        found = [
            replace(one, last_used_at=self._used.get(one.id, one.last_used_at))
            for one in self._by_hash.values()
        ]
        return sorted(found, key=lambda one: one.id, reverse=True)

    def caller_of(self, secret: str) -> Caller | None:
        """Return who calls with it, or None when it is not, or no longer, one of ours."""
        if len(secret) > 100:
            return None
        one = self._by_hash.get(rules.digest(secret))
        now = self._clock.now()
        if one is None or not one.is_live(now):
            return None
        self._used[one.id] = now
        return Caller(
            f"token:{one.name}",
            UserType.PERMANENT,
            is_operator=True,
            is_admin=True,
            is_read_only=one.kind is TokenKind.READ_ONLY,
        )

    def live_count(self) -> int:
        """Return how many are accepted now."""
        now = self._clock.now()
        return sum(one.is_live(now) for one in self._by_hash.values())

    def new_row(
        self, name: str, kind: TokenKind, days: int | None, by: str
    ) -> tuple[str, AccessTokenRow]:
        """Return a fresh secret and the row that stores its digest."""
        secret, now = rules.TOKEN_PREFIX + random.token_urlsafe(SECRET_BYTES), self._clock.now()
        row = AccessTokenRow(
            name=name,
            prefix=secret[: rules.SHOWN_CHARS],
            token_hash=rules.digest(secret),
            kind=str(kind),
            created_by=by,
            created_at=now,
            expires_at=None if days is None else now + timedelta(days=days),
        )
        return secret, row

    def put(self, row: AccessTokenRow) -> ApiToken:
        """Take a token that is on disk by now, new or changed."""
        made = self._by_hash[row.token_hash] = to_token(row)
        return made

    def get(self, token_id: int) -> ApiToken:
        """Return the token; raise NotFoundError."""
        for one in self._by_hash.values():
            if one.id == token_id:
                return one
        raise NotFoundError("There is no token {id}", id=token_id)

    def take_used(self) -> dict[int, datetime]:
        """Return what must be kept on disk, and begin anew; memory holds it from here on."""
        taken, self._used = self._used, {}
        for key, one in list(self._by_hash.items()):
            if one.id in taken:
                self._by_hash[key] = replace(one, last_used_at=taken[one.id])
        return taken


def to_token(row: AccessTokenRow) -> ApiToken:
    """Return the shape of a row."""
    return ApiToken(
        id=row.id or 0,
        name=row.name,
        prefix=row.prefix,
        kind=TokenKind(row.kind),
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
