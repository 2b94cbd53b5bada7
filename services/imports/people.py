"""Test users of an original; they belong to the sign-in service that is under test."""

from collections.abc import Sequence
from typing import Any, cast

from sqlmodel import Session, col

from db.queries import imports as queries
from db.tables.identities import TestUserRow
from services.foundation.messages import Message, say
from services.imports.cells import Cells
from services.imports.scrub import clean_json
from services.imports.trip import Secret, Taken, Taker, Trip
from services.imports.types import Fate

_KINDS = ("mail", "anonymous")  # any other is kept as `other`: nothing here deletes or uses it
_SECRET_PARTS = ("password", "refresh_token")


class TestUserTaker(Taker):
    """Rows of llm_test_users, without their secrets."""

    table = "llm_test_users"

    def begin(self, session: Session, trip: Trip, rows: Sequence[Cells]) -> None:
        """Read the addresses and users that are here."""
        del trip, rows
        self._mails = queries.numbers_of(session, TestUserRow, col(TestUserRow.email))
        self._users = queries.numbers_of(session, TestUserRow, col(TestUserRow.supabase_user_id))

    def key(self, row: Cells) -> tuple[str, ...]:
        """Return the address, else its number with the time it was made."""
        email = row.text("email", 254).strip().lower()
        return ("email", email) if email else super().key(row)

    def first(self, trip: Trip, row: Cells) -> Taken:
        """The user, on the service that is chosen here."""
        reasons: list[Message] = []
        email = row.text("email", 254).strip() or None
        user_id = row.text("supabase_user_id", 100).strip() or None
        known = self._mails.get((email or "").lower()) or self._users.get((user_id or "").lower())
        if known is not None:
            return Taken(Fate.KNOWN, (), str(known))
        kind = row.text("kind", 20).strip()
        if kind not in _KINDS:
            if kind != "other":
                reasons.append(
                    say("Its kind {kind} is not known: it is kept as other", kind=kind[:20])
                )
            kind = "other"
        user = TestUserRow(
            kind=kind,
            label=row.text("label", 100).strip() or None,
            email=email,
            username=row.text("username", 100).strip() or None,
            supabase_user_id=user_id,
            meta_json=_meta(trip, row, reasons),
            last_used_at=row.moment("last_used_at"),
            last_refreshed_at=row.moment("last_refreshed_at"),
            created_at=row.moment("created_at") or trip.now,
        )
        if email is not None:
            self._mails[email.lower()] = 0
        return Taken(Fate.ADDED, reasons, write=lambda session: queries.add_row(session, user))

    def secrets(self, row: Cells) -> Sequence[Secret]:
        """Return password and refresh token."""
        return [
            (f"test_user/{{id}}/{part}", value)
            for part in _SECRET_PARTS
            if (value := row.text(part, 4_000).strip())
        ]


def _meta(trip: Trip, row: Cells, reasons: list[Message]) -> dict[str, Any]:
    found, is_broken = row.parsed("meta_json")
    own = {"auth_url": trip.target.auth_url, "target_id": trip.target.id}
    if is_broken or not isinstance(found, dict | None):
        reasons.append(say("Its details are no JSON object: kept as text"))
        return {"text": clean_json(str(found))[:4_000], **own}
    return {**cast("dict[str, Any]", clean_json(found or {})), **own}
