"""Every table, imported once, so that the metadata is complete."""

from db.tables import (
    accounts,
    agents,
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
    workflows,
)

__all__ = [
    "accounts",
    "agents",
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
    "workflows",
]
