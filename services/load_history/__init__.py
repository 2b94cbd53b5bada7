"""Load tests that were kept: found, compared, measured against a baseline, deleted."""
