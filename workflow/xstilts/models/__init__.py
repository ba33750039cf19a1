"""Encoders of the Hugging Face library: loading and checking them, their tokenizers, their vectors and logits."""
