"""The columns of a table as a journal record carries them: JSON in, the column's own type out."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Float, Integer, Table
from sqlmodel import SQLModel

from db.columns import UtcDateTime

_NAMES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def table_of(name: str) -> Table:
    """Return the table of that name; raise ValueError when there is none."""
    table = SQLModel.metadata.tables.get(name)
    if table is None:
        raise ValueError(f"there is no table {name[:60]}")
    return table


def restore(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row with each value as its column takes it; raise ValueError naming the column."""
    restored: dict[str, Any] = {}
    for name, value in row.items():
        column = table.columns.get(name)
        if column is None:
            raise ValueError(f"{table.name} has no column {name[:60]}")
        restored[name] = _restore(column, value)
    return restored


def _restore(column: Column[Any], value: Any) -> Any:
    if value is None:
        if not column.nullable:
            raise ValueError(f"{column.name} may not be null")
        return None
    try:
        return _reader(column)(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{column.name}: {error}") from error


def _reader(column: Column[Any]) -> Callable[[Any], Any]:
    readers: dict[str, Callable[[Any], Any]] = {
        "datetime": _moment,
        "date": date.fromisoformat,
        "json": _same,
        "boolean": partial(_of, bool),
        "integer": _whole,
        "number": _number,
        "text": partial(_of, str),
    }
    return readers[kind_of(column)]


def kind_of(column: Column[Any]) -> str:
    """Return datetime, date, json, boolean, integer, number or text: how a record writes it."""
    kinds: tuple[tuple[Any, str], ...] = (
        (UtcDateTime, "datetime"),
        (Date, "date"),
        (JSON, "json"),
        (Boolean, "boolean"),
        (Float, "number"),
        (Integer, "integer"),
    )
    return next((kind for type_, kind in kinds if isinstance(column.type, type_)), "text")


def _same(value: Any) -> Any:
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(_of(str, value))
    if moment.tzinfo is None:
        raise ValueError("the time has no zone")
    return moment


def _whole(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError("is no integer")
    return _of(int, value)


def _number(value: Any) -> float:
    return float(_whole(value)) if isinstance(value, int) else _of(float, value)


def _of(wanted: type[Any], value: Any) -> Any:
    if not isinstance(value, wanted):
        raise TypeError(f"is no {_NAMES[wanted]}")
    return value
