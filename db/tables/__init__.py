"""Every table, imported once, so that the metadata is complete."""

from db.tables import (
    change_marks,
    config,
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
    "change_marks",
    "config",
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
