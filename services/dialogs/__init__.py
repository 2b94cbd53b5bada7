"""Dialogs: one conversation at a time through the real chain, watched event by event, judged, kept."""
