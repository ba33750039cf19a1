"""Common parts of the grammars: tagged words, phrases with roles, and tables of inflected forms."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Word(NamedTuple):
    """A surface word.

    Args:
        form: its written form.
        tag: its universal part-of-speech tag.
        entity: `B-` or `I-` with PER, LOC or ORG, or empty.
    """

    form: str
    tag: str
    entity: str = ""


Words = tuple[Word, ...]


class Phrase(NamedTuple):
    """The words of one slot of a clause; `role` is the name of the slot, `verb`, or `question` for a question word."""

    role: str
    words: Words


class Tagger:
    """Converts strings into tagged words.

    Words are separated by spaces; names are in square brackets. Numbers are numerals. Unless a tag is given, function
    words have their own tags, words in brackets are proper nouns and all others nouns.

    Args:
        functions: the function words, as lines of `TAG: word word`.
    """

    def __init__(self, functions: str):
        self._tags = {
            word: tag
            for tag, words in (line.split(": ") for line in functions.strip().splitlines())
            for word in words.split()
        }
        self._known: dict[tuple[str, str, str], Words] = {}

    def __call__(self, text: str, entity: str = "", tag: str = "") -> Words:
        """The words of a string.

        Args:
            text: the words, with names in square brackets.
            entity: the type of the names: PER, LOC or ORG.
            tag: the tag of all words, instead of the default.
        """
        key = text, entity, tag
        if key not in self._known:
            self._known[key] = tuple(self._words(*key))
        return self._known[key]

    def _words(self, text: str, entity: str, tag: str) -> Iterable[Word]:
        place = ""
        for form in text.split():
            place = "B-" if form.startswith("[") else place
            bare = form.strip("[]")
            own = "NUM" if bare.isdigit() else tag or self._tags.get(bare, "PROPN" if place else "NOUN")
            yield Word(bare, own, place + entity if place else "")
            place = "" if form.endswith("]") else place and "I-"


def table(text: str) -> dict[str, tuple[str, ...]]:
    """A table of forms from lines of `key: form | form`."""
    lines = (line.split(": ", 1) for line in text.strip().splitlines())
    return {key.strip(): tuple(form.strip() for form in forms.split("|")) for key, forms in lines}


def series(keys: Iterable[str], forms: str) -> dict[str, str]:
    """One form for each key, in order."""
    return dict(zip(keys, forms.split(), strict=True))


def in_order(roles: str, parts: Mapping[str, Words]) -> list[Phrase]:
    """The non-empty phrases of a clause in the order of `roles`; only the first mention of a role counts."""
    return [Phrase(role, parts[role]) for role in dict.fromkeys(roles.split()) if parts.get(role)]
