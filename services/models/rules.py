"""Pure: which addresses and names an endpoint may have, and what its address becomes."""

import ipaddress
import re
from urllib.parse import urlsplit

from services.foundation.errors import InputError
from services.models.types import DEMO_PROTOCOL, Endpoint
from services.suppliers.requests import versioned
from services.wire.address import is_forbidden_ip, is_local_ip

PROTOCOLS = ("openai", "claude", DEMO_PROTOCOL)
NAME_MAX = 200
URL_MAX = 500
MODEL_MAX = 300
MODELS_MAX = 2_000
TIMEOUT_MAX_S = 600
KEY_MAX = 2_000
_ENDINGS = ("/chat/completions", "/completions", "/messages", "/embeddings", "/models", "/v1")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_EMBEDDING_STARTS = ("text-embedding-", "embedding-", "embed-", "voyage-")


def plain_text(value: str, field: str, longest: int) -> str:
    """Return the text without outer blanks; raise InputError when too long or not printable."""
    text = value.strip()
    if _CONTROL.search(text):
        raise InputError("Must not contain control characters", field=field)
    if len(text) > longest:
        raise InputError("At most {longest} characters", field=field, longest=longest)
    return text


def normal_base_url(value: str) -> str:
    """Return the supplier's base without `/v1`, `/chat/completions` and the like.

    Raise InputError for anything but http or https, for user names in the address, and for
    addresses that are never contacted (link-local, metadata, unspecified).
    """
    text = plain_text(value, "base_url", URL_MAX)
    host, port = _host_and_port(text)
    parts = urlsplit(text)
    if _is_forbidden(host):
        raise InputError(
            "{host} is never contacted: it is a link-local, metadata or unspecified address",
            field="base_url",
            host=host,
        )
    path = parts.path.rstrip("/")
    while ending := next((end for end in _ENDINGS if path.endswith(end)), ""):
        path = path[: -len(ending)].rstrip("/")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme.lower()}://{shown}{f':{port}' if port else ''}{path}"


def is_local_host(host: str) -> bool:
    """Return whether the host spells this machine or a private network, without asking anybody."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = _as_ip(name)
    return address is not None and is_local_ip(str(address))


def plain_key(value: str) -> str:
    """Return the key without outer blanks; raise InputError when it cannot travel in a header."""
    key = value.strip()
    if len(key) > KEY_MAX or any(ch <= " " or ch > "~" for ch in key):
        raise InputError("An API key has no blanks and only ASCII characters", field="api_key")
    return key


def model_names(values: tuple[str, ...], field: str = "model_list") -> tuple[str, ...]:
    """Return the names trimmed, in order, without doubles and blanks; raise InputError."""
    if len(values) > MODELS_MAX:
        raise InputError("At most {count} models", field=field, count=MODELS_MAX)
    names = (plain_text(value, field, MODEL_MAX) for value in values)
    return tuple(dict.fromkeys(name for name in names if name))


def is_embedding_like(model: str) -> bool:
    """Return whether the name says that the model answers with vectors, not text."""
    name = model.lower()
    return name.startswith(_EMBEDDING_STARTS) or "embedding" in name


def is_usable(endpoint: Endpoint) -> bool:
    """Return whether a request may be routed there, its name apart (contract 5.2, step 4)."""
    has_key = endpoint.has_api_key or endpoint.is_demo
    return endpoint.is_active and has_key and endpoint.status != "offline"


def provider_of(endpoint: Endpoint) -> str:
    """Return openai, claude, xai, gemini or demo."""
    if endpoint.is_demo:
        return "demo"
    if endpoint.provider_protocol == "claude":
        return "claude"
    host = (urlsplit(endpoint.base_url).hostname or "").lower()
    if host == "x.ai" or host.endswith(".x.ai"):
        return "xai"
    if host.startswith("generativelanguage.") or host.endswith("-aiplatform.googleapis.com"):
        return "gemini"
    return "openai"


def dialect_of(endpoint: Endpoint) -> str:
    """Return the request shape this endpoint speaks."""
    is_claude = endpoint.provider_protocol == "claude"
    return "anthropic.messages" if is_claude else "openai.chat_completions"


def resolved_addresses(base_url: str, protocol: str) -> dict[str, str]:
    """Return the full addresses that requests go to; empty for the demo supplier."""
    if not base_url:
        return {}
    root = versioned(base_url)
    if protocol == "claude":
        return {"chat_completions": f"{root}/messages", "models": f"{root}/models"}
    return {
        "chat_completions": f"{root}/chat/completions",
        "completions": f"{root}/completions",
        "models": f"{root}/models",
        "embeddings": f"{root}/embeddings",
    }


def _host_and_port(text: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or ""), parts.port
    except ValueError:
        raise InputError("This is not a web address", field="base_url") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise InputError("The address must begin with http:// or https://", field="base_url")
    if parts.username is not None or parts.password is not None:
        raise InputError("The address must not hold a user name or password", field="base_url")
    if not host or re.search(r"[\s\\<>\"^`{|}]", host):
        raise InputError("The address must name a host", field="base_url")
    if parts.query or parts.fragment:
        raise InputError("The address must not hold ? or #", field="base_url")
    return host, port


def _is_forbidden(host: str) -> bool:
    address = _as_ip(host)
    if address is None:
        return host in ("metadata.google.internal", "metadata")
    return is_forbidden_ip(str(address))


def _as_ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address a host spells, also in the old forms 127.1, 0x7f000001 and 2130706433."""
    try:
        return ipaddress.ip_address(host.split("%", 1)[0])
    except ValueError:
        pass
    parts = host.rstrip(".").split(".")
    numbers = [_old_number(part) for part in parts]
    if len(parts) > 4 or any(number is None for number in numbers):
        return None
    values = [number or 0 for number in numbers]
    total = 0
    for value in values[:-1]:
        total = total * 256 + value
    total = total * 256 ** (5 - len(values)) + values[-1]
    return ipaddress.IPv4Address(total) if total < 2**32 else None


def _old_number(text: str) -> int | None:
    """Return a decimal, 0x… or 0… number of an address part, or None."""
    try:
        if text.lower().startswith("0x"):
            return int(text[2:] or "0", 16)
        if len(text) > 1 and text.startswith("0"):
            return int(text, 8)
        return int(text) if text.isdigit() else None
    except ValueError:
        return None
