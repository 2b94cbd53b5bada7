"""Widgets of the overview."""
