"""Many conversations at once through the real chain, counted so that nothing is lost."""
