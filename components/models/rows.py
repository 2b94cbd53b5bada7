"""Endpoints as rows of the big table, their models as the lines under them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.primitives.big_table import BigColumn, RowAct
from components.primitives.formats import duration_text, epoch_ms, moment_text
from components.status.looks import ENDPOINT_LOOKS, look_props
from components.words import tr
from services.models.types import Endpoint, EndpointState, ListingChange

KEYS_SHOWN = 12  # keys named beside a model
_BAD = frozenset(
    {EndpointState.OFFLINE, EndpointState.SIGN_IN_FAILED, EndpointState.MODELS_NOT_LISTED}
)


@dataclass(frozen=True, slots=True)
class CatalogueView:
    """What the table shows beside the endpoints themselves."""

    zone: str
    keys_of: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    blocked: Collection[str] = ()
    embedding: Collection[str] = ()
    checking: Collection[int] = ()
    changes: Mapping[int, ListingChange] = field(default_factory=dict[int, ListingChange])


def columns() -> list[BigColumn]:
    """Return the columns of contract 5.1, view=endpoints; the rest stands in the drawer."""
    return [
        BigColumn("name", tr("Name"), "name"),
        BigColumn("state", tr("State"), "look", "128px"),
        BigColumn("latency", tr("Latency"), width="84px", end=True, from_px=940),
        BigColumn("checked", tr("Checked"), "age", "104px", from_px=860),
        BigColumn("address", tr("Address"), mono=True, width="22%", from_px=680),
        BigColumn("protocol", tr("Protocol"), width="92px", from_px=1240),
        BigColumn("model", tr("Default model"), mono=True, width="176px", from_px=1300),
        BigColumn("models", tr("Models"), width="80px", end=True, from_px=520),
        BigColumn("key", tr("Key"), width="132px", mono=True, from_px=1440),
        BigColumn("sync", tr("Sync"), width="112px", from_px=1600),
        BigColumn("on", tr("On"), "switch", "64px"),
    ]


def acts() -> list[RowAct]:
    """Return the icons at the end of a row and of a model's line."""
    return [
        RowAct("probe", "network_check", tr("Probe"), letter="r"),
        RowAct("edit", "edit", tr("Edit"), letter="e"),
        RowAct("block", "block", tr("Block: route nobody here"), kid=True, only=True),
        RowAct("unblock", "check_circle", tr("Unblock"), kid=True, only=True),
    ]


def endpoint_rows(endpoints: Sequence[Endpoint], view: CatalogueView) -> list[dict[str, Any]]:
    """Return one row an endpoint, the default first."""
    ordered = sorted(endpoints, key=lambda e: (not e.is_default, e.is_demo, e.id))
    return [_row(endpoint, view) for endpoint in ordered]


def state_of(endpoint: Endpoint, checking: Collection[int]) -> EndpointState:
    """Return what is known of it, or that it is looked at now."""
    return EndpointState.CHECKING if endpoint.id in checking else endpoint.state


def sync_word(status: str) -> str:
    """Return the stored sync status in the page's language; what is unknown stays as it is."""
    words = {
        "unsynced": tr("Local only"),
        "pending_sync": tr("Waiting"),
        "synced": tr("In step"),
        "skipped:overwrite_disabled": tr("Left as it is"),
    }
    if status.startswith("error:"):
        return tr("Failed: {reason}", reason=status[6:])
    return words.get(status, status)


def _row(endpoint: Endpoint, view: CatalogueView) -> dict[str, Any]:
    state = state_of(endpoint, view.checking)
    is_bad = state in _BAD and endpoint.is_active
    row: dict[str, Any] = {
        "id": str(endpoint.id),
        "name": endpoint.name,
        "name_tags": _tags(endpoint, view.changes.get(endpoint.id)),
        "state": look_props(ENDPOINT_LOOKS[str(state)]),
        "state_title": endpoint.last_error or None,
        "latency": None if endpoint.latency_ms is None else duration_text(endpoint.latency_ms),
        "checked": epoch_ms(endpoint.last_checked_at),
        "checked_title": moment_text(endpoint.last_checked_at, view.zone),
        "address": endpoint.base_url,
        "protocol": protocol_word(endpoint.provider_protocol),
        "model": endpoint.model,
        "models": len(endpoint.offered),
        "key": endpoint.api_key_masked,
        "sync": sync_word(endpoint.sync_status),
        "on": endpoint.is_active,
        "off": not endpoint.is_active,
        "facets": _facets(endpoint, is_bad=is_bad),
    }
    if endpoint.offered:
        row["kids"] = [_kid(name, endpoint, view) for name in endpoint.offered]
    return row


def protocol_word(protocol: str) -> str:
    """Return a short name of the protocol."""
    return {"openai": "OpenAI", "claude": "Anthropic", "demo": tr("Demo")}.get(protocol, protocol)


def _facets(endpoint: Endpoint, *, is_bad: bool) -> list[str]:
    found = ["problem"] if is_bad or _lacks_key(endpoint) else []
    return found if endpoint.is_active else [*found, "off"]


def _lacks_key(endpoint: Endpoint) -> bool:
    return endpoint.is_active and not endpoint.is_demo and not endpoint.has_api_key


def _tags(endpoint: Endpoint, change: ListingChange | None) -> list[list[str]]:
    tags: list[list[str]] = []
    if endpoint.is_demo:
        tags.append([tr("Demo"), "", tr("Built in: it answers without a network")])
    if endpoint.is_default:
        tags.append([tr("Default"), "", tr("Asked first where several offer a model")])
    if _lacks_key(endpoint):
        tags.append([tr("No key"), "slow", tr("Nothing is routed here without a key")])
    if change is not None and not change.is_empty:
        text = f"+{len(change.added)} −{len(change.gone)}"
        tags.append([text, "slow", tr("Its own list of models differs from the stored one")])
    return tags


def _kid(name: str, endpoint: Endpoint, view: CatalogueView) -> dict[str, Any]:
    tags: list[list[str]] = []
    if name == endpoint.model:
        tags.append([tr("Default"), ""])
    is_blocked = name in view.blocked
    if is_blocked:
        tags.append([tr("Blocked"), "slow"])
    if name in view.embedding:
        tags.append([tr("Embedding"), ""])
    change = view.changes.get(endpoint.id)
    if change is not None and name in change.gone:
        tags.append([tr("No longer listed"), "slow"])
    return {
        "text": name,
        "tags": tags,
        "note": _keys_text(view.keys_of.get(name, ())),
        "can": ["unblock" if is_blocked else "block"],
    }


def _keys_text(keys: Sequence[str]) -> str:
    if not keys:
        return ""
    shown = ", ".join(keys[:KEYS_SHOWN])
    more = len(keys) - KEYS_SHOWN
    if more > 0:
        shown += " " + tr("and {n} more", n=more)
    return "← " + shown
