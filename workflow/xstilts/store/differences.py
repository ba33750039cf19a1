"""Why an entry is not there yet: what differs between it and the result that comes nearest, in words."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, partial

from xstilts.errors import shorten
from xstilts.fingerprints.readable import readable
from xstilts.fingerprints.sameness import Sameness
from xstilts.fingerprints.spec import canonical, leaves
from xstilts.paths import is_entry, place
from xstilts.steps.entry import Entry
from xstilts.store.contents import Contents, Result

_ABSENT = object()
_PLAIN = ("stage", "settings", "options")
"""Blocks of a spec whose keys say enough without it."""

_LISTED = 6
"""So many of the modules that changed are named."""


@dataclass(frozen=True)
class Reason:
    """A change that makes results have other names.

    Args:
        change: what changed, with `{}` for what it changed of: `learning_rate of {}: 1e-05 → 2e-05`.
        kind: of the subject: `stage`, `task`, `encoder`, or nothing.
        subject: its name.
        entry: the path of the first entry that the change gives another name.
        instead: the result that there is in its place.
    """

    change: str
    kind: str
    subject: str
    entry: str
    instead: str


def sentence(reasons: Iterable[Reason]) -> str:
    """One line for reasons that have the same change and kind."""
    reasons = list(reasons)
    subjects = sorted({reason.subject for reason in reasons})
    kind = reasons[0].kind if len(subjects) == 1 else f"{reasons[0].kind}s"
    return reasons[0].change.replace("{}", f"{kind} {', '.join(subjects)}")


class Differences:
    """Compares entries that are still to be made with the results of a store.

    Args:
        pending: the entries still to be made, by path.
        results: what there is.
        sameness: which code did the same as older code.
    """

    def __init__(self, pending: dict[str, Entry], results: Contents, sameness: Sameness):
        self.pending, self.results, self.sameness = pending, results, sameness
        self._entries: dict[str, Entry] = {}
        self._known: dict[str, frozenset[Reason]] = {}

    def reasons(self, entry: Entry) -> frozenset[Reason]:
        """The changes because of which an entry is to be made: the first ones on the way to it.

        Returns:
            Nothing if it was never made with any settings.
        """
        if entry.path not in self._known:
            self._known[entry.path] = self._found(entry)
        return self._known[entry.path]

    def _found(self, entry: Entry) -> frozenset[Reason]:
        upstream = [self.reasons(one) for one in entry.inputs.values() if one.path in self.pending]
        if any(upstream):
            return frozenset().union(*upstream)
        near = self.nearest(entry)
        return frozenset(self._causes(entry, near)) if near else frozenset()

    def nearest(self, entry: Entry) -> Result | None:
        """The result in the place of an entry that has the fewest differences, the newest of equals."""
        return min(self.results.like(entry.path), key=partial(self._distance, entry), default=None)

    def _distance(self, entry: Entry, result: Result) -> int:
        """How many values of the specs, and how many of the entries that they were made from, differ."""
        inputs = (self.results.counterpart(entry, role, result) != one.path for role, one in entry.inputs.items())
        return len(changes(entry, result)) + sum(inputs) + (entry.about.origin != result.about.origin)

    def _causes(self, entry: Entry, result: Result) -> list[Reason]:
        """The first changes on the way from the roots to an entry that a result was made without."""
        upstream = []
        for role, one in entry.inputs.items():
            path = self.results.counterpart(entry, role, result)
            if path and path != one.path:
                other = self.results.at(path)
                upstream += self._causes(one, other) if other else [_gone(entry, one, path)]
        return list(dict.fromkeys(upstream)) or _own(entry, result, self.sameness)


def changes(entry: Entry, result: Result) -> dict[tuple[str, ...], tuple[object, object]]:
    """The values of the spec of a result and of an entry that differ, by the names above them.

    Settings have their names in the configuration, and their neutral value where a spec leaves it out.
    """
    mine, theirs = _leaves_of(canonical(entry.spec)), _leaves_of(canonical(result.spec))
    pairs = {key: (theirs.get(key, _ABSENT), mine.get(key, _ABSENT)) for key in theirs | mine}
    return {key: (old, new) for key, (old, new) in pairs.items() if old != new}


def changed_modules(role: str, entry: Entry, result: Result, sameness: Sameness) -> set[str]:
    """The modules of a role of an entry's code that a result was made with others of; none where nobody noted them."""
    both = [sameness.oldest_modules(modules.get(role, {})).items() for modules in (entry.modules, result.modules)]
    return {name for name, _ in both[0] ^ both[1]} if all(both) else set()


