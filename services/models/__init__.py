"""Model catalogue: suppliers' endpoints and their models."""
