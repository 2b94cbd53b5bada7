"""The guide of the first steps: what an operator skipped of it."""
