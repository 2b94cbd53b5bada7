"""Prompts and their history."""
