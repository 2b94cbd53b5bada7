"""Ordered steps of any execution kind, run in the background."""
