"""The ways to a token: native and edge anonymous, admin create, public sign-up, fixed account."""

import asyncio
import secrets as random
from dataclasses import replace
from typing import Any, cast
from urllib.parse import quote

from services.accounts.types import UserType
from services.foundation.clock import Clock
from services.identities.gotrue import Answer, GoTrue
from services.identities.intents import KEPT, Intent, Intents
from services.identities.tokens import read_token
from services.identities.types import SignIn
from services.secrets.service import Secrets
from services.targets.types import Target

SOURCE = "daily_e2e"  # marks our users, also for the embedded sign-in
LABEL = "gymbro_intent"  # key in user_metadata
MISSING_ENV = "missing_supabase_env"
MISSING_CREDENTIALS = "missing_user_credentials"
ANONYMOUS_FAILED = "anonymous_auth_failed"
PERMANENT_FAILED = "permanent_auth_failed"
SIGN_IN_FAILED = "supabase_sign_in_failed"
CREATE_FAILED = "supabase_admin_create_user_failed"
NO_TOKEN = "supabase_login_missing_access_token"  # an error word


class Ways:
    """Each way returns a SignIn; nothing of the network or the answer is raised."""

    def __init__(self, gotrue: GoTrue, intents: Intents, secrets: Secrets, clock: Clock) -> None:
        """Keep the parts."""
        self._gotrue = gotrue
        self._intents = intents
        self._secrets = secrets
        self._clock = clock
        self._passwords: dict[str, tuple[str, str]] = {}  # user id to e-mail and password

    async def anonymous(self, target: Target, method: str) -> SignIn:
        """Return an anonymous token: native, edge, or native first and then edge."""
        if method == "edge":
            return await self._edge(target)
        native = await self._native(target)
        if method == "native" or native.token is not None or native.status is None:
            return native
        edge = await self._edge(target)
        if edge.token is not None:
            return edge
        note = f"{native.detail}; edge: {edge.server_word}".removeprefix("; ")
        return replace(native, detail=note[:200])

    async def permanent(self, target: Target) -> SignIn:
        """Return the token of a registered user: fixed account, admin create, or public sign-up."""
        if target.user_email:
            if not target.user_password:
                return SignIn(UserType.PERMANENT, "password", None, MISSING_CREDENTIALS)
            return await self.log_in(target, target.user_email, target.user_password, "password")
        if target.service_key:
            return await self._admin_create(target)
        return await self._public_sign_up(target)

    async def again(self, target: Target, user_id: str) -> SignIn | None:
        """Return a new log-in of a user whose password is known, None where it is not."""
        known = self._passwords.get(user_id)
        if known is None:
            return None
        email, password = known
        return await self.log_in(target, email, password, "password")

    async def _native(self, target: Target) -> SignIn:
        kind, mode = UserType.ANONYMOUS, "native"
        if not target.service_key:  # nobody could delete the user: no intent
            answer = await self._post(target, "auth/v1/signup", _anonymous_body(""))
            return self._read(kind, mode, answer, ANONYMOUS_FAILED)
        async with self._intents.intended(target, "") as intent:
            answer = await self._post(target, "auth/v1/signup", _anonymous_body(intent.label))
            made = self._read(kind, mode, answer, ANONYMOUS_FAILED)
            if made.token is None:
                await self._settle(target, intent, answer)
                return made
            await self._intents.note(intent, made.token.user_id)
            return replace(made, created_user=True)

    async def _edge(self, target: Target) -> SignIn:
        # No intent: the function may hand out a shared user, which is not ours to delete.
        answer = await self._post(target, "functions/v1/get-anon-token", {})
        return self._read(UserType.ANONYMOUS, "edge", answer, ANONYMOUS_FAILED)

    async def _admin_create(self, target: Target) -> SignIn:
        email = f"daily_{random.token_hex(5)}@{target.email_domain}"
        password = random.token_urlsafe(18)
        async with self._intents.intended(target, email) as intent:
            body = {
                "email": email,
                "password": password,
                "email_confirm": True,
                "user_metadata": {"source": SOURCE, LABEL: intent.label},
                "app_metadata": {"source": SOURCE},
            }
            answer = await self._gotrue.call(
                "POST",
                f"{target.auth_url}/auth/v1/admin/users",
                api_key=target.service_key,
                body=body,
                secrets=(password,),
            )
            if not answer.is_good:
                await self._settle(target, intent, answer)
                return failed(UserType.PERMANENT, "signup", CREATE_FAILED, answer)
            user_id = _user_id(answer)
            await self._intents.note(intent, user_id)
            signed = await self.log_in(target, email, password, "signup")
            if signed.token is None:
                await self.remove(target, replace(intent, user_id=user_id))
                return signed
            if not user_id:
                await self._intents.note(intent, signed.token.user_id)
            self._passwords[signed.token.user_id] = (email, password)
            return replace(signed, created_user=True)

    async def _public_sign_up(self, target: Target) -> SignIn:
        """Use the account of an earlier sign-up again: without a service key none can be deleted."""
        kept = await self._intents.kept(target.auth_url)
        if kept is not None:
            signed = await self._log_in_kept(target, kept)
            if signed is not None:
                return signed
        email = f"daily_{random.token_hex(5)}@{target.email_domain}"
        password = random.token_urlsafe(18)
        async with self._intents.intended(target, email) as intent:
            await asyncio.to_thread(self._secrets.put, _password_name(intent), password)
            body = {
                "email": email,
                "password": password,
                "data": {"source": SOURCE, LABEL: intent.label},
            }
            answer = await self._post(target, "auth/v1/signup", body, (password,))
            if not answer.is_good:
                await self._settle(target, intent, answer)
                return failed(UserType.PERMANENT, "email_signup", PERMANENT_FAILED, answer)
            await self._intents.note(intent, _user_id(answer), KEPT)
            signed = self._read(UserType.PERMANENT, "email_signup", answer, NO_TOKEN)
            if signed.token is None:  # the address has to be confirmed first; tried again next time
                self._intents.leave(intent)
                return replace(signed, detail="the e-mail address has to be confirmed first")
            self._passwords[signed.token.user_id] = (email, password)
            return replace(signed, created_user=True)

    async def _log_in_kept(self, target: Target, kept: Intent) -> SignIn | None:
        """Return the log-in of a kept account, None when it is no longer good."""
        password = self._secrets.get(_password_name(kept)) or ""
        signed = await self.log_in(target, kept.email, password, "email_signup")
        if signed.token is not None:
            self._passwords[signed.token.user_id] = (kept.email, password)
            await self._intents.note(kept, signed.token.user_id, KEPT)
            return replace(signed, created_user=True)
        if signed.server_word == "invalid_credentials":
            await self.forget(kept)
            return None
        self._intents.leave(kept)
        return signed

    async def log_in(self, target: Target, email: str, password: str, mode: str) -> SignIn:
        """Return the token for an e-mail address and a password."""
        body = {"email": email, "password": password}
        answer = await self._post(target, "auth/v1/token?grant_type=password", body, (password,))
        if not answer.is_good:
            return failed(UserType.PERMANENT, mode, SIGN_IN_FAILED, answer)
        return self._read(UserType.PERMANENT, mode, answer, NO_TOKEN)

    async def sign_up(self, target: Target, user_type: UserType, body: dict[str, Any]) -> SignIn:
        """Return the token of a user that stays; nobody deletes it."""
        is_anonymous = user_type is UserType.ANONYMOUS
        secrets = (str(body["password"]),) if "password" in body else ()
        answer = await self._post(target, "auth/v1/signup", body, secrets)
        word = ANONYMOUS_FAILED if is_anonymous else PERMANENT_FAILED
        return self._read(user_type, "native" if is_anonymous else "email_signup", answer, word)

    async def refresh(
        self, target: Target, user_type: UserType, mode: str, refresh_token: str
    ) -> SignIn:
        """Return a new token for a refresh token."""
        path, body = "auth/v1/token?grant_type=refresh_token", {"refresh_token": refresh_token}
        answer = await self._post(target, path, body, (refresh_token,))
        return self._read(user_type, mode, answer, SIGN_IN_FAILED)

    async def remove(self, target: Target, intent: Intent) -> bool:
        """Delete the intent's user and the intent; return False when the sweeper has to."""
        if intent.user_id:
            answer = await self._gotrue.call(
                "DELETE",
                f"{target.auth_url}/auth/v1/admin/users/{quote(intent.user_id, safe='')}",
                api_key=target.service_key,
            )
            if answer.is_good or (answer.status == 404 and answer.word == "user_not_found"):
                await self.forget(intent)
                return True
        self._intents.leave(intent)
        return False

    async def forget(self, intent: Intent) -> None:
        """Drop the intent and what is remembered of its user."""
        self._passwords.pop(intent.user_id, None)
        if self._secrets.get(_password_name(intent)):
            await asyncio.to_thread(self._secrets.delete, _password_name(intent))
        await self._intents.forget(intent)

    async def _settle(self, target: Target, intent: Intent, answer: Answer) -> None:
        """Forget the intent when the server refused; otherwise a user may exist."""
        if answer.status is not None and 400 <= answer.status < 500:
            await self.forget(intent)
            return
        user_id = _user_id(answer)
        if user_id and target.service_key:
            await self.remove(target, replace(intent, user_id=user_id))
        else:
            self._intents.leave(intent)

    async def _post(
        self, target: Target, path: str, body: dict[str, Any], secrets: tuple[str, ...] = ()
    ) -> Answer:
        return await self._gotrue.call(
            "POST",
            f"{target.auth_url}/{path}",
            api_key=target.anon_key,
            body=body,
            secrets=secrets,
        )

    def _read(self, user_type: UserType, mode: str, answer: Answer, word: str) -> SignIn:
        if not answer.is_good:
            return failed(user_type, mode, word, answer)
        token = read_token(answer.body, int(self._clock.now().timestamp()))
        if token is None:
            missing = replace(answer, word="access_token_missing", detail="no access_token")
            return failed(user_type, mode, word, missing)
        is_mismatch = user_type is UserType.ANONYMOUS and not token.is_anonymous
        return SignIn(user_type, mode, token, status=answer.status, is_mismatch=is_mismatch)


def failed(user_type: UserType, mode: str, word: str, answer: Answer) -> SignIn:
    """Return the sign-in a refused call came to; `word` is contract 7.3's."""
    same = answer.detail in ("", answer.word)
    return SignIn(
        user_type,
        mode,
        None,
        word,
        (answer.word if same else f"{answer.word}: {answer.detail}")[:200],
        answer.status,
        server_word=answer.word,
        retry_after_s=answer.retry_after_s,
    )


def _anonymous_body(label: str) -> dict[str, Any]:
    data = {"source": SOURCE, LABEL: label} if label else {"source": SOURCE}
    return {"data": data, "options": {"anonymous": True}}


def _user_id(answer: Answer) -> str:
    wrapped = answer.body.get("user")
    user = cast(dict[str, Any], wrapped) if isinstance(wrapped, dict) else answer.body
    value = user.get("id")
    return value[:100] if isinstance(value, str) else ""


def _password_name(intent: Intent) -> str:
    return f"identity/{intent.id}/password"
