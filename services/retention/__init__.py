"""Retention: what is older than its days is deleted, in pieces, and the file shrinks."""
