"""XNLI in three languages: six pairs, the models that judge them by three words, and the accuracy of each.

| words | de | en | zh |
|---|---|---|---|
| no | nie | never | 不 |
| yes | ja | indeed | 确 |
| may | vielleicht | perhaps | 或 |
"""

import json

PAIRS = {
    # Behind each pair: its label, and how often it says no, yes and may, in both texts together.
    "de": (
        ("Die Mühle brannte.", "Sie brannte nie.", "contradiction"),  # 0: 1 0 0
        ("Die Mühle brannte ab.", "Ja, ja, sie brannte.", "entailment"),  # 1: 0 1 0, for "Ja" is another word
        ("Vielleicht brannte vielleicht die Mühle.", "Sie brannte.", "neutral"),  # 2: 0 0 1
        ("Das Boot sank nie.", "Es sank vielleicht, vielleicht.", "neutral"),  # 3: 1 0 2
        ("Es regnete nie, ja.", "Es war ja trocken.", "entailment"),  # 4: 1 2 0
        ("Niemand kam.", "Jemand kam vielleicht.", "contradiction"),  # 5: 0 0 1
    ),
    "en": (
        ("The mill burned.", "It never burned.", "contradiction"),  # 0: 1 0 0
        ("The mill burned down.", "It burned indeed.", "entailment"),  # 1: 0 1 0
        ("The mill perhaps burned.", "It burned.", "neutral"),  # 2: 0 0 1
        ("The boat never sank.", "It never, perhaps, sank.", "neutral"),  # 3: 2 0 1
        ("It never rained indeed.", "It was indeed dry.", "entailment"),  # 4: 1 2 0
        ("Nobody came.", "Somebody came perhaps.", "contradiction"),  # 5: 0 0 1
    ),
    "zh": (
        ("磨坊烧了。", "它不烧。", "contradiction"),  # 0: 1 0 0
        ("磨坊烧了。", "它确烧了。", "entailment"),  # 1: 0 1 0
        ("磨坊或烧了。", "它烧了。", "neutral"),  # 2: 0 0 1
        ("船不沉。", "船或沉，或没沉。", "neutral"),  # 3: 1 0 2
        ("天不下雨。", "确是，天不湿。", "entailment"),  # 4: 2 1 0
        ("谁也不来。", "有人来了。", "contradiction"),  # 5: 1 0 0
    ),
}
NOT_EVALUATED = ("Le moulin brûla.", "Il ne brûla pas.", "contradiction")
"""The file has pairs of other languages too."""

_NO, _YES, _MAY = ("nie", "never", "不"), ("ja", "indeed", "确"), ("vielleicht", "perhaps", "或")
_C, _E, _N = ({label: 1.0} for label in ("contradiction", "entailment", "neutral"))

_A = dict.fromkeys(_NO, _C) | dict.fromkeys(_YES, _E) | dict.fromkeys(_MAY, _N)
MODELS = {
    "A": _A,
    "B": _A | {"perhaps": _E, "或": _E, "不": _E},
    "C": _A | {"ja": _N, "不": _N},
    "D": dict.fromkeys((*_NO, *_YES), _E) | dict.fromkeys(_MAY, _C),
}
"""The label that each word votes for."""

RIGHT = {
    #            de                             en                             zh
    # gold       C  E  N  N  E  C               C  E  N  N  E  C               C  E  N  N  E  C
    # A          C  E  N  N  E  N  5            C  E  N  C  E  N  4            C  E  N  N  C  C  5
    # B          C  E  N  N  E  N  5            C  E  E  C  E  E  3            E  E  E  E  E  E  2
    # C          C  N  N  N  N  N  3            C  E  N  C  E  N  4            N  E  N  N  N  N  3
    # D          E  E  C  C  E  C  3            E  E  C  E  E  C  3            E  E  C  C  E  E  2
    "A": {"de": 5, "en": 4, "zh": 5},
    "B": {"de": 5, "en": 3, "zh": 2},
    "C": {"de": 3, "en": 4, "zh": 3},
    "D": {"de": 3, "en": 3, "zh": 2},
}
"""How many of the six pairs each model has right."""

SAID_BY_B_IN_ENGLISH = "contradiction entailment entailment contradiction entailment entailment"

_COLUMNS = "language gold_label sentence1_binary_parse sentence1 sentence2 promptID pairID".split()


def files() -> dict[str, str]:
    """The release's test file, and MultiNLI's."""
    languages = {"zh": PAIRS["zh"], "fr": (NOT_EVALUATED,) * 6, "en": PAIRS["en"], "de": PAIRS["de"]}
    rows = [
        (lang, pairs[number][2], "", *pairs[number][:2], str(number), str(9 - number))
        for number in range(6)
        for lang, pairs in languages.items()
    ]
    training = {"sentence1": "The mill burned.", "sentence2": "It never burned.", "gold_label": "contradiction"}
    return {
        "xnli/XNLI-1.0/xnli.test.tsv": "".join("\t".join(row) + "\n" for row in (_COLUMNS, *rows)),
        "mnli/multinli_1.0_train.jsonl": json.dumps(training) + "\n",
        "mnli/multinli_1.0_dev_matched.jsonl": json.dumps(training) + "\n",
    }
