"""Simulator: the form, the turns, the events and the history of single conversations."""
