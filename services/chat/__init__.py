"""The conversation API under test."""
