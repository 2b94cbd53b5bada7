"""Business key to supplier model."""
