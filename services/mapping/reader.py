"""Reader: what every mapping says now, what a request gets, and what a change would do."""

from collections.abc import Iterable, Mapping, Sequence

from services.foundation.clock import Clock
from services.foundation.errors import InputError, NotFoundError
from services.mapping import outlook, transfer
from services.mapping.edits import checked
from services.mapping.resolver import Resolver
from services.mapping.types import (
    Coverage,
    Explanation,
    Flaw,
    Impact,
    ImportPlan,
    MappedModel,
    MappingEdit,
    ModelMapping,
    Problem,
    RequestContext,
    Resolution,
    Skipped,
    Trace,
)
from services.models.rules import MODEL_MAX, plain_text
from services.models.service import Models
from services.models.types import Endpoint

_NOBODY = RequestContext()


class MappingReader:
    """The stored mappings and the resolver over them, both in memory; it writes nothing."""

    def __init__(self, clock: Clock, models: Models) -> None:
        """Start without mappings."""
        self._clock = clock
        self._models = models
        self._by_id: dict[str, ModelMapping] = {}
        self._resolver = Resolver({}, ())
        self._trials: dict[str, tuple[Resolver, RequestContext]] = {}

    def all(self) -> tuple[ModelMapping, ...]:
        """Return every mapping, also inactive ones, by id."""
        return tuple(self._by_id.values())

    def get(self, mapping_id: str) -> ModelMapping | None:
        """Return the mapping, or None; `tenant:x` is read as `mapping:x`."""
        return self._by_id.get(_normal_id(mapping_id))

    def mapped(self, include_inactive: bool = False) -> tuple[MappedModel, ...]:  # noqa: FBT001, FBT002  # the name is part of the shared API
        """Return one row a key that a client may ask for; with include_inactive the others too."""
        return self._resolver.mapped(include_inactive=include_inactive)

    def resolve(self, key: str, context: RequestContext = _NOBODY) -> Resolution | None:
        """Return what a request for the key gets now, or None: it must be refused."""
        return self._resolver.explain(key, context).resolution

    def explain(self, key: str, context: RequestContext = _NOBODY) -> Explanation:
        """Return every step from the key to its model, also when it gets none."""
        return self._resolver.explain(key, context)

    def trace(self, key: str, context: RequestContext = _NOBODY) -> Trace:
        """Return what explain() says, and what became of each scope in the stated order."""
        return outlook.trace(self._resolver, key, context)

    def problems(self) -> tuple[Problem, ...]:
        """Return every reference that leads nowhere now, by mapping id."""
        return outlook.problems(self._resolver)

    def coverage(self) -> Coverage:
        """Return the resolver's own numbers."""
        return outlook.coverage(self._resolver)

    @property
    def offered(self) -> tuple[str, ...]:
        """Every model a request can get now, sorted."""
        return self._resolver.offered

    def flaw_of(self, model: str) -> Flaw | None:
        """Return why nobody is routed to the model, or None."""
        return self._resolver.flaw_of(model)

    # -- what a change would do

    def impact(
        self,
        *,
        endpoints: Sequence[Endpoint] | None = None,
        blocked: Iterable[str] | None = None,
        edits: Iterable[MappingEdit] = (),
        deleted: Iterable[str] = (),
    ) -> Impact:
        """Return what these endpoints, blocked models or mappings would do to every key.

        What is not given stays as it is. Raise InputError for an edit that cannot be stored.
        """
        after = Resolver(
            self._with(edits, deleted),
            self._models.endpoints if endpoints is None else tuple(endpoints),
            self._models.blocked if blocked is None else frozenset(blocked),
            self._models.allows_test_endpoints,
            self._models.routes_strictly,
        )
        return outlook.impact(self._resolver, after)

    def candidate(self, edits: Iterable[MappingEdit], deleted: Iterable[str] = ()) -> Resolver:
        """Return the resolver as it would be with these edits; raise InputError."""
        return self._build(self._with(edits, deleted))

    def begin_trial(self, trial_id: str, resolver: Resolver, context: RequestContext) -> None:
        """Let requests of the operator that carry the id be resolved as if this were active."""
        self._trials[trial_id] = (resolver, context)

    def end_trial(self, trial_id: str) -> None:
        """Forget the trial."""
        self._trials.pop(trial_id, None)

    def resolve_trial(self, trial_id: object, key: str) -> Resolution | None:
        """Return what the key would get in a trial; None also when there is no such trial."""
        found = self._trials.get(trial_id) if isinstance(trial_id, str) else None
        return None if found is None else found[0].explain(key, found[1]).resolution

    def _with(
        self, edits: Iterable[MappingEdit], deleted: Iterable[str]
    ) -> dict[str, ModelMapping]:
        gone = {_normal_id(mapping_id) for mapping_id in deleted}
        mappings = {i: one for i, one in self._by_id.items() if i not in gone}
        for edit in edits:
            mapping = checked(edit)
            mappings[mapping.id] = mapping
        return mappings

    def replacing(self, mapping_ids: Iterable[str], old: str, new: str) -> list[MappingEdit]:
        """Return the edits that put a model in another's place (empty: leave it out); raise InputError."""
        wanted = plain_text(new, "new", MODEL_MAX)
        found = (transfer.replaced(self._known(one), old, wanted) for one in mapping_ids)
        return [edit for edit in found if edit is not None]

    def plan_import(self, content: bytes) -> ImportPlan:
        """Return what a file would add and change; raise InputError when it cannot be read."""
        read: list[MappingEdit | Skipped] = []
        for row in transfer.read_rows(content):
            try:
                read.append(checked(transfer.to_edit(row)).as_edit())
            except InputError as error:
                read.append(transfer.skipped(row, error.message))
        return transfer.plan(self._by_id, read)

    def export_text(self) -> str:
        """Return every mapping as a JSON file that plan_import() takes."""
        return transfer.export_text(self._by_id.values(), self._clock.now())

    def _known(self, mapping_id: str) -> ModelMapping:
        known = self.get(mapping_id)
        if known is None:
            raise missing(mapping_id)
        return known

    def _build(self, mappings: Mapping[str, ModelMapping]) -> Resolver:
        return Resolver(
            mappings,
            self._models.endpoints,
            self._models.blocked,
            self._models.allows_test_endpoints,
            self._models.routes_strictly,
        )


def _normal_id(mapping_id: str) -> str:
    return f"mapping:{mapping_id[7:]}" if mapping_id.startswith("tenant:") else mapping_id


def missing(mapping_id: str) -> NotFoundError:
    """Return what is said of a mapping that does not exist."""
    return NotFoundError("There is no mapping {id}", id=mapping_id)
