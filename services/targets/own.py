"""Where our own gateway and its sign-in are reached from this machine."""

from dataclasses import dataclass

from services.foundation.errors import InputError
from services.settings.types import E2eEnv, Env
from services.targets import rules

_EVERYWHERE = ("0.0.0.0", "", "localhost", "127.0.0.1")
_EVERYWHERE_V6 = ("::", "::1")


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """The address of our own API and of the sign-in whose tokens it takes."""

    api_base: str
    auth_url: str
    is_embedded: bool  # the sign-in is our own, with our own keys


def own_address(env: Env) -> OwnAddress:
    """Return the loopback address of this process; the sign-in is Supabase's where that is set."""
    if env.host in _EVERYWHERE:
        host = "127.0.0.1"
    elif env.host in _EVERYWHERE_V6:
        host = "[::1]"
    else:
        host = f"[{env.host}]" if ":" in env.host else env.host
    origin = f"http://{host}:{env.port}"
    is_embedded = env.embedded_auth or not env.e2e.supabase_url
    auth_url = origin if is_embedded else env.e2e.supabase_url.rstrip("/")
    return OwnAddress(f"{origin}/api/v1", auth_url, is_embedded)


def named_addresses(named: E2eEnv) -> tuple[str, str]:
    """Return API and sign-in address of the environment; raise InputError naming the variable."""
    variable = "E2E_API_BASE"
    try:
        api_base = rules.read_api_base(named.api_base)
        variable = "E2E_SUPABASE_URL"
        return api_base, rules.read_auth_url(named.supabase_url or rules.origin_of(api_base))
    except InputError as error:
        raise InputError(
            "{variable} is wrong: {reason}", field=variable, variable=variable, reason=str(error)
        ) from error
