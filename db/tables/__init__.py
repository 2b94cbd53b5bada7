"""Every table, imported once, so that the metadata is complete."""

from db.tables import (
    accounts,
    change_marks,
    config,
    e2e_runs,
    executions,
    identities,
    mappings,
    messages,
    models,
    prompts,
    schedules,
    targets,
    uptime,
    usage,
)

__all__ = [
    "accounts",
    "change_marks",
    "config",
    "e2e_runs",
    "executions",
    "identities",
    "mappings",
    "messages",
    "models",
    "prompts",
    "schedules",
    "targets",
    "uptime",
    "usage",
]
