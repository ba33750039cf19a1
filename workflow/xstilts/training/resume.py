"""Going on after any kind of death: the state of a training, and the lock that keeps a second writer out."""

import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from transformers import TrainerState
from transformers.trainer import OPTIMIZER_NAME, SCHEDULER_NAME, TRAINER_STATE_NAME
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR
from transformers.utils import SAFE_WEIGHTS_NAME

from xstilts.errors import UserError

_STATE = (SAFE_WEIGHTS_NAME, OPTIMIZER_NAME, SCHEDULER_NAME, "rng_state*.pth", TRAINER_STATE_NAME)
"""The files of a training state; the Trainer writes the last one last, but a folder is removed in any order."""


@contextmanager
def exclusive(scratch: Path) -> Iterator[None]:
    """Hold a scratch folder alone, and remove it when the block ends well; a block that fails leaves it for the next.

    Raises:
        UserError: another process holds it.
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
    path = scratch.with_suffix(".lock")
    while True:
        file = path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise UserError(
                f"another process ({file.read().strip() or 'unknown'}) trains in {scratch}. It goes on "
                "without its Snakemake; wait until it ends, or end it, and run again: nothing is lost."
            ) from None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()


def last_checkpoint(scratch: Path) -> str | None:
    """The latest whole training state in a scratch folder; those cut off while written or removed go."""
    whole = []
    for folder in scratch.glob(f"{PREFIX_CHECKPOINT_DIR}-*"):
        if all(any(file.stat().st_size for file in folder.glob(name)) for name in _STATE):
            whole.append(folder)
        else:
            shutil.rmtree(folder)
    return str(max(whole, key=lambda folder: int(folder.name.rpartition("-")[2]))) if whole else None


def final_state(checkpoint: str | None) -> TrainerState | None:
    """The state in a checkpoint after which its training had stopped, at its last step or for want of patience."""
    if checkpoint is None:
        return None
    state = TrainerState.load_from_json(str(Path(checkpoint) / TRAINER_STATE_NAME))
    return state if state.stateful_callbacks["TrainerControl"]["args"]["should_training_stop"] else None
