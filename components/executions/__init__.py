"""Widgets of what runs: the live list, one run's parts, its words."""
