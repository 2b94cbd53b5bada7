"""Results the database refused: kept beside it as files, written back exactly once."""
