"""Token ids: tables on disk, tokenisation with character offsets, and batching."""
