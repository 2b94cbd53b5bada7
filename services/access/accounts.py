"""Accounts in memory: names, roles and the hashes of their passwords."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from db.tables.access import AccessAccountRow
from services.access.types import Account, Role
from services.foundation.errors import NotFoundError


class AccountBook:
    """Every account; hashes never leave the access service."""

    def __init__(self) -> None:
        """Start with none."""
        self._by_id: dict[int, Account] = {}
        self._hashes: dict[int, str] = {}

    def load(self, rows: Iterable[AccessAccountRow]) -> None:
        """Take what is stored, and nothing else."""
        self._by_id.clear()
        self._hashes.clear()
        for row in rows:
            self.put(to_account(row), row.password_hash)

    def all(self) -> list[Account]:
        """Return every account, by name."""
        return sorted(self._by_id.values(), key=lambda one: one.name)

    def has(self, role: Role) -> bool:
        """Return whether any account has the role."""
        return any(one.role is role for one in self._by_id.values())

    def find(self, name: str) -> Account | None:
        """Return the account of that name, or None."""
        return next((one for one in self._by_id.values() if one.name == name), None)

    def get(self, account_id: int) -> Account:
        """Return the account; raise NotFoundError."""
        if account_id not in self._by_id:
            raise NotFoundError("There is no such account")
        return self._by_id[account_id]

    def hash_of(self, name: str) -> str | None:
        """Return the hash of the account's password, or None."""
        account = self.find(name)
        return None if account is None else self._hashes[account.id]

    def new_row(self, name: str, role: Role, hashed: str, now: datetime) -> AccessAccountRow:
        """Return the row of a new account."""
        return AccessAccountRow(
            name=name,
            role=str(role),
            password_hash=hashed,
            created_at=now,
            password_changed_at=now,
        )

    def put(self, account: Account, hashed: str) -> None:
        """Take an account that is on disk by now."""
        self._by_id[account.id] = account
        self._hashes[account.id] = hashed

    def forget(self, account_id: int) -> None:
        """Let go of an account."""
        self._by_id.pop(account_id, None)
        self._hashes.pop(account_id, None)

    def change_role(self, account_id: int, role: Role) -> Account:
        """Return the account with its new role."""
        return self._change(account_id, role=role)

    def change_password(self, account_id: int, now: datetime) -> Account:
        """Return the account with when its password was changed."""
        return self._change(account_id, password_changed_at=now)

    def note_sign_in(self, account_id: int, now: datetime) -> None:
        """Note when somebody last signed in with it."""
        self._change(account_id, last_sign_in_at=now)

    def _change(self, account_id: int, **values: object) -> Account:
        changed = replace(self.get(account_id), **values)  # pyright: ignore[reportArgumentType]  # of its fields
        self._by_id[account_id] = changed
        return changed


def to_account(row: AccessAccountRow) -> Account:
    """Return the shape of a row."""
    return Account(
        id=row.id or 0,
        name=row.name,
        role=Role(row.role),
        created_at=row.created_at,
        password_changed_at=row.password_changed_at,
        last_sign_in_at=row.last_sign_in_at,
    )
