"""Widgets: values and callbacks in, pixels out; they know no service."""
