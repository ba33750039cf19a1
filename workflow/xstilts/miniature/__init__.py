"""The miniature benchmark: generated data for every task in seven languages, with gold labels by construction.

`events` defines the events, `languages` has a grammar for each language, `sentences` produces annotated text, and
`release` writes the files of each task in the layout of its release. `pretraining` makes a small encoder for them.
"""
