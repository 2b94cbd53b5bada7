"""Widgets of the E2E records page."""
