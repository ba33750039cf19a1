"""UDPOS in three languages: three sentences, the models that tag them by their words, and the F1 of each.

Runs of one tag count, not words: `NOUN NOUN` is one. `Unhappy` and `Traurige` are two sub-words, of which the first
decides; the second ones point elsewhere, and so does the second character of 他们.
"""

SENTENCES = {
    "de": (
        "Sie/PRON laufen/VERB schnell/ADV ./PUNCT",
        "Traurige/ADJ Hunde/NOUN bellen/VERB ./PUNCT",
        "Alte/ADJ Mühlen/NOUN brennen/VERB heute/ADV",
    ),
    "en": (
        "They/PRON run/VERB fast/ADV ./PUNCT",
        "Unhappy/ADJ dogs/NOUN bark/VERB ./PUNCT",
        "Old/ADJ grey/ADJ mills/NOUN burn/VERB",
    ),
    "zh": (
        "他们/PRON 跑/VERB 快/ADV 。/PUNCT",
        "狗/NOUN 叫/VERB 。/PUNCT",
        "老/ADJ 磨/NOUN 坊/NOUN 烧/VERB",
    ),
}
PIECES = {"Unhappy": ("Un", "##happy"), "Traurige": ("Traurig", "##e")}

_GOLD = {
    word.replace("他们", "他"): tag
    for sentences in SENTENCES.values()
    for sentence in sentences
    for word, tag in (pair.split("/") for pair in sentence.split())
    if word not in PIECES
} | {"Un": "ADJ", "Traurig": "ADJ", "##happy": "NOUN", "##e": "VERB", "们": "NOUN"}


def _says(**changes: str) -> dict[str, dict[str, float]]:
    return {word: {tag: 1.0} for word, tag in (_GOLD | changes).items()}


MODELS = {
    "A": _says(schnell="ADJ", fast="ADJ", bark="NOUN", 叫="NOUN"),
    "B": _says(schnell="ADJ", fast="ADJ") | {".": {"NOUN": 1.0}},
    "C": _says(**{word: "NOUN" for word, tag in _GOLD.items() if tag == "VERB" and word != "##e"}),
}

# What each model says where it is not the gold tag, and the runs that are right / found / expected.
#     de                                en                                zh
# A   schnell ADJ              3/4/4    fast ADJ                 3/4/4                             4/4/4
#                              4/4/4    dogs bark NOUN           2/3/4    狗叫 NOUN                1/2/3
#                              4/4/4                             3/3/3                             3/3/3
#     in all                 11/12/12                           8/10/11                           8/9/10
# B   schnell ADJ, . NOUN      2/4/4    fast ADJ, . NOUN         2/4/4                             4/4/4
#     . NOUN                   3/4/4    . NOUN                   3/4/4                             3/3/3
#                              4/4/4                             3/3/3                             3/3/3
#     in all                  9/12/12                           8/11/11                         10/10/10
# C   laufen NOUN              3/4/4    run NOUN                 3/4/4    跑 NOUN                  3/4/4
#     Hunde bellen NOUN        2/3/4    dogs bark NOUN           2/3/4    狗叫 NOUN                1/2/3
#     Mühlen brennen NOUN      2/3/4    mills burn NOUN          1/2/3    磨坊烧 NOUN              1/2/3
#     in all                  7/10/12                           6/9/11                            5/8/10
RUNS = {
    "A": {"de": (11, 12, 12), "en": (8, 10, 11), "zh": (8, 9, 10)},
    "B": {"de": (9, 12, 12), "en": (8, 11, 11), "zh": (10, 10, 10)},
    "C": {"de": (7, 10, 12), "en": (6, 9, 11), "zh": (5, 8, 10)},
}
"""Runs that are right, found and expected; F1 is twice the first over the sum of the others."""

SAID_BY_A_IN_ENGLISH = "PRON VERB ADJ PUNCT", "ADJ NOUN NOUN PUNCT", "ADJ ADJ NOUN VERB"

_TREEBANKS = {"de": "UD_German-Tiny", "en": "UD_English-Tiny", "zh": "UD_Chinese-Tiny"}


def files() -> dict[str, str]:
    """A treebank of each language."""
    written = {
        f"udpos/{_TREEBANKS[lang]}/{lang}_tiny-ud-test.conllu": "".join(map(_conllu, sentences))
        for lang, sentences in SENTENCES.items()
    }
    return written | {
        f"udpos/{_TREEBANKS['en']}/en_tiny-ud-{split}.conllu": _conllu("They/PRON run/VERB")
        for split in ("train", "dev")
    }


def _conllu(sentence: str) -> str:
    words = [pair.split("/") for pair in sentence.split()]
    lines = (f"{n}\t{word}\t_\t{tag}\t_\t_\t{n - 1}\tdep\t_\t_\n" for n, (word, tag) in enumerate(words, 1))
    return "# invented\n" + "".join(lines) + "\n"
