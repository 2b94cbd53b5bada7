"""The embedded sign-in service and the verification of every token."""
