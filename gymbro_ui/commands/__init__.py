"""The sub-commands of main.py."""
