"""Configuration: the environment, and what an operator may change."""
