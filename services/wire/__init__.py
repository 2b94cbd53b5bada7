"""Our own small HTTP client for chat, load and suppliers."""
