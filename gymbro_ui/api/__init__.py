"""Routes for programs: HTTP to service calls and back."""
