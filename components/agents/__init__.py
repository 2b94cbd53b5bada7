"""Widgets of agents and workflows: lists, test panel, editors, steps."""
