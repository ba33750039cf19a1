"""Which records of sameness would let an experiment find results of older code again, and what they rest on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from xstilts.config import Config
from xstilts.fingerprints.sameness import Record, Sameness, named
from xstilts.grid import Grid
from xstilts.steps import RESULTS
from xstilts.steps.entry import Entry
from xstilts.store.contents import Contents, Result
from xstilts.store.differences import changed_modules
from xstilts.store.matches import Matches, best, same_bytes, same_root
from xstilts.store.obstacles import Scope, obstacles
from xstilts.store.simulation import Outcome, Simulation

_LISTED = 6
"""So many of the values that differ are named."""


@dataclass(frozen=True)
class Adoption:
    """Records that can be added to a store, and what becomes of an experiment then.

    Args:
        records: each with what it rests on.
        modules: of each role, the modules that differ, as far as manifests tell.
        outcome: what the experiment is with them.
        unlike: pairs of results, of whatever experiment of the store, that were made both ways, with other bytes.
        reasons: why other results are not found again, with those that are still to be made for it.
        too_old: results of releases whose code no record can stand for.
    """

    records: tuple[Record, ...]
    modules: dict[str, list[str]]
    outcome: Outcome
    unlike: list[tuple[Entry, Entry]]
    reasons: dict[str, list[Entry]]
    too_old: list[Result]


def adoption(config: Config, grid: Grid, scope: Scope, because: str) -> Adoption:
    """What can be adopted.

    Args:
        because: why what differs cannot matter, in the words of the user.

    Raises:
        UserError: another experiment of the store cannot be opened.
    """
    sameness = grid.identity.sameness
    simulation, matches = Simulation(config, grid), Matches(Contents(config.store), scope, sameness)
    waiting = [entry for entry in grid.entries.values() if entry.path in simulation.pending and entry.step in RESULTS]
    chosen = best(match for entry in waiting for match in matches.of(entry))
    now = {name: value for entry in grid.entries.values() for name, value in named(entry.spec).items()}
    proposed = [Record(name, now[name], old, because, "") for name, old in sorted(chosen.items()) if old != now[name]]
    outcome = simulation.settled(tuple(proposed))
    modules = {one.of: _modules(one.of, outcome, config, sameness) for one in outcome.records}
    records = tuple(replace(one, shown=_shown(one.of, modules[one.of])) for one in outcome.records)
    left = [entry for entry in outcome.left if entry.step in RESULTS]
    return Adoption(
        records,
        modules,
        outcome,
        _unlike(matches.results, simulation.everywhere(outcome.records)),
        _reasons(left, matches, chosen),
        [one for entry in left for one in matches.results.like(entry.path) if one.is_too_old],
    )


def _modules(name: str, outcome: Outcome, config: Config, sameness: Sameness) -> list[str]:
    """The modules of a role that differ in any of the results that are found again."""
    differing = (
        changed_modules(name, now, Result(config.store, then.path), sameness)
        for now, then in outcome.found
        if name in now.spec["code"]
    )
    return sorted(set().union(*differing))


def _shown(name: str, modules: list[str]) -> str:
    """By what a record was shown: by nothing but a word."""
    what = f": modules {', '.join(modules)} differ" if modules else ""
    return f"adopt, on the word of the user{what}"


def _unlike(results: Contents, pairs: list[tuple[Entry, Entry]]) -> list[tuple[Entry, Entry]]:
    both = [(now, then) for now, then in pairs if now.path != then.path and now.step in RESULTS]
    made = [(now, then, results.at(now.path), results.at(then.path)) for now, then in both]
    return [(now, then) for now, then, mine, other in made if mine and other and not same_bytes(mine, other)]


def _reasons(left: Iterable[Entry], matches: Matches, chosen: dict[str, str]) -> dict[str, list[Entry]]:
    """Why entries are not found again, the commonest reason first."""
    found: dict[str, list[Entry]] = {}
    for entry in left:
        reason = _of_choice(entry, matches, chosen) if matches.of(entry) else _of_difference(entry, matches)
        if reason:
            found.setdefault(reason, []).append(entry)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


def _of_choice(entry: Entry, matches: Matches, chosen: dict[str, str]) -> str:
    """Why an entry is not found again for which there are results; nothing where a refusal says it."""
    fitting = matches.of(entry)
    if not any(match.is_whole for match in fitting):
        return "without weights (keep_models: false)"
    for name, value in fitting[0].made_with.items():
        if value != chosen.get(name, value):
            return f"made with {name} {value}; one alone can stand for the code of today, and {chosen[name]} finds more"
    return ""


def _of_difference(entry: Entry, matches: Matches) -> str:
    """Why no result can stand for an entry; nothing where it lies in what the entry is made from."""
    results = matches.results
    known = results.like(entry.path)
    candidates = [one for one in known if not one.is_too_old]
    if not candidates:
        return "" if known else "never made in this store"
    differing = {one: obstacles(entry, one, matches.scope, matches.sameness) for one in candidates}
    near = min(differing, key=lambda one: len(differing[one]))
    if found := differing[near]:
        first = ", ".join(one.what for one in found[:_LISTED])
        more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
        options = " ".join(one.option for one in found)
        advice = f": give {options} too if that cannot matter" if all(one.option for one in found) else ""
        return f"differing in {first}{more}{advice}"
    if not same_root(entry, near):
        return "of another encoder or tokenizer"
    for role, mine in entry.inputs.items():
        theirs = results.counterpart(entry, role, near)
        if theirs and theirs != mine.path:
            source = results.at(theirs)
            if source is None:
                return "made from what is not there any more"
            if matches.is_refuted(mine, source):
                return f"made from {theirs}, which the code of today has made with other bytes"
    return ""
