"""Symbols shared by the tables, the figures and the page."""

MISSING = "—"
"""Represents a missing value."""

SIGNIFICANT = "*"
"""Marks a significant change."""
