"""Pure: how an endpoint's own list of models differs from what is stored of it."""

from services.models.rules import is_embedding_like
from services.models.types import Endpoint, Listing, ListingChange


def change_of(endpoint: Endpoint, listing: Listing) -> ListingChange:
    """Return what taking the listing over would add and remove, and the default model then."""
    stored = {name for name in endpoint.offered if not is_embedding_like(name)}
    listed = listing.models
    default = endpoint.model
    if listed and default not in listed:
        default = listed[0]
    return ListingChange(
        endpoint_id=endpoint.id,
        added=tuple(name for name in listed if name not in stored),
        gone=tuple(sorted(stored.difference(listed))),
        embedding_models=listing.embedding_models,
        models=listed,
        model=default,
        at=listing.at,
    )
