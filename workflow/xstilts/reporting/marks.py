"""Signs that the tables, the figures and the page share."""

MISSING = "—"
"""Stands for a value that is missing."""
