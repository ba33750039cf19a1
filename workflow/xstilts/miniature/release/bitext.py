"""Retrieval: Tatoeba, and BUCC 2018 with many sentences that have no translation.

Half of the pairs, and half of the distractors, differ from another pair in one slot only.
"""

import random
from pathlib import Path

from xstilts.config import Miniature
from xstilts.languages import language
from xstilts.miniature import sampling
from xstilts.miniature.events import CITIES, MONTHS, PEOPLE, SITES, WEEKDAYS, YEARS, Clause, Sentence
from xstilts.miniature.release import files
from xstilts.miniature.sentences import say

_BUCC = ("de", "ru", "zh")
_TATOEBA = ("de", "es", "ru", "tr", "hi", "zh")
_DISTRACTORS = 10
"""Sentences without a translation, for each sentence with one."""


def tatoeba(folder: Path, settings: Miniature) -> None:
    """`tatoeba.<iso3>-eng.{<iso3>,eng}`, aligned."""
    for lang in _TATOEBA:
        iso3 = language(lang).iso3
        pairs = _Pool(files.source(settings, "tatoeba", lang), "test", lang).pairs(settings.pairs)
        for side, place in ((iso3, 0), ("eng", 1)):
            files.lines(folder / f"tatoeba.{iso3}-eng.{side}", (pair[place] for pair in pairs))


def bucc2018(folder: Path, settings: Miniature) -> None:
    """`<lang>-en.{sample,training}.{<lang>,en,gold}`."""
    for lang in _BUCC:
        for split, name in (("dev", "sample"), ("test", "training")):
            rng = files.source(settings, "bucc2018", lang, split)
            pool = _Pool(rng, split, lang)
            pairs = pool.pairs(settings.pairs)
            distractors = [pool.pairs(settings.pairs * _DISTRACTORS) for _ in range(2)]
            stem = f"{lang}-en/{lang}-en.{name}"
            places = []
            for side, own in enumerate((lang, "en")):
                sentences = [pair[side] for pair in [*pairs, *distractors[side]]]
                rng.shuffle(sentences)
                numbered = {sentence: f"{own}-{number:09}" for number, sentence in enumerate(sentences, 1)}
                places.append(numbered)
                files.lines(folder / f"{stem}.{own}", (f"{number}\t{text}" for text, number in numbered.items()))
            gold = sorted(f"{places[0][foreign]}\t{places[1][english]}" for foreign, english in pairs)
            files.lines(folder / f"{stem}.gold", gold)


class _Pool:
    """Pairs of sentences in a language and in English; no sentence occurs twice."""

    def __init__(self, rng: random.Random, split: str, lang: str):
        self._rng, self._split, self._lang = rng, split, lang
        self._events: list[Clause] = []
        self._seen: set[str] = set()

    def pairs(self, count: int) -> list[tuple[str, str]]:
        """New pairs; every second one differs from an earlier event in one slot only."""
        pairs: list[tuple[str, str]] = []
        while len(pairs) < count:
            event = self._near() if self._events and len(pairs) % 2 else self._new()
            foreign, english = (say(Sentence((event,)), lang).text for lang in (self._lang, "en"))
            if not self._seen & {foreign, english}:
                self._seen |= {foreign, english}
                self._events.append(event)
                pairs.append((foreign, english))
        return pairs

    def _new(self) -> Clause:
        return sampling.varied(self._rng, sampling.clause(self._rng, self._split))

    def _near(self) -> Clause:
        """An event that differs from an earlier one in its agent, its time or its place."""
        event = self._rng.choice(self._events)
        slot = self._rng.choice([slot for slot in ("agent", "place", "time") if getattr(event, slot)])
        if slot == "agent":
            others = [one for one in PEOPLE if one != event.patient]
            return event.but(agent=self._rng.choice(others)) if event.agent in PEOPLE else self._new()
        sorts = (CITIES, SITES) if slot == "place" else (WEEKDAYS, MONTHS, YEARS)
        return event.but(
            **{slot: self._rng.choice([new for sort in sorts if getattr(event, slot) in sort for new in sort])}
        )
