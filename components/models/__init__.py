"""Widgets of models and providers."""
