"""Keys and passwords, kept outside the database."""
