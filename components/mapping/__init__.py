"""Widgets of the mapping."""
