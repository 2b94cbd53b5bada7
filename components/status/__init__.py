"""The status language: one table of shapes, tones and words for every page."""
