"""Let older results stand for those of changed code."""

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
"""So many reasons are told why results are not found again."""

_ADVICE = {
    FINISHED: "have the rest made with the code of today, or delete their manifest.json if you can do without them",
    TRAINED: "wait until it ends, or end it, and adopt again",
    INTERRUPTED: "let snakemake end it, or delete its .training if you can do without it",
}
"""What to do about what would lose its name."""

_ADOPTIONS = locks.Purpose("keep two adoptions in one store apart", "adopt on a machine that has locks there")


def add_arguments(parser: ArgumentParser) -> None:
    """The command's own arguments."""
    add_config(parser)
    parser.add_argument("--because", required=True, help="why the change cannot matter; it is kept in the record")
    parser.add_argument(
        "--role", action="append", default=[], help="only this role of code, such as job.train_stage (may be repeated)"
    )
    parser.add_argument(
        "--library", action="append", default=[], help="another version of this library, too (may be repeated)"
    )
    add_consent(parser)


def run(arguments: Namespace) -> None:
    """Show which records would find results again, and add them to the store where the user has said yes.

    Raises:
        UserError: nothing can be adopted without a loss; somebody else is adopting; the store may not be written.
    """
    because = _because(arguments.because)
    experiment = open_experiment(arguments)
    config = experiment.config
    with _alone(config.store) if arguments.yes else nullcontext():
        grid = experiment.grid
        found = adoption(config, grid, _scope(arguments, grid), because)
        _refuse(found)
        _show(found, because)
        if not found.records:
            print("Nothing can be adopted.")
        elif not arguments.yes:
            print(f"Nothing is changed yet: give --yes to write {many(len(found.records), 'record')}.")
        else:
            file = config.store / sameness.FILE
            with _writing(config.store):
                sameness.add(file, found.records)
            print(f"Wrote {many(len(found.records), 'record')} to {file}.")


def _because(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise UserError("--because: found text that is not UTF-8; set PYTHONUTF8=1 if it is right.") from None
    if not text.strip():
        raise UserError("--because: say why the change cannot matter, such as 'renamed a variable'.")
    return text.strip()


def _scope(arguments: Namespace, grid: Grid) -> Scope:
    """In what results may differ.

    Raises:
        UserError: a role or a library on which no result of the experiment depends.
    """
    specs = [entry.spec for entry in grid.entries.values() if entry.step in RESULTS]
    for option, key in (("role", "code"), ("library", "libraries")):
        known = sorted({name for spec in specs for name in spec.get(key, {})})
        for name in getattr(arguments, option):
            if name not in known:
                what = f"--{option} {name}: no result of this experiment depends on it.{nearest(name, known)}"
                raise UserError(f"{what} There are {', '.join(known)}.")
    return Scope(frozenset(arguments.role), frozenset(arguments.library))


@contextmanager
def _alone(store: Path) -> Iterator[None]:
    """Nobody else adopts in a store meanwhile.

    Raises:
        UserError: somebody does; the store may not be written, or its disk has no locks.
    """
    path = store / ".cache" / "adopt.lock"
    with _writing(store):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = locks.hold(path, _ADOPTIONS)
    if file is None:
        raise UserError(f"somebody else adopts in {store} just now. Wait until that has ended, and adopt again.")
    with file:
        yield


@contextmanager
def _writing(store: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{store} cannot be written ({error.strerror}), so that no record can be added. Adopt as somebody who may "
            "write there, on a disk that has room."
        ) from None


def _show(found: Adoption, because: str) -> None:
    for record in found.records:
        print(_record(record, found.modules[record.of]))
    if found.records:
        print(f"This rests on your word, {because!r}; no run has shown it. To show it, run make same BASE=<commit>.")
    for now, then in found.unlike[:1]:
        made = f"{many(len(found.unlike), 'result')} made both ways with other bytes"
        print(f"Look at these first: {made}, such as {then.path} and {now.path}; the older ones would stand for both")
    for step, count in Counter(now.step for now, _ in found.outcome.found).items():
        now, then = next(pair for pair in found.outcome.found if pair[0].step == step)
        print(f"{step}: {many(count, 'result')} found again, such as {then.path} for {now.path}")
    _show_rest(found)


def _record(record: Record, modules: list[str]) -> str:
    text = f"{record.of}: {record.old} → {record.new}"
    if record.of.startswith(LIBRARY):
        return text
    return f"{text}, modules: {', '.join(modules) or 'not noted in the results'}"


def _show_rest(found: Adoption) -> None:
    """What is not found again, and why."""
    for reason, entries in list(found.reasons.items())[:_REASONS]:
        print(f"not found again: {many(len(entries), 'result')} {reason}; such as {entries[0].path}")
    if found.too_old:
        print(
            f"{many(len(found.too_old), 'result')} made by a version of xstilts from before records of sameness, such "
            f"as {found.too_old[0].path}: no record can stand for them. They stay in the store until you prune them."
        )
    left = Counter(entry.step for entry in found.outcome.left)
    print(f"left for snakemake: {', '.join(f'{step} {count}' for step, count in left.items()) or 'nothing'}")


def _refuse(found: Adoption) -> None:
    """Say which records would let results lose their names.

    Raises:
        UserError: there are no others.
    """
    texts = [_refused(refusal) for refusal in found.outcome.refused]
    if texts and not found.records:
        raise UserError("\n".join(texts))
    for text in texts:
        print(text)


def _refused(refusal: Refusal) -> str:
    """What is refused, what it would cost, and what to do."""
    records = ", ".join(f"{record.of} {record.old} → {record.new}" for record in refusal.records)
    states = Counter(loss.state for loss in refusal.losses)
    lost = "; ".join(f"{count} {state} ({_ADVICE[state]})" for state, count in states.items())
    first = refusal.losses[0]
    return (
        f"{records}: not adopted, since {many(len(refusal.losses), 'result')} of the code of today would lose the "
        f"name: {lost}; such as {first.entry.path} of the experiment {first.experiment}."
    )
