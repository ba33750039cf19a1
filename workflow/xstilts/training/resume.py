"""Going on after any kind of death: the states of a training, and the lock that keeps a second writer out.

A state is one of the Trainer's checkpoints with a seal: the sha256 of its files, written last. The last two are kept,
and the best one of each, so that one may turn out to be damaged.
"""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

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
    """Hold a scratch folder alone, and remove it when the block ends well; a block that fails leaves it for the next.

    Raises:
        UserError: another process holds it, or the disk has no file locks.
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
    """The lock file of a scratch folder, open and held; one that its last holder has just removed does not count."""
    path = locks.beside(scratch)
    while True:
        if file := locks.hold(path, locks.TRAININGS):
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    return file
            file.close()
        elif holder := locks.holder(path):
            raise UserError(
                f"another process ({holder}) trains in {scratch}. It goes on "
                "without its Snakemake; wait until it ends, or end it, and run again: nothing is lost."
            )


class Sealing(TrainerCallback):
    """Seals every state that is saved, and then removes those that are needed no more.

    The Trainer's own rotation would remove the state before while the new one is not sealed yet.
    """

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, *_, **__) -> None:
        """Look for the best state of an earlier attempt where the store is now."""
        if state.best_global_step:
            state.best_model_checkpoint = str(_folder(Path(args.output_dir), state.best_global_step))

    def on_save(self, args: TrainingArguments, state: TrainerState, *_, **__) -> None:
        """Seal the state of this step when every process has written its part."""
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
    """The latest whole training state in a scratch folder; later ones, cut off or damaged, go."""
    for folder in _folders(scratch):
        if _is_whole(folder):
            return str(folder)
        print(f"The state in {folder} was cut off or is damaged; it is removed.", flush=True)
        shutil.rmtree(folder)
    return None


def final_state(checkpoint: str | None) -> TrainerState | None:
    """The state in a checkpoint after which its training had stopped, at its last step or for want of patience."""
    if checkpoint is None:
        return None
    state = _state(Path(checkpoint))
    return state if state.stateful_callbacks["TrainerControl"]["args"]["should_training_stop"] else None


def best_weights(checkpoint: str) -> Path:
    """The weights that were the best ones when a checkpoint was saved; its own where none are chosen by a dev score."""
    return _best(Path(checkpoint)) / SAFE_WEIGHTS_NAME


def _folder(scratch: Path, step: int) -> Path:
    return scratch / f"{PREFIX_CHECKPOINT_DIR}-{step}"


def _folders(scratch: Path) -> list[Path]:
    """The states in a scratch folder, whole or not, the latest first."""
    found = scratch.glob(f"{PREFIX_CHECKPOINT_DIR}-*")
    return sorted(found, key=lambda folder: int(folder.name.rpartition("-")[2]), reverse=True)


def _state(checkpoint: Path) -> TrainerState:
    return TrainerState.load_from_json(str(checkpoint / TRAINER_STATE_NAME))


def _best(checkpoint: Path) -> Path:
    """The best state so far when a whole one was saved."""
    best = _state(checkpoint).best_global_step
    return _folder(checkpoint.parent, best) if best else checkpoint


def _seal(checkpoint: Path) -> None:
    hashes = {file.name: spec.sha256(file) for file in checkpoint.iterdir()}
    (checkpoint / SEAL).write_text(json.dumps(hashes), encoding="utf-8")


def _is_whole(checkpoint: Path) -> bool:
    """Whether a training can go on from a state and end with the best weights."""
    hashes = _sealed(checkpoint)
    if not hashes or any(not _is_as_sealed(checkpoint, name) for name in hashes):
        return False
    return _is_as_sealed(_best(checkpoint), SAFE_WEIGHTS_NAME)


def _is_as_sealed(checkpoint: Path, name: str) -> bool:
    file = checkpoint / name
    return file.is_file() and spec.sha256(file) == _sealed(checkpoint).get(name)


def _sealed(checkpoint: Path) -> dict[str, str]:
    """The sha256 of the files of a state; none where its seal is missing or cut off."""
    try:
        return json.loads((checkpoint / SEAL).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
