"""The chat API we serve."""
