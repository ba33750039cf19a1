"""What the grammars share: words with tags, phrases with roles, and tables of stored forms."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Word(NamedTuple):
    """A surface word.

    Args:
        form: its letters.
        tag: its universal part of speech.
        entity: `B-` or `I-` with PER, LOC or ORG, or nothing.
    """

    form: str
    tag: str
    entity: str = ""


Words = tuple[Word, ...]


class Phrase(NamedTuple):
    """Words that fill one slot of a clause; `role` is the slot's name, `verb`, or `question` for a question word."""

    role: str
    words: Words


class Tagger:
    """Turns stored strings into words.

    A string is words with blanks between them; what stands in square brackets is a name. Digits are numerals; unless
    another tag is asked for, function words have their own, words in brackets are proper nouns and all others nouns.
    """

    def __init__(self, functions: str):
        """Take the tags of the function words, as lines of `TAG: word word`."""
        self._tags = {
            word: tag
            for tag, words in (line.split(": ") for line in functions.strip().splitlines())
            for word in words.split()
        }
        self._known: dict[tuple[str, str, str], Words] = {}

    def __call__(self, text: str, entity: str = "", tag: str = "") -> Words:
        """The words of a string, whose names are of the kind `entity`; all of them with `tag`, if it is given."""
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
    """Stored forms from lines of `key: form | form`."""
    lines = (line.split(": ", 1) for line in text.strip().splitlines())
    return {key.strip(): tuple(form.strip() for form in forms.split("|")) for key, forms in lines}


def series(keys: Iterable[str], forms: str) -> dict[str, str]:
    """One form for each key, in order."""
    return dict(zip(keys, forms.split(), strict=True))


def in_order(roles: str, parts: Mapping[str, Words]) -> list[Phrase]:
    """The phrases of the roles that a clause has, in an order; a role counts where it is first."""
    return [Phrase(role, parts[role]) for role in dict.fromkeys(roles.split()) if parts.get(role)]
