"""The look: tokens, stylesheet, applied to a page."""
