"""Tagging: CCG supertags, part-of-speech tags in CoNLL-U, and named entities as in PAN-X."""

import random
from collections.abc import Iterator
from pathlib import Path

from xstilts.config import Miniature
from xstilts.languages import language
from xstilts.miniature import sampling
from xstilts.miniature.events import Sentence
from xstilts.miniature.release import files, supertags, trees
from xstilts.miniature.sentences import LANGUAGES, Text, say


def ccg(folder: Path, settings: Miniature) -> None:
    """`{train,dev}.tsv`: words, TAB, supertags on each line."""
    for split, count in (("train", settings.train), ("dev", settings.dev)):
        rng = files.source(settings, "ccg", split)
        texts = [say(sentence, "en") for sentence in _sentences(rng, split, count, questions=False)]
        rows = (f"{_forms(text)}\t{' '.join(supertags.categories(text))}" for text in texts)
        files.lines(folder / f"{split}.tsv", rows)


def udpos(folder: Path, settings: Miniature) -> None:
    """`UD_<Language>-Miniature/<lang>_miniature-ud-{train,dev,test}.conllu`, parallel."""
    for split, count in _splits(settings):
        sentences = _sentences(files.source(settings, "udpos", split), split, count)
        for lang in LANGUAGES:
            path = folder / f"UD_{language(lang).name}-Miniature" / f"{lang}_miniature-ud-{split}.conllu"
            texts = (say(sentence, lang) for sentence in sentences)
            files.lines(path, (line for n, text in enumerate(texts, 1) for line in trees.conllu(text, f"{split}-{n}")))


def panx(folder: Path, settings: Miniature) -> None:
    """`<lang>/{train,dev,test}`, parallel; every sentence has an entity."""
    for split, count in _splits(settings):
        sentences = _sentences(files.source(settings, "panx", split), split, count, questions=False)
        for lang in LANGUAGES:
            texts = (say(sentence, lang) for sentence in sentences)
            files.lines(folder / lang / split, (line for text in texts for line in _tagged(text, lang)))


def _splits(settings: Miniature) -> list[tuple[str, int]]:
    return [("train", settings.train), ("dev", settings.dev), ("test", settings.test)]


def _sentences(rng: random.Random, split: str, count: int, questions: bool = True) -> list[Sentence]:
    def draw(_: int) -> Sentence:
        while True:
            sentence = sampling.sentence(rng, split)
            named = any(token.word.entity for token in say(sentence, "en").tokens)
            if named and (questions or not sentence.asked):
                return sentence

    return files.distinct(count, draw)


def _forms(text: Text) -> str:
    return " ".join(token.word.form for token in text.tokens)


def _tagged(text: Text, lang: str) -> Iterator[str]:
    for token in text.tokens:
        yield f"{lang}:{token.word.form}\t{token.word.entity or 'O'}"
    yield ""
