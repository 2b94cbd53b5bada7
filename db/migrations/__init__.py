"""Alembic revisions, run at start after a verified copy."""
