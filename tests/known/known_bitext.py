"""Tatoeba and BUCC in three languages: sentences of four words, and encoders that know which words translate which.

Each word points into a direction of its own, which its translations share. So the cosine of two sentences is the number
of words that they share, over the root of the product of their lengths. Full stops say nothing; some sentences have
one or two more, so that not all are equally long in sub-words.
"""

from handset import CONCEPTS, LATE, UNKNOWN, Said

_WORDS = {
    "de": "weiße Katzen trinken Milch schwarze Hunde fressen Fleisch große Vögel sehen Schiffe kleine Fische lieben "
    "Wasser alte Menschen lesen Bücher neue Autos erklimmen Berge".split(),
    "ru": "белые кошки пьют молоко чёрные собаки едят мясо большие птицы видят корабли маленькие рыбы любят "
    "воду старые люди читают книги новые машины покоряют горы".split(),
    "zh": list("白猫喝奶黑狗吃肉大鸟看船小鱼爱水老人读书新车上山"),
}
"""The translations of `CONCEPTS`, without the last three."""

_ISO3 = {"de": "deu", "ru": "rus", "zh": "cmn"}

Pairs = tuple[tuple[str, str], ...]

TATOEBA: dict[str, Pairs] = {
    # Foreign sentence, in its translation word by word, and English sentence. Behind them: the words that the English
    # one shares with the foreign sentences 0, 1, 2, ..., as K0 knows them.
    "de": (
        ("white cats drink milk", "white cats drink milk"),  # 4 0 0 0 0
        ("black dogs eat meat", "black birds see ships"),  # 0 1 3 0 0: wrong
        ("big birds see ships", "big birds see ships"),  # 0 0 4 0 0
        ("small fish love water", "ships love water today"),  # 0 0 1 2 0; K1: 0 0 1 0 0: wrong
        ("old people read books", "old cats drink milk"),  # 3 0 0 0 1: wrong
    ),
    "ru": (
        ("white cats drink milk", "white cats drink milk"),  # 4 0 0 0 0
        ("black dogs eat meat", "black birds see ships"),  # 0 1 3 0 0: wrong
        ("big birds see ships", "big birds see ships"),  # 0 0 4 0 0
        ("old people read books", "cats read books today"),  # 1 0 0 2 0; K1: 1 0 0 0 0: wrong
        ("small fish love water", "small fish love water"),  # 0 0 0 0 4
    ),
    "zh": (
        ("white cats drink milk", "white cats drink milk"),  # 4 0 0 0 0 0
        ("black dogs eat meat", "black dogs eat ships"),  # 0 3 1 0 0 0
        ("big birds see ships", "big birds see ships"),  # 0 0 4 0 0 0
        ("small fish love water", "small birds see milk"),  # 1 0 2 1 0 0: wrong
        ("old people read books", "cats read books today"),  # 1 0 0 0 2 0; K2: 1 0 0 0 0 0: wrong
        ("new cars climb mountains", "new cars climb mountains"),  # 0 0 0 0 0 4
    ),
}
# Asked the other way round, the encoder K0 would find all German sentences: the black dogs share `black` with the black
# birds and nothing with another English sentence, and the old people share `old` with the old cats.

TATOEBA_RIGHT = {
    "K0": {"de": 3, "ru": 4, "zh": 5},
    "K1": {"de": 2, "ru": 3, "zh": 5},
    "K2": {"de": 3, "ru": 4, "zh": 4},
}

Blocks = tuple[tuple[str, int, int, bool], ...]

