"""The units of text that perturbations rewrite. This module is light: configurations are checked with it."""

FIELDS = {
    "classification": ("text_a", "text_b"),
    "multiple_choice": ("prompt",),
    "tagging": ("words",),
    "span": ("question",),
    "retrieval": ("text",),
}
"""The columns with the texts that are rewritten, by the kind of the task.

Choices and contexts keep their text, since answers are chosen from them.
"""

CLUSTERS_IN_A_WORD = {"Hani": 2, "Jpan": 2, "Khmr": 4, "Laoo": 4, "Mymr": 4, "Thai": 4}
"""The scripts that are written without spaces between words, each with the number of grapheme clusters that count as a
word."""
