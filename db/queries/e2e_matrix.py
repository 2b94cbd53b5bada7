"""The matrix in one covering-index read: each launch's cells joined into three texts."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import String, cast, func
from sqlmodel import Session, SQLModel, select

from db.tables.e2e_runs import E2E_CELLS

SEPARATOR = "\x1f"  # never part of a stored model key
_CELLS = SQLModel.metadata.tables[E2E_CELLS].c


@dataclass(frozen=True, slots=True)
class LaunchCells:
    """The cells of one launch: three texts of as many pieces as there are cells, in one order."""

    launch_no: int
    keys: str  # first letter of the user type + model key, SEPARATOR between
    codes: str  # one status character a cell
    latencies: str  # milliseconds or nothing, a comma between


def launch_cells(
    session: Session,
    launch_nos: Sequence[int],
    models: Sequence[str] = (),
    user_types: Sequence[str] = (),
) -> list[LaunchCells]:
    """Return the cells of the launches; empty filters mean all. Reads no table, only the index."""
    if not launch_nos:
        return []
    key = func.substr(_CELLS.user_type, 1, 1) + _CELLS.model_key
    latency = func.coalesce(cast(_CELLS.latency_ms, String), "")
    query = (
        select(
            _CELLS.launch_no,
            func.aggregate_strings(key, SEPARATOR),
            func.aggregate_strings(_CELLS.status_code, ""),
            func.aggregate_strings(latency, ","),
        )
        .where(_CELLS.launch_no.in_(list(launch_nos)))
        .group_by(_CELLS.launch_no)
        .order_by(_CELLS.launch_no)
    )
    if models:
        query = query.where(_CELLS.model_key.in_(list(models)))
    if user_types:
        query = query.where(_CELLS.user_type.in_(list(user_types)))
    rows = session.connection().execute(query)
    return [LaunchCells(number, keys, codes, latencies) for number, keys, codes, latencies in rows]


def providers_of(session: Session, launch_nos: Sequence[int]) -> dict[str, tuple[str, bool]]:
    """Return each model's provider and whether it is the demo's, as its newest launch says.

    The name of our own endpoint stands for the provider where it was kept.
    """
    endpoint = _CELLS.details_json["endpoint_name"].as_string()
    query = (
        select(_CELLS.model_key, func.coalesce(endpoint, _CELLS.provider), _CELLS.is_demo)
        .where(_CELLS.launch_no.in_(list(launch_nos)))
        .order_by(_CELLS.launch_no)
    )
    found: dict[str, tuple[str, bool]] = {}
    for model_key, provider, is_demo in session.connection().execute(query):
        if provider or is_demo or model_key not in found:
            found[model_key] = (provider, is_demo)
    return found
