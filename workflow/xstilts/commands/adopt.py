"""Let old results stand for what new code would make, where a person knows that the change cannot matter."""

from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from xstilts import locks, sameness
from xstilts.commands.shell import add_config, add_consent, many
from xstilts.errors import UserError, nearest
from xstilts.grid import Grid
from xstilts.inspection import experiments
from xstilts.inspection.adoption import Adoption, adoption
from xstilts.inspection.obstacles import Scope
from xstilts.inspection.simulation import Refusal
from xstilts.steps import RESULTS
from xstilts.store import open_grid

_REASONS = 3
"""So many reasons are told why results are not found again."""

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
    config = experiments.load(arguments.config)
    with _alone(config.store) if arguments.yes else nullcontext():
        grid = open_grid(config)
        found = adoption(config, grid, _scope(arguments, grid), because)
        _show(found, because)
        if not found.records:
            _end(found)
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
        modules = ", ".join(found.modules[record.of]) or "not noted in the results"
        print(f"{record.of}: {record.old} → {record.new}" + ("" if _is_library(record.of) else f", modules: {modules}"))
    if found.records:
        print(f"This rests on your word, {because!r}; no run has shown it. To show it, run make same BASE=<commit>.")
    for now, then in found.unlike[:1]:
        made = f"{many(len(found.unlike), 'result')} made both ways with other bytes"
        print(f"Look at these first: {made}, such as {then.path} and {now.path}")
    for step, count in Counter(now.step for now, _ in found.outcome.found).items():
        now, then = next(pair for pair in found.outcome.found if pair[0].step == step)
        print(f"{step}: {many(count, 'result')} found again, such as {now.path} → {then.path}")
    for refusal in found.outcome.refused:
        print(_refused(refusal))
    for reason, entries in list(found.reasons.items())[:_REASONS]:
        print(f"not found again: {many(len(entries), 'result')} {reason}; such as {entries[0].path}")
    if found.too_old:
        print(
            f"{many(len(found.too_old), 'result')} made by a version of xstilts from before records of sameness, such "
            f"as {found.too_old[0].path}: no record can stand for them. They stay in the store until you prune them."
        )
    left = Counter(entry.step for entry in found.outcome.left)
    print(f"left for snakemake: {', '.join(f'{step} {count}' for step, count in left.items()) or 'nothing'}")


def _is_library(name: str) -> bool:
    return name.startswith("library.")


def _refused(refusal: Refusal) -> str:
    """What is refused, what it would cost, and what to do."""
    roles = ", ".join(f"{record.of} {record.old} → {record.new}" for record in refusal.records)
    losses = refusal.losses
    by_state = Counter(loss.state for loss in losses)
    lost = ", ".join(f"{count} {state}" for state, count in by_state.items())
    return (
        f"refused: {roles}: {many(len(losses), 'result')} of today's code would lose their names ({lost}), such as "
        f"{losses[0].entry.path} of {losses[0].experiment}. Let snakemake make the rest with today's code; or, if you "
        "can do without them, end their trainings, delete their manifest.json and .training, and adopt again."
    )


def _end(found: Adoption) -> None:
    """Say that there is nothing to adopt.

    Raises:
        UserError: there would be, but for what would be lost.
    """
    if found.outcome.refused:
        raise UserError("Nothing is adopted, since results would lose their names: see above.")
    if not found.outcome.left:
        print("Nothing can be adopted: nothing is left to be made.")
    else:
        print("Nothing can be adopted: no result differs from what is to be made in code alone.")
