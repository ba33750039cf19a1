"""Resuming an interrupted training: its saved states, and the lock that excludes a second writer.

A state is a checkpoint of the Trainer with a seal: the sha256 of its files, written last. The last two states are kept,
and the best state of each, so that training can be resumed even if one of them is damaged.
"""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from accelerate import PartialState
from transformers import TrainerCallback, TrainerState, TrainingArguments
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR
from transformers.utils import SAFE_WEIGHTS_NAME

from xstilts.errors import UserError
from xstilts.fingerprints import spec
from xstilts.store import locks

SEAL = "sha256.json"


@contextmanager
def exclusive(scratch: Path) -> Iterator[None]:
    """Hold the lock of a scratch folder, and remove the folder if the block succeeds; it is kept if the block fails.

    Raises:
        UserError: another process holds the lock, or the file system does not support locks.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    with _locked(scratch) as file:
        file.truncate(0)
        file.write(f"pid {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield
        shutil.rmtree(scratch)
        Path(file.name).unlink()


def _locked(scratch: Path) -> TextIO:
    """The open and locked lock file of a scratch folder; retries if its previous holder has just removed it."""
    path = locks.beside(scratch)
    while True:
        if file := locks.hold(path, locks.TRAININGS):
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    return file
            file.close()
        elif holder := locks.holder(path):
            raise UserError(
                f"another process ({holder}) is training in {scratch}, without its Snakemake. Wait until it ends, or "
                "stop it, and run again: nothing is lost."
            )


class Sealing(TrainerCallback):
    """Seals each saved state, and then removes the states that are no longer needed.

    The Trainer's own rotation would remove the previous state before the new one is sealed.
    """

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any) -> None:
        """Update the path of the best state, in case the store was moved since the last run."""
        if state.best_global_step:
            state.best_model_checkpoint = str(_folder(Path(args.output_dir), state.best_global_step))

    def on_save(self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any) -> None:
        """Seal the state of this step once all processes have written their parts."""
        PartialState().wait_for_everyone()
        if not state.is_world_process_zero:
            return
        scratch = Path(args.output_dir)
        _seal(_folder(scratch, state.global_step))
        last = _folders(scratch)[:2]
        needed = {*last, *map(_best, last)}
        for folder in _folders(scratch):
            if folder not in needed:
                shutil.rmtree(folder)


def last_checkpoint(scratch: Path) -> str | None:
    """The latest intact training state in a scratch folder; later ones, incomplete or damaged, are removed."""
    for folder in _folders(scratch):
        if _is_whole(folder):
            return str(folder)
        print(f"The state in {folder} is incomplete or damaged; removing it.", flush=True)
        shutil.rmtree(folder)
    return None


def final_state(checkpoint: str) -> TrainerState | None:
    """The state in a checkpoint if its training was finished, at the last step or by early stopping; else None."""
    state = _state(Path(checkpoint))
    return state if state.stateful_callbacks["TrainerControl"]["args"]["should_training_stop"] else None


def best_weights(checkpoint: str) -> Path:
    """The best weights at the time a checkpoint was saved; its own weights if there was no selection by dev score."""
    return _best(Path(checkpoint)) / SAFE_WEIGHTS_NAME


def _folder(scratch: Path, step: int) -> Path:
    return scratch / f"{PREFIX_CHECKPOINT_DIR}-{step}"


def _folders(scratch: Path) -> list[Path]:
    """All states in a scratch folder, complete or not, the latest first."""
    found = scratch.glob(f"{PREFIX_CHECKPOINT_DIR}-*")
    return sorted(found, key=lambda folder: int(folder.name.rpartition("-")[2]), reverse=True)


def _state(checkpoint: Path) -> TrainerState:
    return TrainerState.load_from_json(str(checkpoint / TRAINER_STATE_NAME))


def _best(checkpoint: Path) -> Path:
    """The best state at the time a complete checkpoint was saved."""
    best = _state(checkpoint).best_global_step
    return _folder(checkpoint.parent, best) if best else checkpoint


def _seal(checkpoint: Path) -> None:
    hashes = {file.name: spec.sha256(file) for file in checkpoint.iterdir()}
    (checkpoint / SEAL).write_text(json.dumps(hashes), encoding="utf-8")


def _is_whole(checkpoint: Path) -> bool:
    """Whether a state and the best state before it are intact."""
    hashes = _sealed(checkpoint)
    if not hashes or any(not _is_as_sealed(checkpoint, name) for name in hashes):
        return False
    return _is_as_sealed(_best(checkpoint), SAFE_WEIGHTS_NAME)


def _is_as_sealed(checkpoint: Path, name: str) -> bool:
    file = checkpoint / name
    return file.is_file() and spec.sha256(file) == _sealed(checkpoint).get(name)


def _sealed(checkpoint: Path) -> dict[str, str]:
    """The sha256 of the files of a state; empty if its seal is missing or truncated."""
    try:
        return json.loads((checkpoint / SEAL).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
