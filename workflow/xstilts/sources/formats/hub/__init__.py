"""Readers of the tables on the hub, which have the rows of the releases in other columns.

Labels are read by name, since their numbers differ between repositories.
"""
