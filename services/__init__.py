"""What the console can do, complete without a screen."""
