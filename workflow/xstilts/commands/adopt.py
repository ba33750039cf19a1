"""Reuse older results after a change of code that does not affect them."""

from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from xstilts.commands.shell import add_config, add_consent, many, open_experiment
from xstilts.errors import UserError, nearest
from xstilts.fingerprints import sameness
from xstilts.fingerprints.sameness import LIBRARY, Record
from xstilts.grid import Grid
from xstilts.steps import RESULTS
from xstilts.store import locks
from xstilts.store.adoption import Adoption, adoption
from xstilts.store.obstacles import Scope
from xstilts.store.simulation import FINISHED, INTERRUPTED, TRAINED, Refusal

_REASONS = 3
"""The maximum number of reasons that are printed for results that are not reused."""

_ADVICE = {
    FINISHED: "finish the run with the current code, or delete their manifest.json if you can do without them",
    TRAINED: "wait until it ends, or stop it, and adopt again",
    INTERRUPTED: "let snakemake finish it, or delete its .training if you can do without it",
}
"""What to do about results that would lose their names, by their state."""

_ADOPTIONS = locks.Purpose("keep two adoptions in one store apart", "adopt on a machine with file locks there")


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config(parser)
    parser.add_argument("--because", required=True, help="why the change does not affect results; kept in the record")
    parser.add_argument(
        "--role",
        action="append",
        default=[],
        help="adopt only this role of code, such as job.train_stage (may be repeated)",
    )
    parser.add_argument(
        "--library", action="append", default=[], help="adopt another version of this library too (may be repeated)"
    )
    add_consent(parser)


def run(arguments: Namespace) -> None:
    """Show which records would make older results reusable, and add them to the store with `--yes`.

    Raises:
        UserError: every record would make the store lose results, another adoption is running, or the store is not
            writable.
    """
    because = _because(arguments.because)
    experiment = open_experiment(arguments)
    config = experiment.config
    with _alone(config.store) if arguments.yes and config.store.is_dir() else nullcontext():
        grid = experiment.grid
        found = adoption(config, grid, _scope(arguments, grid), because)
        _refuse(found)
        _show(found, because)
        if not found.records:
            print("Nothing can be adopted.")
        elif not arguments.yes:
            print(f"Nothing was changed. Add --yes to write {many(len(found.records), 'record')}.")
        else:
            file = config.store / sameness.FILE
            with _writing(config.store):
                sameness.add(file, found.records)
            print(f"Wrote {many(len(found.records), 'record')} to {file}.")


def _because(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UserError("--because: found text that is not UTF-8; set PYTHONUTF8=1 if it is correct.") from None
    if not text.strip():
        raise UserError(
            "--because: found no text; say why the change does not affect results, such as 'renamed a variable'."
        )
    return text.strip()


def _scope(arguments: Namespace, grid: Grid) -> Scope:
    """The roles and libraries in which results may differ.

    Raises:
        UserError: no result of the experiment depends on a given role or library.
    """
    specs = [entry.spec for entry in grid.entries.values() if entry.step in RESULTS]
    for option, key in (("role", "code"), ("library", "libraries")):
        known = sorted({name for spec in specs for name in spec.get(key, {})})
        for name in getattr(arguments, option):
            if name not in known:
                what = f"--{option} {name}: no result of this experiment depends on it.{nearest(name, known)}"
                raise UserError(f"{what} Expected one of: {', '.join(known)}.")
    return Scope(frozenset(arguments.role), frozenset(arguments.library))


@contextmanager
def _alone(store: Path) -> Iterator[None]:
    """Hold the lock for adoptions in a store.

    Raises:
        UserError: another adoption holds it, the store is not writable, or its file system has no locks.
    """
    path = store / ".cache" / "adopt.lock"
    with _writing(store):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = locks.hold(path, _ADOPTIONS)
    if file is None:
        raise UserError(f"another adoption is running in {store}. Wait until it has ended, and adopt again.")
    with file:
        yield


@contextmanager
def _writing(store: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{store} is not writable ({error.strerror}), so no record can be added. Adopt as a user with write "
            "permission, on a disk with free space."
        ) from None


def _show(found: Adoption, because: str) -> None:
    for record in found.records:
        print(_record(record, found.modules[record.of]))
    if found.records:
        print(f"The only evidence is your statement, {because!r}. To test it, run make same BASE=<commit>.")
    for now, then in found.unlike[:1]:
        made = f"{many(len(found.unlike), 'result')} in both versions with different bytes"
        print(f"Check these first: {made}, such as {then.path} and {now.path}; the older ones would replace the newer")
    for step, count in Counter(now.step for now, _ in found.outcome.found).items():
        now, then = next(pair for pair in found.outcome.found if pair[0].step == step)
        print(f"{step}: {many(count, 'result')} reused, such as {then.path} for {now.path}")
    _show_rest(found)


def _record(record: Record, modules: list[str]) -> str:
    text = f"{record.of}: {record.old} → {record.new}"
    if record.of.startswith(LIBRARY):
        return text
    return f"{text}, modules: {', '.join(modules) or 'not recorded in the results'}"


def _show_rest(found: Adoption) -> None:
    """Print which results are not reused, and why."""
    for reason, entries in list(found.reasons.items())[:_REASONS]:
        print(f"not reused: {many(len(entries), 'result')} {reason}; such as {entries[0].path}")
    if found.too_old:
        print(
            f"{many(len(found.too_old), 'result')} of a version of xstilts without records of sameness, such as "
            f"{found.too_old[0].path}: they cannot be adopted, and remain in the store until you prune it."
        )
    left = Counter(entry.step for entry in found.outcome.left)
    print(f"still to run: {', '.join(f'{step} {count}' for step, count in left.items()) or 'nothing'}")


def _refuse(found: Adoption) -> None:
    """Print the records that are refused because results would lose their names.

    Raises:
        UserError: no record is left.
    """
    texts = [_refused(refusal) for refusal in found.outcome.refused]
    if texts and not found.records:
        raise UserError("\n".join(texts))
    for text in texts:
        print(text)


def _refused(refusal: Refusal) -> str:
    """The refused records, the results that they would orphan, and what to do."""
    records = ", ".join(f"{record.of} {record.old} → {record.new}" for record in refusal.records)
    states = Counter(loss.state for loss in refusal.losses)
    lost = "; ".join(f"{count} {state} ({_ADVICE[state]})" for state, count in states.items())
    first = refusal.losses[0]
    return (
        f"{records}: not adopted, because {many(len(refusal.losses), 'result')} of the current code would lose "
        f"their names: {lost}; such as {first.entry.path} of the experiment {first.experiment}."
    )
