"""The tables of the hub's repositories: the same rows as in the releases, in other columns.

Labels are taken by their names, for their numbers differ from repository to repository.
"""
