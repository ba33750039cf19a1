"""Results that could be reused for pending entries if records of sameness existed for their code."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from xstilts.fingerprints.sameness import Sameness, named
from xstilts.paths import SPEC
from xstilts.steps.entry import Entry
from xstilts.store.contents import Contents, Result
from xstilts.store.entries import REMOVED
from xstilts.store.obstacles import Scope, obstacles

_DETERMINISTIC = ("write_miniature", "make_tokenizer", "read_task", "perturb_task", "encode_task")
"""The steps whose output is the same, byte by byte, on every machine."""


@dataclass(frozen=True)
class Match:
    """A result that could be reused for an entry.

    Args:
        made_with: the code and library versions of the result and everything upstream of it, as in `made_with`.
    """

    entry: Entry
    result: Result
    made_with: Mapping[str, str]

    @property
    def is_whole(self) -> bool:
        """Whether it can be used as an input, because its weights have not been removed."""
        return self.entry.step != "train_stage" or REMOVED not in self.result.notes


class Matches:
    """Finds the results that could be reused for entries.

    Args:
        results: the contents of the store.
        scope: the permitted differences.
        sameness: the existing records.
    """

    def __init__(self, results: Contents, scope: Scope, sameness: Sameness):
        self.results, self.scope, self.sameness = results, scope, sameness
        self._known: dict[str, list[Match]] = {}

    def of(self, entry: Entry) -> list[Match]:
        """The results that could be reused for an entry, the newest first, including the entry itself if finished."""
        if entry.path not in self._known:
            found = (self._match(entry, result) for result in self.results.like(entry.path))
            self._known[entry.path] = [match for match in found if match]
        return self._known[entry.path]

    def is_refuted(self, entry: Entry, result: Result) -> bool:
        """Whether the entry was computed as well, with different bytes, so that the code is not equivalent."""
        mine = self.results.at(entry.path)
        return mine is not None and entry.step in _DETERMINISTIC and not same_bytes(mine, result)

    def _match(self, entry: Entry, result: Result) -> Match | None:
        if result.path == entry.path:
            return Match(entry, result, made_with(entry))
        differs = obstacles(entry, result, self.scope, self.sameness)
        if differs or not same_root(entry, result) or self.is_refuted(entry, result):
            return None
        parts: list[Mapping[str, str]] = [named(result.spec)]
        for role in entry.inputs:
            part = self._input_of(entry, role, result)
            if part is None:
                return None
            parts.append(part)
        merged = _merged(parts)
        return Match(entry, result, merged) if merged else None

    def _input_of(self, entry: Entry, role: str, result: Result) -> Mapping[str, str] | None:
        """The code and versions of an input of a result; None if it could not be reused for that of the entry."""
        mine, theirs = entry.inputs[role], self.results.counterpart(entry, role, result)
        if theirs is None:
            # Inputs of other inputs are compared there.
            return {} if any(mine in one.inputs.values() for one in entry.inputs.values()) else None
        if theirs == mine.path:
            return made_with(mine)
        return next((match.made_with for match in self.of(mine) if match.result.path == theirs), None)


def made_with(entry: Entry) -> dict[str, str]:
    """The fingerprints of roles and versions of libraries (`library.<name>`) of an entry and everything upstream."""
    found = named(entry.spec)
    for one in entry.inputs.values():
        found |= made_with(one)
    return found


def best(matches: Iterable[Match]) -> dict[str, str]:
    """One fingerprint per role and one version per library, chosen greedily to recover as many entries as possible.

    Only one can be adopted, so each choice excludes the matches with another value. The value with the most entries is
    chosen first; among equals, the first one.
    """
    left = [match for match in matches if match.is_whole]
    chosen: dict[str, str] = {}
    while True:
        entries: dict[tuple[str, str], set[str]] = {}
        for match in left:
            for name, value in match.made_with.items():
                if name not in chosen:
                    entries.setdefault((name, value), set()).add(match.entry.path)
        if not entries:
            return chosen
        name, value = max(entries, key=lambda pair: len(entries[pair]))
        chosen[name] = value
        left = [match for match in left if match.made_with.get(name, value) == value]


def same_bytes(one: Result, other: Result) -> bool:
    """Whether two results have the same files, apart from their specs."""
    mine, theirs = ({k: v for k, v in result.notes["files"].items() if k != SPEC} for result in (one, other))
    return mine == theirs


def same_root(entry: Entry, result: Result) -> bool:
    """Whether both are based on the same encoder or tokenizer, or on one that is compared as an input."""
    by_input = {"encoder", "tokenizer", "parent", "model", "predictions"} & entry.inputs.keys()
    return bool(by_input) or entry.about.origin == result.about.origin


def _merged(parts: Iterable[Mapping[str, str]]) -> dict[str, str] | None:
    """The union of mappings; None if they are contradictory."""
    merged: dict[str, str] = {}
    for part in parts:
        if any(merged.setdefault(name, value) != value for name, value in part.items()):
            return None
    return merged
