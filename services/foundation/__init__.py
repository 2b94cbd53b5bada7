"""Small tools every service may use."""
