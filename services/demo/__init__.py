"""Demo data: a believable past, marked as made up and removable."""
