"""The grammars of the miniature: one module for each language, with a lexicon beside it."""
