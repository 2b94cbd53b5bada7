"""Read and write the configuration rows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from db.tables.config import AppSettingRow, DashboardConfigRow


def read_config(session: Session) -> DashboardConfigRow | None:
    """Return the one configuration row, or None before it was ever saved."""
    return session.get(DashboardConfigRow, 1)


def merge_config(session: Session, values: Mapping[str, Any], now: datetime) -> DashboardConfigRow:
    """Return the row after the given keys were set; all other keys keep their values."""
    row = session.get(DashboardConfigRow, 1)
    if row is None:
        row = DashboardConfigRow(config_json=dict(values), created_at=now, updated_at=now)
    else:
        row.config_json = {**row.config_json, **values}
        row.updated_at = now
    session.add(row)
    return row


def read_app_settings(session: Session) -> dict[str, Any]:
    """Return every key with its value."""
    return {row.key: row.value_json for row in session.exec(select(AppSettingRow)).all()}


def write_app_settings(session: Session, values: Mapping[str, Any], now: datetime) -> None:
    """Set the given keys; others keep their values."""
    for key, value in values.items():
        row = session.get(AppSettingRow, key)
        if row is None:
            row = AppSettingRow(key=key, value_json=value, created_at=now, updated_at=now)
        else:
            row.value_json = value
            row.updated_at = now
        session.add(row)
