"""Adoption: records of sameness with which an experiment can reuse results of older code."""

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
"""Maximum number of differing values in a message."""


@dataclass(frozen=True)
class Adoption:
    """Records that can be added to a store, and their effect on an experiment.

    Args:
        records: the records, each with its evidence.
        modules: the modules that differ, by role, as far as they are listed in manifests.
        outcome: the state of the experiment with these records.
        unlike: pairs of results, of any experiment of the store, that the records make equivalent although both were
            computed and their bytes differ.
        reasons: why other results cannot be reused, each with the entries that are still to be computed for it.
        too_old: results of releases whose code no record can refer to.
    """

    records: tuple[Record, ...]
    modules: dict[str, list[str]]
    outcome: Outcome
    unlike: list[tuple[Entry, Entry]]
    reasons: dict[str, list[Entry]]
    too_old: list[Result]


def adoption(config: Config, grid: Grid, scope: Scope, because: str) -> Adoption:
    """Find the results that an experiment can adopt.

    Args:
        scope: the roles and libraries that may differ.
        because: the user's reason why the differences do not affect results.

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
    """The modules of a role that differ in any of the adopted results."""
    differing = (
        changed_modules(name, now, Result(config.store, then.path), sameness)
        for now, then in outcome.found
        if name in now.spec["code"]
    )
    return sorted(set().union(*differing))


def _shown(name: str, modules: list[str]) -> str:
    """The evidence of a record, which is only the word of the user."""
    what = f": modules {', '.join(modules)} differ" if modules else ""
    return f"adopt, on the word of the user{what}"


def _unlike(results: Contents, pairs: list[tuple[Entry, Entry]]) -> list[tuple[Entry, Entry]]:
    both = [(now, then) for now, then in pairs if now.path != then.path and now.step in RESULTS]
    made = [(now, then, results.at(now.path), results.at(then.path)) for now, then in both]
    return [(now, then) for now, then, mine, other in made if mine and other and not same_bytes(mine, other)]


def _reasons(left: Iterable[Entry], matches: Matches, chosen: dict[str, str]) -> dict[str, list[Entry]]:
    """Entries that cannot be adopted, by reason, the most common reason first."""
    found: dict[str, list[Entry]] = {}
    for entry in left:
        reason = _of_choice(entry, matches, chosen) if matches.of(entry) else _of_difference(entry, matches)
        if reason:
            found.setdefault(reason, []).append(entry)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


def _of_choice(entry: Entry, matches: Matches, chosen: dict[str, str]) -> str:
    """Why an entry with matching results cannot be adopted; empty if its records are among the refused ones."""
    fitting = matches.of(entry)
    if not any(match.is_whole for match in fitting):
        return "without weights (keep_models: false)"
    for name, value in fitting[0].made_with.items():
        if value != chosen.get(name, value):
            return f"made with {name} {value}; only one can be adopted, and {chosen[name]} recovers more results"
    return ""


def _of_difference(entry: Entry, matches: Matches) -> str:
    """Why no result matches an entry; empty if only its inputs differ."""
    results = matches.results
    known = results.like(entry.path)
    candidates = [one for one in known if not one.is_too_old]
    if not candidates:
        return "" if known else "never computed in this store"
    differing = {one: obstacles(entry, one, matches.scope, matches.sameness) for one in candidates}
    near = min(differing, key=lambda one: len(differing[one]))
    if found := differing[near]:
        first = ", ".join(one.what for one in found[:_LISTED])
        more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
        options = " ".join(one.option for one in found)
        advice = f": add {options} if that cannot affect results" if all(one.option for one in found) else ""
        return f"differing in {first}{more}{advice}"
    if not same_root(entry, near):
        return "of a different encoder or tokenizer"
    for role, mine in entry.inputs.items():
        theirs = results.counterpart(entry, role, near)
        if theirs and theirs != mine.path:
            source = results.at(theirs)
            if source is None:
                return "made from inputs that no longer exist"
            if matches.is_refuted(mine, source):
                return f"made from {theirs}, for which the present code gives different bytes"
    return ""
