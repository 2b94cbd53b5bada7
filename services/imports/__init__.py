"""Copies what an original GymBro database holds into this console's store."""
