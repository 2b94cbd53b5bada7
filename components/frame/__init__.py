"""Widgets of the frame around every page."""
