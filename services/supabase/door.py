"""The one door to the `supabase` package: heavy, so it is imported at the first call."""

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from supabase import Client


def open_client(url: str, key: str, http: httpx.Client) -> "Client":
    """Return a client that speaks for this key alone: it signs nobody in and retries nothing.

    Its own retries block for 7 s on every read while the project is down.
    """
    from supabase import create_client  # noqa: PLC0415  # the heavy door
    from supabase.lib.client_options import SyncClientOptions  # noqa: PLC0415  # the heavy door

    options = SyncClientOptions(
        auto_refresh_token=False,
        persist_session=False,
        postgrest_client_retry=False,
        httpx_client=http,
    )
    return create_client(url, key, options)
