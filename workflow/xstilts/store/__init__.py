"""The store: all access to the folder of results."""
