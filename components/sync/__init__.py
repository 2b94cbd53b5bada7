"""Both sides of the catalogue: differences, choices, what waits."""
