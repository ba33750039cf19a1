"""Sentences as annotated text in every language: tags, entities and slots."""

import random
from collections.abc import Iterator
from functools import lru_cache
from itertools import dropwhile
from types import ModuleType
from typing import NamedTuple

from xstilts.miniature import sampling
from xstilts.miniature.events import Sentence
from xstilts.miniature.languages import de, en, es, hi, ru, tr, zh
from xstilts.miniature.languages.base import Phrase, Word
from xstilts.sources.miniature import LANGUAGES

_GRAMMARS = dict(zip(LANGUAGES, (en, de, es, ru, tr, hi, zh), strict=True))
_MARGINS = frozenset(("ADP", "DET", "PRON"))
_CLOSING, _OPENING = frozenset(".,?。，？।»"), frozenset("¿«")


class Token(NamedTuple):
    """A word of a text.

    Args:
        word: form, tag and entity.
        role: the slot that its phrase fills, `verb`, `question`, `link` or `punct`.
        clause: the 0-based index of its clause.
        phrase: the 0-based index of its phrase in the sentence.
        start: its character offset in the text.
        parts: form and tag of each syntactic word of a contraction, else empty.
    """

    word: Word
    role: str
    clause: int
    phrase: int
    start: int
    parts: tuple[tuple[str, str], ...] = ()


class Text(NamedTuple):
    """A sentence in one language: its text and its words."""

    text: str
    tokens: tuple[Token, ...]


@lru_cache(maxsize=4096)
def say(sentence: Sentence, lang: str) -> Text:
    """The text of a sentence in a language."""
    grammar = _GRAMMARS[lang]
    phrases = _phrases(sentence, grammar)
    words = [(word, phrase.role, clause, n) for n, (clause, phrase) in enumerate(phrases) for word in phrase.words]
    text, tokens, first = "", [], int(bool(sentence.asked and grammar.OPENING))
    for place, (word, role, clause, number) in enumerate(words):
        parts = grammar.CONTRACTIONS.get(word.form, ())
        if place == first:
            word = word._replace(form=_capital(word.form, lang))
        form = word.form
        if text and grammar.SPACED and form not in _CLOSING and text[-1] not in _OPENING:
            text += " "
        tokens.append(Token(word, role, clause, number, len(text), parts))
        text += form
    return Text(text, tuple(tokens))


def span(sentence: Text, role: str, clause: int = 0) -> tuple[int, str]:
    """The offset and the text of a slot, without articles, adpositions and the suffixes of names."""
    tokens = [token for token in sentence.tokens if token.role == role and token.clause == clause]
    if len(tokens) > 1:
        tokens = _trimmed(_trimmed(tokens)[::-1])[::-1]
    first, last = tokens[0], tokens[-1]
    form = last.word.form.split("'")[0] if last.word.entity else last.word.form
    return first.start, sentence.text[first.start : last.start + len(form)]


def _trimmed(tokens: list[Token]) -> list[Token]:
    return list(dropwhile(lambda token: token.word.tag in _MARGINS, tokens))


def joined(texts: list[Text], lang: str) -> tuple[str, list[int]]:
    """Sentences joined into a paragraph, and the offset of each of them."""
    space = " " if _GRAMMARS[lang].SPACED else ""
    starts = [sum(len(sentence.text + space) for sentence in texts[:number]) for number in range(len(texts))]
    return space.join(sentence.text for sentence in texts), starts


def _phrases(sentence: Sentence, grammar: ModuleType) -> list[tuple[int, Phrase]]:
    asked = sentence.asked
    phrases = []
    if asked and grammar.OPENING:
        phrases.append((0, Phrase("punct", grammar.tagged(grammar.OPENING))))
    for number, clause in enumerate(sentence.clauses):
        own = grammar.clause(clause, asked, subordinate=number > 0 and sentence.link == "because")
        if number:
            phrases.append((number, _link(grammar, sentence.link, own)))
        phrases += [(number, phrase) for phrase in own]
    end = Phrase("punct", grammar.tagged(grammar.ASKED if asked else grammar.END))
    return [*phrases, (len(sentence.clauses) - 1, end)]


def _link(grammar: ModuleType, name: str, following: list[Phrase]) -> Phrase:
    link = grammar.LINKS[name]
    before_i = name == "and" and following[0].words[0].form.lower().startswith(("i", "í"))
    return Phrase("link", grammar.tagged("e" if link == "y" and before_i else link))


def _capital(form: str, lang: str) -> str:
    first = "İ" if lang == "tr" and form[0] == "i" else form[0].upper()
    return first + form[1:]


def parallel(seed: int, count: int) -> Iterator[dict[str, str]]:
    """Distinct sentences in all seven languages, for training a tokenizer and an encoder.

    They are statements with one or two clauses, negations, passives and questions, as in the tasks. All events belong
    to the training split, so none is in the dev or test data of a task. A text without an agent may be, though.

    Args:
        seed: the random seed.
        count: the number of sentences.

    Yields:
        The text by language code (`LANGUAGES`).
    """
    rng = random.Random(f"parallel-{seed}")
    seen: set[Sentence] = set()
    while len(seen) < count:
        sentence = sampling.sentence(rng, "train")
        if sentence not in seen:
            seen.add(sentence)
            yield {lang: say(sentence, lang).text for lang in LANGUAGES}