@cache
def _leaves_of(spec: str) -> dict[tuple[str, ...], object]:
    return leaves(readable(json.loads(spec), neutral=True))


def _own(entry: Entry, result: Result, sameness: Sameness) -> list[Reason]:
    """The changes of an entry's own spec, and of the encoder that its path begins with."""
    kind, subject = _subject(entry)
    reason = partial(Reason, entry=entry.path, instead=result.path)
    found = [reason(text, kind, subject) for text in dict.fromkeys(_texts(entry, result, sameness))]
    made_from = {"parent", "model", "encoder", "tokenizer", "predictions"} & entry.inputs.keys()
    if not made_from and entry.about.origin != result.about.origin:
        part = "tokenizer" if entry.step == "encode_task" else "files"
        found.append(reason(f"{part} of {{}} changed", "encoder", entry.about.encoder))
    return found


def _subject(entry: Entry) -> tuple[str, str]:
    if entry.step == "train_stage":
        return "stage", entry.about.name
    if entry.about.task:
        return "task", entry.about.task
    return "entry", place(entry.path)


def _texts(entry: Entry, result: Result, sameness: Sameness) -> list[str]:
    """Each change of a spec in words; the files of a task together, and of a block its settings alone."""
    texts, files = [], {}
    found = changes(entry, result)
    blocks = {key[:length] for key in found for length in range(1, len(key))}
    for key, (old, new) in found.items():
        if is_entry(old) or is_entry(new) or key in blocks:
            continue
        if key[0] == "files":
            files.setdefault(_how(entry, result, key[1]), {})[key[1]] = None
        elif key[0] == "code":
            texts.append(f"{_code(entry, result, sameness)}, for {{}}")
        elif key[0] == "libraries":
            texts.append(f"{key[1]} {_value(old)} → {_value(new)}, for {{}}")
        else:
            name = ".".join(key[1:] if key[0] in _PLAIN else key)
            texts.append(f"{name} of {{}}: {_value(old)} → {_value(new)}")
    return texts + [f"files of {{}}: {how} {', '.join(names)}" for how, names in files.items()]


def _code(entry: Entry, result: Result, sameness: Sameness) -> str:
    """Which modules of an entry's code changed; which roles, where nothing is noted of their modules."""
    mine, theirs = entry.spec["code"], result.spec["code"]
    if result.is_too_old:
        return "the last result is older than the records of sameness (docs/store.md)"
    roles = sorted(role for role in mine | theirs if mine.get(role) != theirs.get(role))
    modules = [changed_modules(role, entry, result, sameness) for role in roles]
    named = sorted(set().union(*modules)) if all(modules) else roles
    return f"code changed in {_listed(named)}"


def _listed(names: list[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def _how(entry: Entry, result: Result, name: str) -> str:
    """What became of the files of a split in one language."""
    if name not in result.spec["files"]:
        return "now with"
    return "other content of" if name in entry.spec["files"] else "now without"


def _value(value: object) -> str:
    if value is _ABSENT or value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, str) else shorten(value)


def _gone(entry: Entry, one: Entry, path: str) -> Reason:
    """A change that cannot be looked into, since what the result was made from is not there any more."""
    kind, subject = _subject(entry)
    return Reason(f"{{}} was made from {path}, which is gone", kind, subject, one.path, path)
