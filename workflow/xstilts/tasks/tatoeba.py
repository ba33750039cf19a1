"""Tatoeba in the selection of LASER (Artetxe and Schwenk 2019): find the translation of each English sentence.

The release's files are aligned, XTREME's are not: it sorts the English side and keeps the permutation to itself.
"""

from xstilts.sources.formats import bitext
from xstilts.tasks.base import Layout, Task

_LANGUAGES = (
    "ar he vi id jv tl eu ml ta te af nl de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw zh kk tr et fi hu"
)

TASK = Task(
    name="tatoeba",
    kind="retrieval",
    metric="tatoeba",
    languages=tuple(_LANGUAGES.split()),
    splits={
        "test": (
            Layout(("tatoeba.{iso3}-eng.{iso3}", "tatoeba.{iso3}-eng.eng"), bitext.tatoeba),
            Layout(("{lang}-en.{lang}", "{lang}-en.en"), bitext.tatoeba_sorted, unlabelled=("test",)),
        )
    },
)
