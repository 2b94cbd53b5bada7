"""Chart option builders and thin chart elements."""
