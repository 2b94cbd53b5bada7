"""Is this reply good?"""
