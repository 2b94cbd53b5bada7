"""Functions (session, ...) to rows; same names as tables."""
