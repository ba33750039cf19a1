"""Publication of results: submissions to XTREME, and models for the Hugging Face hub."""
