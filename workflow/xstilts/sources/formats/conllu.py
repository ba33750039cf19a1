"""CoNLL-U treebanks as part-of-speech data, by the rules of XTREME's converter.

Universal Dependencies splits some surface words, such as the French `du`, into several syntactic words. The converter
(Agić et al., ud-conversion-tools) merges them again: the surface form takes the position and the tag of the syntactic
word that is closest to the root, measured by the number of its ancestors over basic and enhanced dependencies. Ties are
broken by a precedence list of tags for the language, then by order.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xstilts.errors import DataError, shorten
from xstilts.sources.formats import text
from xstilts.task import LeftOut, Row, Task

_COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
_PRECEDENCE = {
    "es": "VERB AUX PRON ADP DET",
    "fr": "VERB AUX PRON NOUN ADJ ADV ADP DET PART SCONJ CONJ",
    "it": "VERB AUX ADV PRON ADP DET INTJ",
}
_DEFAULT = "VERB NOUN PROPN PRON ADJ NUM ADV INTJ AUX ADP DET PART CCONJ SCONJ X PUNCT"
_SURFACE, _EMPTY_NODE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})"), re.compile(r"[0-9]+\.[0-9]+")
_HEAD = re.compile(r"[0-9]+|_")
_WITHHELD, _LEFT_OUT = "_", LeftOut("whose text is withheld")
_DELETED = str.maketrans("", "", "\u200c ")


@dataclass
class _Sentence:
    """Forms and tags of the syntactic words, the heads of each word, and the multiword tokens."""

    line: int
    forms: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    heads: dict[str, set[str]] = field(default_factory=dict)
    fused: list[tuple[int, range, str]] = field(default_factory=list)


def read(paths: list[Path], *, task: Task, lang: str) -> Iterator[Row]:
    """The sentences of a treebank as words and universal tags.

    Sentences whose text is withheld (`_` for all words, or for all but one) are left out. U+200C and spaces within a
    word are deleted.

    Raises:
        DataError: a line is not valid CoNLL-U.
    """
    (path,) = paths
    for sentence in _sentences(path):
        words, tags = _fuse(sentence, _PRECEDENCE.get(lang, _DEFAULT).split())
        withheld = words.count(_WITHHELD)
        kept = withheld == 0 or withheld < len(words) - 1
        row = {"words": [word.translate(_DELETED) for word in words], "tags": tags}
        yield f"line {sentence.line}", row if kept else _LEFT_OUT


def _sentences(path: Path) -> Iterator[_Sentence]:
    sentence = None
    for number, line in text.lines(path):
        if text.is_blank(line):
            if sentence:
                yield _complete(path, sentence)
            sentence = None
        elif not line.startswith("#"):
            sentence = sentence or _Sentence(number)
            _add(path, number, sentence, text.columns(path, number, line, _COLUMNS))
    if sentence:
        yield _complete(path, sentence)


def _add(path: Path, number: int, sentence: _Sentence, values: list[str]) -> None:
    identifier, form, upos, head, deps = (values[column] for column in (0, 1, 3, 6, 8))
    if surface := _SURFACE.fullmatch(identifier):
        sentence.fused.append((number, range(int(surface[1]), int(surface[2]) + 1), form.strip()))
    elif identifier == str(len(sentence.forms) + 1):
        sentence.forms.append(form.strip())
        sentence.tags.append(upos.strip())
        if not _HEAD.fullmatch(head):
            raise DataError(path, f"line {number}", f"the head {shorten(head)}", "a word id, 0 or _")
        enhanced = {relation.partition(":")[0] for relation in deps.split("|")}
        sentence.heads[identifier] = {head, *filter(str.isdigit, enhanced)}
    elif not _EMPTY_NODE.fullmatch(identifier):
        expected = f"{len(sentence.forms) + 1}, a range like 1-2 or an empty node like 1.1"
        raise DataError(path, f"line {number}", f"the id {shorten(identifier)}", expected)


def _complete(path: Path, sentence: _Sentence) -> _Sentence:
    """The sentence, once its multiword tokens are known to cover existing words without overlap."""
    end = 0
    for number, span, form in sentence.fused:
        if not span or span[0] <= end or span[-1] > len(sentence.forms):
            expected = f"a range after word {end} and within the {len(sentence.forms)} words of the sentence"
            found = f"{shorten(form)} over the words {span.start} to {span.stop - 1}"
            raise DataError(path, f"line {number}", found, expected)
        end = span[-1]
    return sentence


def _fuse(sentence: _Sentence, precedence: list[str]) -> tuple[list[str], list[str]]:
    forms, kept = dict(enumerate(sentence.forms, 1)), set(range(1, len(sentence.forms) + 1))
    for _, span, form in sentence.fused:
        head = _head(sentence, span, precedence)
        forms[head] = form
        kept -= set(span) - {head}
    order = sorted(kept)
    return [forms[word] for word in order], [sentence.tags[word - 1] for word in order]


def _head(sentence: _Sentence, span: range, precedence: list[str]) -> int:
    """The syntactic word that represents a multiword token.

    Tags that are not in the precedence list come last; the official converter fails on them.
    """

    def rank(word: int) -> tuple[int, int]:
        tag = sentence.tags[word - 1]
        place = precedence.index(tag) if tag in precedence else len(precedence)
        return _ancestors(str(word), sentence.heads), place

    return min(span, key=rank)


def _ancestors(word: str, heads: Mapping[str, set[str]]) -> int:
    """The number of ancestors of a word, the root included."""
    reached: set[str] = set()
    waiting = [word]
    while waiting:
        new = heads.get(waiting.pop(), set()) - reached
        reached |= new
        waiting.extend(new)
    return len(reached - {word})
