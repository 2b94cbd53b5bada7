"""Both sides of the catalogue: what differs, what an operator chose, and how it is carried over."""
