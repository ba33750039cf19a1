"""The miniature as a source of data; `xstilts.miniature` writes it."""

LANGUAGES = ("en", "de", "es", "ru", "tr", "hi", "zh")
"""The languages of the miniature; each task has those that it has in the benchmark too."""
