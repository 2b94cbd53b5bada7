"""The web face: shell, pages for people, routes for programs."""
