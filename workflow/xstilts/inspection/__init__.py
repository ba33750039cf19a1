"""Looking at an experiment and its store from outside: no job imports any of this."""
