"""Backup: whole copies of the database, made while it is used, checked, and put back."""
