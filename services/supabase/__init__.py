"""The cloud database: one door to the real client, its address and keys, whether it answers."""
