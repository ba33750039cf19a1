"""Specs, the canonical JSON of all that a result depends on (settings, data, code, libraries), and their hashes."""
