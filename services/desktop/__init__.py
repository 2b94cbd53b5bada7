"""Desktop: a window of the console's own, in a process beside it."""
