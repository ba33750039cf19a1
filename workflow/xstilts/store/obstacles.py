"""Why a result cannot stand for an entry that is still to be made, whatever records there are."""

from dataclasses import dataclass

from xstilts.fingerprints.sameness import LIBRARY, Sameness
from xstilts.paths import is_entry
from xstilts.steps.entry import Entry
from xstilts.store.contents import Result
from xstilts.store.differences import changes


@dataclass(frozen=True)
class Scope:
    """In what a result may differ from the entry that it is to stand for.

    Args:
        roles: roles of code; every role where there are none.
        libraries: libraries whose minor version may be another.
    """

    roles: frozenset[str] = frozenset()
    libraries: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Obstacle:
    """A value because of which a result cannot stand for an entry.

    Args:
        what: the value, and how it differs.
        option: what the user may give to let it differ; nothing where no record can stand for it.
    """

    what: str
    option: str = ""


def obstacles(entry: Entry, result: Result, scope: Scope, sameness: Sameness) -> list[Obstacle]:
    """The values of an entry's own spec because of which a result cannot stand for it."""
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
    # A name is formed with the oldest: what has an older one is named by no grid, and may be what is there now.
    return Obstacle(f"{name} {old}, which stands for an older one") if sameness.oldest(name, old) != old else None
