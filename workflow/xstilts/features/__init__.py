"""Token ids: their tables on disk, tokens with their places in texts, and batches."""
