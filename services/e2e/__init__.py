"""End-to-end runs over mapped models."""
