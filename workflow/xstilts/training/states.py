"""The states of a training on disk, from which it resumes after any kind of death.

A state is a folder `state-<step>`; the weights with the best dev score are in a folder `best-<step>`. A folder gets its
name when it is complete, and its seal has the sha256 of its files. The last two states are kept, and the best weights
that either of them refers to, so that training can be resumed even if one of the states is damaged.
"""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from xstilts.errors import UserError
from xstilts.fingerprints import spec
from xstilts.store.jsonfiles import read_json, write_json
from xstilts.training.folders import BEST, STATE, UNFINISHED, numbered, step_of
from xstilts.training.history import Evaluation, best_step

Tensors = dict[str, Tensor]

SEAL = "sha256.json"
MODEL = "model.safetensors"
OPTIMIZER = "optimizer.safetensors"
GENERATORS = "generators.safetensors"
PROGRESS = "progress.json"

_OLDER = "checkpoint-"
_BUDGET = "tokens_per_device.json"
_KEPT = 2


@dataclass(frozen=True)
class Progress:
    """The part of a state that is not tensors.

    Args:
        step: the number of completed optimiser steps.
        evaluations: all evaluations up to this step.
        tokens: the maximum number of padded tokens in a micro-batch on one device.
        precision: `fp32` or `bf16`.
    """

    step: int
    evaluations: list[Evaluation]
    tokens: int
    precision: str


@dataclass(frozen=True)
class State:
    """Everything that the rest of a training depends on, in host memory.

    Args:
        model: the weights by name.
        optimizer: the values of the optimiser, by `<parameter>.<value>`.
        generators: the states of the random generators, by `<device type>.<process>`.
    """

    progress: Progress
    model: Tensors
    optimizer: Tensors
    generators: Tensors


def write(scratch: Path, state: State) -> None:
    """Write a state, and remove those that are no longer needed."""
    with _sealed(scratch / f"{STATE}{state.progress.step}") as folder:
        save_file(state.model, folder / MODEL)
        save_file(state.optimizer, folder / OPTIMIZER)
        save_file(state.generators, folder / GENERATORS)
        (folder / PROGRESS).write_text(json.dumps(vars(state.progress)), encoding="utf-8")
    _remove_unneeded(scratch, best_step(state.progress.evaluations))


def write_best(scratch: Path, step: int, weights: Tensors) -> None:
    """Write the weights with the best dev score so far, and remove those that no state refers to."""
    with _sealed(_best(scratch, step)) as folder:
        save_file(weights, folder / MODEL)
    _remove_unneeded(scratch, step)


def last(scratch: Path) -> Path | None:
    """The folder of the latest intact state; later ones, incomplete or damaged, are removed."""
    for folder in numbered(scratch, STATE):
        if _is_whole(folder):
            return folder
        print(f"The state in {folder} is incomplete or damaged; removing it.", flush=True)
        shutil.rmtree(folder)
    return None


def progress(folder: Path) -> Progress:
    """The progress of the state in a folder."""
    return Progress(**json.loads((folder / PROGRESS).read_bytes()))


def load(folder: Path) -> State:
    """The state in a folder."""
    return State(progress(folder), *(load_file(folder / name) for name in (MODEL, OPTIMIZER, GENERATORS)))


def load_best(scratch: Path, step: int) -> Tensors:
    """The best weights, saved at a step.

    Raises:
        UserError: they were removed or damaged.
    """
    folder = _best(scratch, step)
    if not _is_as_sealed(folder, MODEL):
        raise UserError(
            f"{folder}: the weights with the best dev score were removed or damaged during the training. Start "
            "snakemake again to resume the training from the remaining states."
        )
    return load_file(folder / MODEL)


def discard_after(scratch: Path, state: Path | None) -> None:
    """Remove what was written after a state, what is unfinished, and the states of older releases."""
    step = step_of(state) if state else -1
    for folder in scratch.glob(f"{_OLDER}*"):
        print(f"{folder} was saved by an older release of xstilts and cannot be used; removing it.", flush=True)
        shutil.rmtree(folder)
    for folder in scratch.glob(f"*{UNFINISHED}"):
        shutil.rmtree(folder)
    for folder in (*numbered(scratch, STATE), *numbered(scratch, BEST)):
        if step_of(folder) > step:
            shutil.rmtree(folder)


def write_budget(scratch: Path, tokens: int) -> None:
    """Record the token budget of the next attempt."""
    write_json(scratch / _BUDGET, {"tokens": tokens})


def budget(scratch: Path) -> int | None:
    """The token budget that an earlier attempt has recorded."""
    return read_json(scratch / _BUDGET).get("tokens")


def _best(scratch: Path, step: int) -> Path:
    return scratch / f"{BEST}{step}"


@contextmanager
def _sealed(folder: Path) -> Iterator[Path]:
    """Create a folder: it gets its name once all its files and their hashes are on disk."""
    unfinished = folder.with_name(folder.name + UNFINISHED)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    yield unfinished
    files = list(unfinished.iterdir())
    for file in files:
        _to_disk(file)
    (unfinished / SEAL).write_text(json.dumps({file.name: spec.sha256(file) for file in files}), encoding="utf-8")
    _to_disk(unfinished / SEAL)
    _to_disk(unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
    _to_disk(folder.parent)


def _to_disk(path: Path) -> None:
    """Wait until a file or the names in a folder are on disk, not only in the cache of the kernel."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network disks cannot do that with folders.
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
    finally:
        os.close(descriptor)


def _remove_unneeded(scratch: Path, best: int | None) -> None:
    """Remove states but the last two, and best weights that neither of them nor the training refers to."""
    kept = numbered(scratch, STATE)[:_KEPT]
    needed = {best, *map(_best_before, kept)}
    for folder in numbered(scratch, STATE)[_KEPT:]:
        shutil.rmtree(folder)
    for folder in numbered(scratch, BEST):
        if step_of(folder) not in needed:
            shutil.rmtree(folder)


def _best_before(folder: Path) -> int | None:
    """The step of the best weights that a state refers to; None if it is damaged, which is found out on a resume."""
    try:
        return best_step(progress(folder).evaluations)
    except (FileNotFoundError, ValueError):
        return None


def _is_whole(folder: Path) -> bool:
    """Whether a state and the best weights that it refers to are intact."""
    if not _seal(folder) or any(not _is_as_sealed(folder, name) for name in _seal(folder)):
        return False
    best = best_step(progress(folder).evaluations)
    return best is None or _is_as_sealed(_best(folder.parent, best), MODEL)


def _is_as_sealed(folder: Path, name: str) -> bool:
    file = folder / name
    return file.is_file() and spec.sha256(file) == _seal(folder).get(name)


def _seal(folder: Path) -> dict[str, str]:
    """The sha256 of the files in a folder; empty if its seal is missing or truncated."""
    try:
        return json.loads((folder / SEAL).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
