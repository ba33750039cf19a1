"""Encoders and tokenizers of the Hugging Face library: loading and validation."""
