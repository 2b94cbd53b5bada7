"""Build the shared httpx client: timeouts, no redirects, no proxy from the environment."""

import httpx

_IDLE_S = 2.0


def build_client(timeout_s: float = 10.0) -> httpx.AsyncClient:
    """Return a client that follows no redirect, so that a key never leaves for another host."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, 5.0)),
        follow_redirects=False,
        trust_env=False,
        # Many servers, ours too, close what was idle for 5 s: a call sent at that very moment is lost.
        limits=httpx.Limits(
            max_connections=20, max_keepalive_connections=10, keepalive_expiry=_IDLE_S
        ),
    )
