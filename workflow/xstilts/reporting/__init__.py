"""Tables, statistics, figures and the page of an experiment."""

MISSING = "—"
"""Stands for a value that is missing."""
