"""Sentence retrieval: find the translation of each English sentence.

The files of the release are aligned. Those of XTREME are not: their English side is sorted, and the permutation is not
published.
"""

from xstilts.sources.formats import bitext
from xstilts.sources.formats.hub import bitext as hub
from xstilts.sources.repositories import TATOEBA
from xstilts.task import Hub, Layout, Task

_LANGUAGES = (
    "ar he vi id jv tl eu ml ta te af nl de el bn hi mr ur fa fr it pt es bg ru ja ka ko th sw zh kk tr et fi hu"
)

_SMALL = {"jv": 205, "ka": 746, "kk": 575, "ml": 687, "sw": 390, "ta": 307, "te": 234, "th": 548}
"""The number of pairs of the languages with fewer than 1,000."""

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
    hub=(Hub(TATOEBA, "test", Layout(("test/{iso3}-eng.jsonl.gz",), hub.tatoeba)),),
    counts={"test": {lang: 2 * _SMALL.get(lang, 1_000) for lang in _LANGUAGES.split()}},
    title="Tatoeba",
    licence="CC BY 2.0",
    citation=(
        "Artetxe and Schwenk. 2019. Massively Multilingual Sentence Embeddings for Zero-Shot Cross-Lingual Transfer "
        "and Beyond. TACL."
    ),
    homepage="https://github.com/facebookresearch/LASER",
    notes=(
        "The test set is the selection of LASER. Each English sentence is matched with the nearest sentence of the "
        "other language, by cosine. The English sentences differ from language to language, so accuracies of two "
        "languages cannot be compared."
    ),
    estimates={"test": {"subwords": 11.8}},
)
