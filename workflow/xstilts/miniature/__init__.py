"""A small multilingual world whose every text, label and tag is known by construction.

`events` says what happens, `languages` says it in seven languages, `sentences` gives text with gold, and `release`
writes the files of every task as their original releases lay them out.
"""
