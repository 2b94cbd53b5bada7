"""The services under test."""
