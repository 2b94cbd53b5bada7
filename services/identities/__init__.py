"""Who we speak as: identities for tests."""
