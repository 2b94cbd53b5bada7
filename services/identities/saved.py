"""Saved users: test users that stay, with their secrets in the secret store (contract 7.4)."""

import asyncio
import secrets as random
from dataclasses import replace
from functools import partial
from typing import Any

from db.engine import Database
from db.queries import identities as queries
from db.tables.identities import TestUserRow
from services.accounts.types import UserType
from services.foundation.actor import ensure_may_change
from services.foundation.clock import Clock
from services.foundation.errors import NotFoundError
from services.foundation.inputs import plain_text
from services.foundation.storing import stored
from services.identities import ways
from services.identities.gotrue import GoTrue
from services.identities.mail_api import MailApi
from services.identities.types import SavedUser, SignIn
from services.secrets.service import Secrets
from services.targets.types import Target

MAIL, ANONYMOUS = "mail", "anonymous"
LISTED_MOST = 200
_SOURCE = "saved_test_user"


class SavedUsers:
    """Rows of kind mail and anonymous; the sweeper leaves them alone."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        secrets: Secrets,
        gotrue: GoTrue,
        calls: ways.Ways,
        mail: MailApi,
    ) -> None:
        """Keep the parts."""
        self._mail = mail
        self._database = database
        self._clock = clock
        self._secrets = secrets
        self._gotrue = gotrue
        self._ways = calls

    # -- reading

    async def all(self, limit: int = LISTED_MOST, *, kind: str = "") -> list[SavedUser]:
        """Return the newest saved users, newest first."""
        kinds = (kind,) if kind else (MAIL, ANONYMOUS)
        query = partial(queries.saved_users, kinds=kinds, limit=limit)
        return [self._shown(row) for row in await stored(self._database.read(query))]

    async def get(self, number: int) -> SavedUser:
        """Return one; raise NotFoundError."""
        row = await stored(self._database.read(partial(queries.saved_user, row_id=number)))
        if row is None:
            raise NotFoundError("There is no saved user {id}", id=number)
        return self._shown(row)

    def password(self, number: int) -> str:
        """Return the password, empty where there is none."""
        return self._secrets.get(_name(number, "password")) or ""

    # -- making

    async def create(
        self,
        target: Target,
        *,
        prefix: str = "gymbro-test-01",
        domain: str = "",
        mail_key: str = "",
    ) -> tuple[SavedUser | None, SignIn]:
        """Return a new registered user and its sign-in; None and the reason where it failed.

        With a mail key its address is a mailbox that the mail service makes.
        """
        ensure_may_change()
        prefix = plain_text(prefix, "username_prefix", 60, needed=True)
        name = f"{prefix}-{random.token_hex(4)}"
        domain = plain_text(domain, "email_domain", 120)
        email = f"{name}@{domain or target.email_domain}"
        if mail_key:
            box = await self._mail.make(name, domain, mail_key)
            if box.error:
                return None, SignIn(UserType.PERMANENT, "signup", None, box.error, box.detail)
            email = box.email
        password = random.token_urlsafe(18)
        row = await self._add(MAIL, email, target, {"email": email, "username": name})
        await asyncio.to_thread(self._secrets.put, _name(row.id, "password"), password)
        signed = await self._make(target, email, password)
        return await self._settled(row, signed)

    async def anonymous(
        self, target: Target, *, force_new: bool = False
    ) -> tuple[SavedUser | None, SignIn]:
        """Return the anonymous user of this UTC day, made when there is none, and its sign-in."""
        label = f"anon-{self._clock.now():%Y-%m-%d}"
        known = [] if force_new else await self.all(kind=ANONYMOUS)
        today = next((u for u in known if u.label == label and u.auth_url == target.auth_url), None)
        if today is not None:
            signed = await self.sign_in(target, today.id)
            if signed.token is not None:
                return today, signed
        row = await self._add(ANONYMOUS, label, target, {})
        body = {"data": {"source": _SOURCE}, "options": {"anonymous": True}}
        signed = await self._ways.sign_up(target, UserType.ANONYMOUS, body)
        return await self._settled(row, signed)

    async def _make(self, target: Target, email: str, password: str) -> SignIn:
        """Create the user: by an admin where there is a service key, else by public sign-up."""
        if not target.service_key:
            body = {"email": email, "password": password, "data": {"source": _SOURCE}}
            return await self._ways.sign_up(target, UserType.PERMANENT, body)
        answer = await self._gotrue.call(
            "POST",
            f"{target.auth_url}/auth/v1/admin/users",
            api_key=target.service_key,
            body={
                "email": email,
                "password": password,
                "email_confirm": True,
                "user_metadata": {"source": _SOURCE},
                "app_metadata": {"source": ways.SOURCE},
            },
            secrets=(password,),
        )
        if not answer.is_good:
            return ways.failed(UserType.PERMANENT, "signup", ways.CREATE_FAILED, answer)
        return await self._ways.log_in(target, email, password, "signup")

    async def _settled(self, row: SavedUser, signed: SignIn) -> tuple[SavedUser | None, SignIn]:
        if signed.token is None:
            await self._forget(row.id)
            return None, signed
        await self._note(row.id, signed)
        return await self.get(row.id), signed

    # -- using

    async def sign_in(self, target: Target, number: int) -> SignIn:
        """Return a fresh token of a saved user, or the word for why there is none."""
        user = await self.get(number)
        is_anonymous = user.kind == ANONYMOUS
        kind = UserType.ANONYMOUS if is_anonymous else UserType.PERMANENT
        if user.auth_url != target.auth_url:
            detail = f"the user lives on {user.auth_url}"
            return SignIn(kind, "saved", None, ways.SIGN_IN_FAILED, detail[:200])
        started = self._clock.monotonic()
        signed = await self._refreshed(target, user, kind)
        if signed.token is not None:
            await self._note(number, signed)
        took_ms = round((self._clock.monotonic() - started) * 1000)
        return replace(signed, elapsed_ms=took_ms)

    async def _refreshed(self, target: Target, user: SavedUser, kind: UserType) -> SignIn:
        refresh_token = self._secrets.get(_name(user.id, "refresh_token"))
        signed = SignIn(kind, "saved", None, ways.SIGN_IN_FAILED, "refresh_token_missing")
        if refresh_token:
            signed = await self._ways.refresh(target, kind, "saved", refresh_token)
        password = self.password(user.id)
        if signed.token is None and password:
            signed = await self._ways.log_in(target, user.email, password, "saved")
        return signed

    async def delete(self, target: Target, number: int) -> None:
        """Forget a saved user; it is deleted on its service too where a service key is known."""
        ensure_may_change()
        user = await self.get(number)
        if user.user_id and target.service_key and user.auth_url == target.auth_url:
            await self._gotrue.call(
                "DELETE",
                f"{target.auth_url}/auth/v1/admin/users/{user.user_id}",
                api_key=target.service_key,
            )
        await self._forget(number)

    # -- rows

    async def _add(self, kind: str, label: str, target: Target, names: dict[str, Any]) -> SavedUser:
        values = {
            "kind": kind,
            "label": label[:100],
            "meta_json": {"auth_url": target.auth_url, "target_id": target.id},
            "created_at": self._clock.now(),
            **names,
        }
        row = await stored(self._database.write(partial(queries.add_saved, values=values)))
        return self._shown(row)

    async def _note(self, number: int, signed: SignIn) -> None:
        """Keep the newest refresh token, first of all: the one before is used up."""
        token = signed.token
        assert token is not None  # asked for only with one
        if token.refresh_token:
            name = _name(number, "refresh_token")
            await asyncio.to_thread(self._secrets.put, name, token.refresh_token)
        change = partial(
            queries.note_saved, row_id=number, user_id=token.user_id, now=self._clock.now()
        )
        await stored(self._database.write(change))

    async def _forget(self, number: int) -> None:
        for part in ("password", "refresh_token"):
            if self._secrets.get(_name(number, part)):
                await asyncio.to_thread(self._secrets.delete, _name(number, part))
        await stored(self._database.write(partial(queries.delete_row, row_id=number)))

    def _shown(self, row: TestUserRow) -> SavedUser:
        meta: dict[str, Any] = row.meta_json or {}
        number = row.id or 0
        return SavedUser(
            id=number,
            kind=row.kind,
            label=row.label or "",
            email=row.email or "",
            username=row.username or "",
            user_id=row.supabase_user_id or "",
            auth_url=str(meta.get("auth_url", "")),
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            last_refreshed_at=row.last_refreshed_at,
            has_refresh_token=bool(self._secrets.get(_name(number, "refresh_token"))),
        )


def _name(number: int, part: str) -> str:
    return f"test_user/{number}/{part}"
