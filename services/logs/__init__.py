"""Logs: the last lines of each level in memory, all of them in a rotated file, secrets masked."""
