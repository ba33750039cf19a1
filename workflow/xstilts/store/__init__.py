"""The store: all that touches the folder of results."""
