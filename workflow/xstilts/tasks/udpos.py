"""Universal part-of-speech tags; all treebanks of a language are read together.

XTREME removes the tags from its test files; the treebanks contain them.
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
    title="Universal Dependencies 2.5",
    licence="by treebank",
    citation=(
        "Nivre, de Marneffe, Ginter, Hajič, Manning, Pyysalo, Schuster, Tyers and Zeman. 2020. Universal Dependencies "
        "v2: An Evergrowing Multilingual Treebank Collection. LREC."
    ),
    homepage="https://universaldependencies.org",
    notes=(
        "XTREME's number is not token accuracy but the F1 of *runs* of equal tags, as seqeval up to 0.0.13 computes it "
        "on tags without `B-`/`I-`. It is called `f1` here. Later versions of seqeval read the first letter of such a "
        "tag as a chunk prefix and give another number, `f1_seqeval1`, in which a chunk of `X` may even reach into the "
        "next sentence. XTREME uses UD 2.5; the tags of other releases differ. All treebanks of a language are read "
        "together; test sets have 47 to 20,436 sentences. The surface form of a multi-word token keeps the tag of the "
        "part closest to the root, as in XTREME. Kazakh, Thai, Tagalog and Yoruba have no dev set. The copy in "
        "`google/xtreme` on the hub mixes Ancient Greek, Old French, Old Russian and Classical Chinese with the modern "
        "languages and is not used."
    ),
    estimates={
        "train": {"subwords": 32, "rows": 10_000},
        "dev": {"subwords": 31, "rows": 1_500},
        "test": {"subwords": 31, "rows": 2_970},
    },
)
