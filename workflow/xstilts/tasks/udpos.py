"""Universal part-of-speech tags from Universal Dependencies, all treebanks of a language together.

XTREME uses version 2.5 and takes the tags out of its test files; the treebanks have them.
"""

from xstilts.sources.formats import conllu, tagged
from xstilts.task import Layout, Task

_LAYOUTS = (
    Layout(("UD_*/{lang}_*-ud-{split}.conllu",), conllu.read, every=True, own="{lang}[-_.].*[-_.]{split}"),
    Layout(("{split}-{lang}.tsv",), tagged.xtreme, unlabelled=("test",)),
)

_LANGUAGES = "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur vi yo zh"
_TAGS = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X"

TASK = Task(
    name="udpos",
    kind="tagging",
    metric="pos",
    languages=tuple(_LANGUAGES.split()),
    splits=dict.fromkeys(("train", "dev", "test"), _LAYOUTS),
    labels=tuple(_TAGS.split()),
    stage="udpos",
    archives=dict.fromkeys(("train", "dev", "test"), "ud-treebanks-v2.5"),
    counts={"train": {"en": 21_253, "de": 166_849}, "dev": {"en": 3_974, "de": 19_233}},
    missing_languages={"train": ("th", "tl", "yo"), "dev": ("kk", "th", "tl", "yo")},
)
