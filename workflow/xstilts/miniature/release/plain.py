"""Plain text in every language, and parallel text, for masked language modelling."""

import random
from pathlib import Path

from xstilts.config import Miniature
from xstilts.miniature import sampling
from xstilts.miniature.events import Sentence
from xstilts.miniature.release import files
from xstilts.miniature.sentences import LANGUAGES, joined, say

_FEWEST = 200
"""The fewest passages of a language: every hundredth one is in the dev set."""

_ENGLISH = "en"


def mlm(folder: Path, settings: Miniature) -> None:
    """`<lang>.txt`: a passage of one to three sentences on each line. The passages of the languages differ."""
    for lang in LANGUAGES:
        rng = files.source(settings, "mlm", lang)
        count = max(settings.train, _FEWEST)
        files.lines(folder / f"{lang}.txt", (_passage(rng, lang) for _ in range(count)))


def tlm(folder: Path, settings: Miniature) -> None:
    """`<lang>-en.tsv` for all languages but English: a sentence, TAB, its translation."""
    for lang in LANGUAGES:
        if lang != _ENGLISH:
            rng = files.source(settings, "tlm", lang)
            sentences = [_sentence(rng) for _ in range(max(settings.pairs, _FEWEST))]
            rows = (f"{say(one, lang).text}\t{say(one, _ENGLISH).text}" for one in sentences)
            files.lines(folder / f"{lang}-{_ENGLISH}.tsv", rows)


def _passage(rng: random.Random, lang: str) -> str:
    text, _ = joined([say(_sentence(rng), lang) for _ in range(rng.randint(1, 3))], lang)
    return text


def _sentence(rng: random.Random) -> Sentence:
    """A sentence of the training split, so that none is in the dev or test data of a task."""
    return sampling.sentence(rng, "train")
