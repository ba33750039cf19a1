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

_SIZES = (
    ("af", 1_315, 194),
    ("ar", 6_075, 909),
    ("bg", 8_907, 1_115),
    ("de", 166_849, 19_233),
    ("el", 1_662, 403),
    ("en", 21_253, 3_974),
    ("es", 28_492, 3_054),
    ("et", 25_749, 3_125),
    ("eu", 5_396, 1_798),
    ("fa", 4_798, 599),
    ("fi", 27_198, 3_239),
    ("fr", None, 2_903),
    ("he", 5_241, 484),
    ("hi", 13_304, 1_659),
    ("hu", 910, 441),
    ("id", 4_477, 559),
    ("it", 29_685, 2_278),
    ("ja", 7_125, 511),
    ("kk", 31, None),
    ("ko", 27_410, 3_016),
    ("mr", 373, 46),
    ("nl", 18_051, 1_394),
    ("pt", 17_992, 1_770),
    ("ru", None, 8_108),
    ("ta", 400, 80),
    ("te", 1_051, 131),
    ("tr", 3_664, 988),
    ("ur", 4_043, 552),
    ("vi", 1_400, 800),
    ("zh", 7_994, 1_000),
)
"""Sentences of the training and the dev set by language; None where UD 2.5 has no such set or its size is unknown."""

TASK = Task(
    name="udpos",
    kind="tagging",
    metric="pos",
    languages=tuple(_LANGUAGES.split()),
    splits=dict.fromkeys(("train", "dev", "test"), _LAYOUTS),
    labels=tuple(_TAGS.split()),
    stage="udpos",
    archives=dict.fromkeys(("train", "dev", "test"), "ud-treebanks-v2.5"),
    counts={
        "train": {lang: train for lang, train, _ in _SIZES if train},
        "dev": {lang: dev for lang, _, dev in _SIZES if dev},
    },
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
