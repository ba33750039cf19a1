"""Differences between a result and a pending entry that prevent its adoption."""

from dataclasses import dataclass

from xstilts.fingerprints.sameness import LIBRARY, Sameness
from xstilts.paths import is_entry
from xstilts.steps.entry import Entry
from xstilts.store.contents import Result
from xstilts.store.differences import changes


@dataclass(frozen=True)
class Scope:
    """The permitted differences between a result and an entry.

    Args:
        roles: roles whose code may differ; empty for all roles.
        libraries: libraries whose minor version may differ.
    """

    roles: frozenset[str] = frozenset()
    libraries: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Obstacle:
    """A difference that prevents the adoption of a result.

    Args:
        what: the differing value, and how it differs.
        option: the command-line option that permits it; empty if no record can.
    """

    what: str
    option: str = ""


def obstacles(entry: Entry, result: Result, scope: Scope, sameness: Sameness) -> list[Obstacle]:
    """The differences in an entry's own spec that prevent the adoption of a result."""
    inputs = {one.path for one in entry.inputs.values()}
    found = [
        _obstacle(key, old, new, scope, sameness)
        for key, (old, new) in changes(entry, result).items()
        if not (is_entry(old) and new in inputs)
    ]
    return [one for one in found if one]


def _obstacle(key: tuple[str, ...], old: object, new: object, scope: Scope, sameness: Sameness) -> Obstacle | None:
    kind, *names = key
    name = ".".join(names)
    if kind not in ("code", "libraries") or not (isinstance(old, str) and isinstance(new, str)):
        return Obstacle(".".join(key))
    if kind == "libraries":
        if name not in scope.libraries:
            return Obstacle(f"{name} {old} → {new}", f"--library {name}")
        name = LIBRARY + name
    elif scope.roles and name not in scope.roles:
        return Obstacle(f"the code of {name}", f"--role {name}")
    # Names are built with the oldest equivalent fingerprint, so no record may lead to any other.
    return Obstacle(f"{name} {old}, which has an older equivalent") if sameness.oldest(name, old) != old else None