BUCC: dict[str, tuple[Blocks, Blocks]] = {
    # A foreign sentence of four words; how many of them, the first ones, an English sentence has beside others that
    # nothing translates; how many, the last ones, a second English sentence has; whether the first is a translation.
    #
    # With s and t such words, the cosines of the foreign sentence are s/4 and t/4, and all others are 0. Their means
    # over the four nearest are (s + t)/16 for the foreign and s/16 for the first English sentence, so the margin of the
    # pair is (s/4) / (((s + t)/16 + s/16) / 2) = 8s / (2s + t).
    "de": (
        (  # dev                                    margin  K0, taken so far: right, F1    K1
            ("black dogs eat meat", 4, 1, True),  # 32/9    1/1 of 2: 2/3                  2/2: 1, the best
            ("big birds see ships", 3, 1, False),  # 24/7   1/2 of 2: 1/2                  2/3: 4/5
            ("small fish love water", 4, 2, True),  # 16/5  2/3 of 2: 4/5, the best        s 2, t 0: 4, 1/1: 2/3
            ("old people read books", 3, 2, False),  # 3    2/4 of 2: 2/3                  2/4: 2/3
        ),  # threshold: K0 between 16/5 and 3; K1: 4, 32/9 are best, so between 32/9 and 24/7
        (  # test
            ("white cats drink milk", 4, 1, True),  # 32/9  K0, K1
            ("big birds see ships", 3, 1, False),  # 24/7   K0
            ("small fish love water", 4, 2, False),  # 16/5 K0, and K1 with 4
            ("old people read books", 3, 2, True),  # 3
            ("new cars climb mountains", 4, 3, False),  # 32/11
        ),  # with a threshold from test, K0 would take the first one only: F1 2/3 instead of 2/5
    ),
    "ru": (
        (
            ("black dogs eat meat", 3, 1, True),  # 24/7    1/1 of 1: 1, the best          1/2: 2/3, the best
            ("big birds see ships", 4, 2, False),  # 16/5
            ("small fish love water", 3, 2, False),  # 3
            ("old people read books", 4, 3, False),  # 32/11                               s 1, t 0: 4, 0/1: 0
        ),  # threshold: K0, K1 between 24/7 and 16/5
        (
            ("black dogs eat meat", 4, 1, True),  # 32/9    K0, K1
            ("big birds see ships", 3, 1, True),  # 24/7    K0, K1
            ("small fish love water", 4, 2, True),  # 16/5
            ("old people read books", 3, 2, True),  # 3     K1 with 4
            ("new cars climb mountains", 4, 3, False),  # 32/11
        ),  # with a threshold from test, K0 would take four: F1 1 instead of 2/3
    ),
    "zh": (
        (  #                                                K0                             K2
            ("black dogs eat meat", 4, 1, True),  # 32/9    1/1 of 3: 1/2                  2/2: 4/5
            ("big birds see ships", 3, 1, False),  # 24/7   1/2 of 3: 2/5                  2/3: 2/3
            ("small fish love water", 4, 2, True),  # 16/5  2/3 of 3: 2/3                  3/4: 6/7, the best
            ("old people read books", 3, 2, True),  # 3     3/4 of 3: 6/7, the best        s 2, t 0: 4, 1/1: 1/2
            ("new cars climb mountains", 4, 3, False),  # 32/11  3/5 of 3: 3/4             3/5
        ),  # threshold: K0 between 3 and 32/11; K2 between 16/5 and 32/11
        (
            ("white cats drink milk", 3, 1, True),  # 24/7      K0, K2
            ("black dogs eat meat", 3, 2, False),  # 3          K0
            ("big birds see ships", 4, 3, True),  # 32/11
            ("old people read books", 4, 1, True),  # 32/9      K0, and K2 with 4
            ("new cars climb mountains", 4, 2, False),  # 16/5  K0, K2
        ),  # with a threshold from test, K0 would take the best two: F1 4/5 instead of 4/7
    ),
}
"""Dev and test of each language."""

BUCC_PAIRS = {
    "K0": {"de": (1, 3, 2), "ru": (2, 2, 4), "zh": (2, 4, 3)},
    "K1": {"de": (1, 2, 2), "ru": (3, 3, 4), "zh": (2, 4, 3)},
    "K2": {"de": (1, 3, 2), "ru": (2, 2, 4), "zh": (2, 3, 3)},
}
"""Pairs that are right, found and expected."""

SAID_BY_K0_IN_GERMAN = "de-101\ten-201", "de-102\ten-203", "de-103\ten-205"

_NOT_KNOWN = {
    "K0": (),
    "K1": ("lieben", "Wasser", "люди", "читают", "книги"),
    "K2": ("读", "书"),
}


def says(name: str, *late: str) -> dict[str, Said]:
    """What the words point to in an encoder; those that are `late` get there in its second layer."""
    known = {word: concept for words in _WORDS.values() for word, concept in zip(words, CONCEPTS, strict=False)}
    known |= {concept: concept for concept in CONCEPTS}
    known |= {word: UNKNOWN[place % len(UNKNOWN)] for place, word in enumerate(_NOT_KNOWN[name])}
    known |= dict(zip(late, LATE, strict=False))
    return {word: {direction: 1.0} for word, direction in known.items()} | {".": None, "。": None}


def files() -> dict[str, str]:
    """LASER's files of Tatoeba, and the sample and the training data of BUCC."""
    written = {}
    for lang, pairs in TATOEBA.items():
        stem = f"tatoeba/tatoeba.{_ISO3[lang]}-eng"
        written[f"{stem}.{_ISO3[lang]}"] = "".join(
            _foreign(lang, foreign, row) + "\n" for row, (foreign, _) in enumerate(pairs)
        )
        written[f"{stem}.eng"] = "".join(_ended(english, row + 1) + "\n" for row, (_, english) in enumerate(pairs))
    for lang, splits in BUCC.items():
        for split, blocks in zip(("sample", "training"), splits, strict=True):
            for suffix, lines in zip((lang, "en", "gold"), _bucc(lang, blocks), strict=True):
                written[f"bucc2018/{lang}-en.{split}.{suffix}"] = "".join(f"{line}\n" for line in lines)
    return written


def _foreign(lang: str, sentence: str, number: int) -> str:
    words = [_WORDS[lang][CONCEPTS.index(word)] for word in sentence.split()]
    return _ended("".join(words), number, "。") if lang == "zh" else _ended(" ".join(words), number)


def _ended(sentence: str, number: int, stop: str = ".") -> str:
    return sentence + stop * (number % 3)


def _bucc(lang: str, blocks: Blocks) -> tuple[list[str], list[str], list[str]]:
    """The lines of the foreign, the English and the gold file."""
    foreign, english, gold = [], [], []
    for number, (sentence, first, last, is_translation) in enumerate(blocks, 1):
        foreign.append(f"{lang}-{100 + number}\t{_foreign(lang, sentence, number)}")
        words = sentence.split()
        for place, own in ((2 * number - 1, words[:first]), (2 * number, words[4 - last :])):
            text = " ".join([*own, *CONCEPTS[-3:][: 4 - len(own)]])
            english.append(f"en-{200 + place}\t{_ended(text, place)}")
        if is_translation:
            gold.append(f"{lang}-{100 + number}\ten-{200 + 2 * number - 1}")
    return foreign, english, gold
