"""A model key, a prompt version and settings under a name, tested in the background."""
