"""Preview parts: two accounts, three sign-ins, four tokens; what is changed is kept in memory."""

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from services.access.types import (
    Account,
    ApiToken,
    Exposure,
    NewToken,
    OpenSession,
    Role,
    TokenKind,
)
from services.foundation.errors import InputError
from services.foundation.signals import Signal

_EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36 Edg/130.0"
_PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"


class FakeAccess:
    """Stands for Access before the settings page."""

    def __init__(self, now: datetime, *, bare: bool) -> None:
        self.changed: Signal[None] = Signal("access.changed")
        self._now = now
        ago = [now - timedelta(days=days, hours=3) for days in range(40)]
        self._accounts = [
            Account(1, "operator", Role.OPERATOR, ago[30], ago[12], ago[0]),
            Account(2, "night.shift", Role.READ_ONLY, ago[9], ago[9], None),
        ]
        self._sessions = [
            self._session("a", 1, "operator", Role.OPERATOR, "10.0.0.21", _EDGE, 2),
            self._session("b", 1, "operator", Role.OPERATOR, "2001:db8:4::/64", _PHONE, 190),
            self._session("c", 2, "night.shift", Role.READ_ONLY, "10.0.0.40", "curl/8.9", 600),
        ]
        full, reads = TokenKind.FULL, TokenKind.READ_ONLY
        self._tokens = [
            ApiToken(4, "prometheus", "gbc_9fK2aQ", reads, "operator", ago[3], now + timedelta(days=87), now),
            ApiToken(3, "deploy script", "gbc_Zx81_p", full, "operator", ago[20]),
            ApiToken(2, "old laptop", "gbc_mN0-rr", full, "operator", ago[30], None, ago[9], ago[8]),
            ApiToken(1, "trial", "gbc_77aBcd", reads, "console", ago[39], ago[9], ago[12]),
        ]  # fmt: skip
        if bare:
            self._accounts, self._sessions, self._tokens = [], [], []
        self.admin = SimpleNamespace(
            add_account=self._add_account,
            set_role=self._set_role,
            delete_account=self._delete_account,
            set_password=self._set_password,
            make_token=self._make_token,
            revoke_token=self._revoke_token,
            end_session=self._end_session,
        )

    @property
    def has_operator(self) -> bool:
        return bool(self._accounts)

    @property
    def exposure(self) -> Exposure:
        return Exposure(
            "127.0.0.1", 9999, "http://127.0.0.1:9999", (), False, False, self.has_operator, False
        )

    def accounts(self) -> list[Account]:
        return self._accounts

    def open_sessions(self) -> list[OpenSession]:
        return self._sessions

    def tokens(self) -> list[ApiToken]:
        return self._tokens

    def _session(self, letter: str, number: int, name: str, role: Role, *rest: Any) -> OpenSession:
        address, agent, minutes = rest
        seen = self._now - timedelta(minutes=minutes)
        return OpenSession(
            letter * 64, number, name, role, address, agent,
            seen - timedelta(hours=5), seen, seen + timedelta(days=6),
        )  # fmt: skip

    async def _add_account(self, name: str, role: Role, password: str) -> Account:
        if len(password) < 10:
            raise InputError("At least {n} characters", field="password", n=10)
        made = Account(len(self._accounts) + 1, name, role, self._now, self._now)
        self._accounts = [*self._accounts, made]
        self.changed.emit(None)
        return made

    async def _set_password(self, _account_id: int, password: str) -> Account:
        return self._accounts[0] if password else self._accounts[1]

    async def _set_role(self, account_id: int, role: Role) -> Account:
        changed = [replace(a, role=role) if a.id == account_id else a for a in self._accounts]
        self._accounts = changed
        self.changed.emit(None)
        return next(a for a in changed if a.id == account_id)

    async def _delete_account(self, account_id: int) -> None:
        self._accounts = [a for a in self._accounts if a.id != account_id]
        self.changed.emit(None)

    async def _make_token(self, name: str, kind: TokenKind, days: int | None) -> NewToken:
        if not name:
            raise InputError("A name of 1 to 80 characters", field="name")
        end = None if days is None else self._now + timedelta(days=days)
        secret = f"gbc_{'preview-' * 5}"
        made = ApiToken(len(self._tokens) + 1, name, secret[:10], kind, "operator", self._now, end)
        self._tokens = [made, *self._tokens]
        self.changed.emit(None)
        return NewToken(made, secret)

    async def _revoke_token(self, token_id: int) -> ApiToken:
        now = self._now
        self._tokens = [replace(t, revoked_at=now) if t.id == token_id else t for t in self._tokens]
        self.changed.emit(None)
        return next(t for t in self._tokens if t.id == token_id)

    async def _end_session(self, session_id: str) -> None:
        self._sessions = [s for s in self._sessions if s.id != session_id]
        self.changed.emit(None)
