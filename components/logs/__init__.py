"""The log's lines as they come, folded when long, and the choice of which."""
