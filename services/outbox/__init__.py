"""Pushes that could not be made yet, made once each when they can be."""
