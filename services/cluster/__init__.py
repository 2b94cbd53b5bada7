"""Several consoles on one PostgreSQL: who lives, who leads, what the others changed."""
