"""Rows: tables, queries, migrations and the two doors read and write."""
