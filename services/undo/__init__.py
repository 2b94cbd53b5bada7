"""Take back what the log says was changed."""
