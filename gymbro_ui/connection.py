"""Test of a connection: one anonymous sign-in and one look at the models of a service under test."""

from typing import TYPE_CHECKING

from components.settings.target_form import Tested
from components.status.reasons import reason_text
from components.words import tr, trn
from services.accounts.types import UserType
from services.chat.types import ModelList
from services.foundation.actor import ensure_may_change
from services.identities.types import SignIn
from services.targets.types import TargetEdit

if TYPE_CHECKING:
    from services.console import Console

_NOBODY = "none"  # sent where there is no token: a refusal still shows that the API is there
LIST_S = 15.0


async def try_target(console: "Console", edit: TargetEdit) -> Tested:
    """Return what works with these values; nothing is stored; raise InputError naming the field."""
    ensure_may_change()  # it makes a user there
    target = console.targets.drafted(edit)
    method = console.settings.preferences.e2e_anon_method
    signed = await console.identities.sign_in(target, UserType.ANONYMOUS, anon_method=method)
    try:
        token = _NOBODY if signed.token is None else signed.token.access_token
        models = await console.chat.list_models(target.api_base, token, LIST_S)
    finally:
        await console.identities.release(target, signed)
    return Tested(is_good=_is_good(signed, models), text=_sentence(signed, models))


def _is_good(signed: SignIn, models: ModelList) -> bool:
    return signed.token is not None and not models.error and bool(models.keys)


def _sentence(signed: SignIn, models: ModelList) -> str:
    if signed.token is None:
        return _signed_out(signed, models)
    count = len(models.keys)
    if not models.error:
        if not count:
            return tr("Sign-in works and the API answers, but no model is mapped there.")
        listed = trn("{n} model", "{n} models", count)
        return tr("Sign-in works, the API answers: {models}.", models=listed)
    why = models.error_text or reason_text(models.error)
    if models.status is None:
        return tr("Sign-in works, but the API cannot be reached: {reason}", reason=why)
    return tr("Sign-in works and the API answers, but lists no models: {reason}", reason=why)


def _signed_out(signed: SignIn, models: ModelList) -> str:
    word = reason_text(signed.error)
    why = f"{word} ({signed.detail})" if signed.detail else word
    if models.status is None:
        return tr("Neither sign-in nor the API works: {reason}", reason=why)
    return tr("The API answers, but sign-in does not work: {reason}", reason=why)
