"""Models: the supplier endpoints, their keys, the one default, and the blocked models."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from db.engine import Database
from db.errors import RowNotFoundError
from db.queries import config as config_queries
from db.queries import models as queries
from db.tables.models import EndpointRow
from services.audit.books import Books
from services.foundation.clock import Clock
from services.foundation.errors import ConflictError, InputError, NotFoundError
from services.foundation.inputs import copy_name
from services.foundation.redact import redact
from services.foundation.signals import Signal
from services.foundation.storing import stored
from services.models import address, listings, rows, rules, seeds
from services.models.types import AddressNote, Endpoint, EndpointEdit, Listing, ListingChange
from services.secrets.service import Secrets
from services.settings.service import Settings
from services.suppliers.types import ProbeResult, ProbeState

_log = logging.getLogger(__name__)
PROBE_MAX_S = 10.0


class Prober(Protocol):
    """Who can look at an endpoint (Suppliers)."""

    async def probe(
        self, *, base_url: str, protocol: str, api_key: str, timeout_s: float, allows_local: bool
    ) -> ProbeResult:
        """Return what a look at the endpoint shows; never raises for the network."""
        ...


class Models:
    """A snapshot of every endpoint in memory; every change is on disk before it is announced."""

    def __init__(
        self, database: Database, clock: Clock, secrets: Secrets, settings: Settings
    ) -> None:
        """Start without endpoints; load() reads what is stored."""
        self._database = database
        self.books = Books(database, clock)
        self._clock = clock
        self._secrets = secrets
        self._settings = settings
        self._lock = asyncio.Lock()
        self._by_id: dict[int, Endpoint] = {}
        self.endpoints: tuple[Endpoint, ...] = ()
        self.blocked: frozenset[str] = frozenset()
        self.checking: frozenset[int] = frozenset()  # endpoints that are looked at now
        self.listings: Mapping[int, Listing] = {}  # what each said of itself when last asked
        self.changed: Signal[None] = Signal("models.changed")
        self.checking_changed: Signal[int] = Signal("models.checking_changed")

    def load(self) -> None:
        """Write the start data once, then read every endpoint."""
        self._seed()
        stored = self._database.read_now(queries.all_endpoints)
        self.blocked = frozenset(self._database.read_now(queries.blocked_models))
        self._show(stored)

    def endpoint(self, endpoint_id: int) -> Endpoint | None:
        """Return the endpoint, or None when there is none of that id."""
        return self._by_id.get(endpoint_id)

    def api_key(self, endpoint_id: int) -> str:
        """Return the stored key, empty when there is none."""
        return self._secrets.get(_key_name(endpoint_id)) or ""

    @property
    def routes_strictly(self) -> bool:
        """Whether a mapping with nothing left gets no other model in its place."""
        return self._settings.env.strict_routing

    @property
    def allows_test_endpoints(self) -> bool:
        """Whether endpoints named as tests take part in routing."""
        return self._settings.env.allow_test_endpoints

    async def save(self, edit: EndpointEdit) -> Endpoint:
        """Return the stored endpoint; raise InputError naming the field, or NotFoundError."""
        async with self._lock:
            present = None if edit.id is None else self._known(edit.id)
            change = rows.to_change(edit, present)
            key = None if edit.api_key is None else rules.plain_key(edit.api_key)
            if change.clears_key and present is not None:  # before the new address is in use
                await self._keep_key(present.id, "")
            now = self._clock.now()
            row = await stored(
                self.books.write(
                    "model",
                    lambda session: queries.save_endpoint(session, edit.id, change.values, now),
                    notes=rows.key_note(key, clears=change.clears_key),
                    secret=key or "",
                )
            )
            if key is not None:
                await self._keep_key(row.id or 0, key)
            if "status" in change.values:  # another address: what the former one listed is not its
                self.listings = {i: one for i, one in self.listings.items() if i != row.id}
            await self._reload()
        self.changed.emit(None)
        return self._by_id[row.id or 0]

    async def duplicate(self, endpoint_id: int) -> Endpoint:
        """Return a copy under a free name, switched off, with the same key for the same address."""
        known = self._known(endpoint_id)
        taken = [endpoint.name for endpoint in self.endpoints]
        edit = EndpointEdit(
            name=copy_name(known.name, taken, rules.NAME_MAX),
            base_url=known.base_url,
            provider_protocol=known.provider_protocol,
            model=known.model,
            model_list=known.model_list,
            api_key=self.api_key(endpoint_id) or None,
            is_active=False,
            timeout=known.timeout,
            description=known.description,
            allows_local=known.allows_local,
        )
        return await self.save(edit)

    async def look_at_address(self, base_url: str) -> AddressNote:
        """Return what a typed address would become; raise InputError when it cannot be used."""
        return await address.look_at(base_url)

    async def delete(self, endpoint_id: int) -> None:
        """Remove the endpoint with its key; another one becomes default; raise NotFoundError."""
        async with self._lock:
            self._known(endpoint_id)
            now = self._clock.now()
            try:
                await stored(
                    self.books.write(
                        "model", lambda session: queries.delete_endpoint(session, endpoint_id, now)
                    )
                )
            except RowNotFoundError:
                raise _missing(endpoint_id) from None
            await self._keep_key(endpoint_id, "")
            await self._reload()
        self.changed.emit(None)

    async def set_status(self, endpoint_id: int, result: ProbeResult) -> Endpoint:
        """Return the endpoint with what a probe showed; raise NotFoundError.

        A refused key leaves it online for routing, flagged by last_error (contract 10.2).
        """
        endpoint = self._known(endpoint_id)
        is_offline = result.state is ProbeState.OFFLINE
        values: dict[str, Any] = {
            "status": "offline" if is_offline else "online",
            "latency_ms": None if is_offline else result.latency_ms,
            "last_checked_at": self._clock.now(),
            "last_error": redact(result.error, self._secrets.known_values())[:500] or None,
        }
        self._note_listing(endpoint_id, result)
        if result.models and not endpoint.model_list and not endpoint.is_demo:  # nothing to lose
            values["model_list"] = list(result.models[: rules.MODELS_MAX])
        await stored(
            self._database.write(lambda session: queries.set_probe(session, endpoint_id, values))
        )
        if "model_list" in values:
            values["model_list"] = tuple(values["model_list"])
        async with self._lock:  # one row, not all of them: a probe of many endpoints stays cheap
            seen = replace(self._known(endpoint_id), **values)
            self.endpoints = tuple(seen if e.id == endpoint_id else e for e in self.endpoints)
            self._by_id[endpoint_id] = seen
        self.changed.emit(None)
        return seen

    async def check(self, endpoint_id: int, prober: Prober) -> Endpoint:
        """Return the endpoint after a look at it; raise NotFoundError.

        Its stored list of models is filled when it is empty and never changed otherwise: see
        listing_change() and apply_listing().
        """
        endpoint = self._known(endpoint_id)
        self._mark(endpoint_id, is_checking=True)
        try:
            result = await prober.probe(
                base_url=endpoint.base_url,
                protocol=endpoint.provider_protocol,
                api_key=self.api_key(endpoint_id),
                timeout_s=min(float(endpoint.timeout), PROBE_MAX_S),
                allows_local=endpoint.allows_local,
            )
        finally:
            self._mark(endpoint_id, is_checking=False)
        now = self._known(endpoint_id)
        if (now.base_url, now.provider_protocol) != (endpoint.base_url, endpoint.provider_protocol):
            return now  # it was changed meanwhile: what was seen is another address's
        return await self.set_status(endpoint_id, result)

    def listing_change(self, endpoint_id: int) -> ListingChange | None:
        """Return how its own list differs from the stored one; None when it never listed any."""
        endpoint, listing = self._by_id.get(endpoint_id), self.listings.get(endpoint_id)
        if endpoint is None or listing is None or endpoint.is_demo:
            return None
        return listings.change_of(endpoint, listing)

    def listing_changes(self) -> dict[int, ListingChange]:
        """Return the endpoints whose own list differs from the stored one."""
        found = {i: self.listing_change(i) for i in self.listings}
        return {i: change for i, change in found.items() if change and not change.is_empty}

    @property
    def embedding(self) -> frozenset[str]:
        """Names of offered models that answer with vectors and are never routed to."""
        names = {name for endpoint in self.endpoints for name in endpoint.offered}
        return frozenset(filter(rules.is_embedding_like, names))

    async def apply_listing(self, change: ListingChange) -> Endpoint:
        """Return the endpoint with the list that was shown; raise ConflictError when it is outdated."""
        if self.listing_change(change.endpoint_id) != change:
            raise ConflictError("The list of models has changed meanwhile; look at it again")
        return await self.save(
            EndpointEdit(id=change.endpoint_id, model_list=change.models, model=change.model)
        )

    async def reload(self) -> None:
        """Read every endpoint again after somebody else wrote them (a sync, an import)."""
        async with self._lock:
            await self._reload()
            self.blocked = frozenset(await stored(self._database.read(queries.blocked_models)))
        self.changed.emit(None)

    async def set_blocked(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the models nobody is routed to from now on, sorted; raise InputError."""
        wanted = rules.model_names(tuple(names), "blocked")
        now = self._clock.now()
        await stored(
            self.books.write(
                "blocked", lambda session: queries.replace_blocked(session, wanted, now)
            )
        )
        self.blocked = frozenset(wanted)
        self.changed.emit(None)
        return tuple(sorted(wanted))

    def _note_listing(self, endpoint_id: int, result: ProbeResult) -> None:
        if result.state is ProbeState.ONLINE and (result.models or result.embedding_models):
            listing = Listing(result.models, result.embedding_models, self._clock.now())
            self.listings = {**self.listings, endpoint_id: listing}

    def _mark(self, endpoint_id: int, *, is_checking: bool) -> None:
        mine = frozenset({endpoint_id})
        self.checking = self.checking | mine if is_checking else self.checking - mine
        self.checking_changed.emit(endpoint_id)

    def _known(self, endpoint_id: int) -> Endpoint:
        endpoint = self._by_id.get(endpoint_id)
        if endpoint is None:
            raise _missing(endpoint_id)
        return endpoint

    async def _keep_key(self, endpoint_id: int, key: str) -> None:
        await asyncio.to_thread(self._secrets.put, _key_name(endpoint_id), key)

    async def _reload(self) -> None:
        self._show(await stored(self._database.read(queries.all_endpoints)))

    def _show(self, stored: list[EndpointRow]) -> None:
        self.endpoints = tuple(
            rows.to_endpoint(row, self._secrets.masked(_key_name(row.id or 0))) for row in stored
        )
        self._by_id = {endpoint.id: endpoint for endpoint in self.endpoints}

    def _seed(self) -> None:
        """Write the demo endpoint and the environment's one, each once in the life of the store."""
        done = self._database.read_now(config_queries.read_app_settings)
        now = self._clock.now()
        for name, edit in seeds.wanted(self._settings.env.first_endpoint):
            if done.get(name):
                continue
            try:
                values = rows.to_change(edit, None).values
            except InputError as error:
                _log.warning("the endpoint of AI_PROVIDER cannot be made: %s", error)
                continue
            row = self._database.write_now(seeds.writing(name, values, now))
            if edit.api_key:
                self._secrets.put(_key_name(row.id or 0), edit.api_key)


def _key_name(endpoint_id: int) -> str:
    return f"endpoint/{endpoint_id}/api_key"


def _missing(endpoint_id: int) -> NotFoundError:
    return NotFoundError("There is no endpoint {id}", id=endpoint_id)
