"""The embedded benchmark as a source of data; `xstilts.miniature` writes it."""

LANGUAGES = ("en", "de", "es", "ru", "tr", "hi", "zh")
"""The languages that the world is told in; a task has those of them that it has at all."""
