"""Access: who may use the console: accounts of the pages, their sign-ins, tokens for programs."""
