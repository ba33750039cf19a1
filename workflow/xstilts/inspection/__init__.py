"""Inspection of an experiment and its store: what is done, running, failed or to do."""
