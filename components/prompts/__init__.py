"""Widgets of prompts: lists, differences, editor, trials, imports."""
