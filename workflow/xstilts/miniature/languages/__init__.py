"""The grammars of the embedded benchmark, one language a module with its lexicon beside it."""
