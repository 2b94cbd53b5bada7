"""Commands beside a running console: its lock, its token, its loopback API."""
