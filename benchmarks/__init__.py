"""Measurements of the workflow beside the usual ways of doing the same work: `make bench` (docs/performance.md)."""
