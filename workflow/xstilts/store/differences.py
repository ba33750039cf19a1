"""Descriptions of why an entry is pending: the differences between it and the most similar result."""

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
"""Blocks of a spec whose names are omitted from messages."""

_LISTED = 6
"""Maximum number of changed modules in a message."""


@dataclass(frozen=True)
class Reason:
    """A change that invalidates results.

    Args:
        change: the change, with `{}` in place of its subject: `learning_rate of {}: 1e-05 → 2e-05`.
        kind: the kind of the subject: `stage`, `task`, `encoder` or `entry`.
        subject: the name of the subject.
        entry: the path of the first entry that the change affects.
        instead: the path of the result from before the change.
    """

    change: str
    kind: str
    subject: str
    entry: str
    instead: str


def sentence(reasons: Iterable[Reason]) -> str:
    """One line for reasons with the same change and kind."""
    reasons = list(reasons)
    subjects = sorted({reason.subject for reason in reasons})
    kind = reasons[0].kind if len(subjects) == 1 else f"{reasons[0].kind}s"
    return reasons[0].change.replace("{}", f"{kind} {', '.join(subjects)}")


class Differences:
    """Compares pending entries with the results in a store.

    Args:
        pending: the pending entries, by path.
        results: the contents of the store.
        sameness: the records of sameness.
    """

    def __init__(self, pending: dict[str, Entry], results: Contents, sameness: Sameness):
        self.pending, self.results, self.sameness = pending, results, sameness
        self._entries: dict[str, Entry] = {}
        self._known: dict[str, frozenset[Reason]] = {}

    def reasons(self, entry: Entry) -> frozenset[Reason]:
        """The changes that make an entry pending: in its inputs, or else in the entry itself.

        Returns:
            The changes; empty if the entry was never computed with any settings.
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
        """The result with the fewest differences to an entry, the newest of equals; None if there is none."""
        return min(self.results.like(entry.path), key=partial(self._distance, entry), default=None)

    def _distance(self, entry: Entry, result: Result) -> int:
        """The number of values in the specs, and of inputs, that differ."""
        inputs = (self.results.counterpart(entry, role, result) != one.path for role, one in entry.inputs.items())
        return len(changes(entry, result)) + sum(inputs) + (entry.about.origin != result.about.origin)

    def _causes(self, entry: Entry, result: Result) -> list[Reason]:
        """The changes between a result and an entry: in their inputs, or else in their own specs."""
        upstream = []
        for role, one in entry.inputs.items():
            path = self.results.counterpart(entry, role, result)
            if path and path != one.path:
                other = self.results.at(path)
                upstream += self._causes(one, other) if other else [_gone(entry, one, path)]
        return list(dict.fromkeys(upstream)) or _own(entry, result, self.sameness)


def changes(entry: Entry, result: Result) -> dict[tuple[str, ...], tuple[object, object]]:
    """The values that differ between the specs of a result and an entry, as pairs (old, new) by their keys.

    Settings have their names in the configuration, and their neutral values if a spec omits them.
    """
    mine, theirs = _leaves_of(canonical(entry.spec)), _leaves_of(canonical(result.spec))
    pairs = {key: (theirs.get(key, _ABSENT), mine.get(key, _ABSENT)) for key in theirs | mine}
    return {key: (old, new) for key, (old, new) in pairs.items() if old != new}


def changed_modules(role: str, entry: Entry, result: Result, sameness: Sameness) -> set[str]:
    """The modules of a role that differ between an entry and a result; empty if one of them does not list modules."""
    both = [sameness.oldest_modules(modules.get(role, {})).items() for modules in (entry.modules, result.modules)]
    return {name for name, _ in both[0] ^ both[1]} if all(both) else set()


@cache
def _leaves_of(spec: str) -> dict[tuple[str, ...], object]:
    return leaves(readable(json.loads(spec), neutral=True))


def _own(entry: Entry, result: Result, sameness: Sameness) -> list[Reason]:
    """The changes of an entry's own spec, and of the encoder at the root of its path."""
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
    """The changes of a spec as texts: one for all files of a task with the same change, one per setting of a block."""
    texts: list[str] = []
    files: dict[str, dict[str, None]] = {}
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
    """The modules of an entry's code that changed, or the roles if their modules are not listed."""
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
    """How the files of a split in one language changed."""
    if name not in result.spec["files"]:
        return "now with"
    return "other content of" if name in entry.spec["files"] else "now without"


def _value(value: object) -> str:
    if value is _ABSENT or value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, str) else shorten(value)


def _gone(entry: Entry, one: Entry, path: str) -> Reason:
    """A change that cannot be examined because the input of the result no longer exists."""
    kind, subject = _subject(entry)
    return Reason(f"{{}} was made from {path}, which no longer exists", kind, subject, one.path, path)
