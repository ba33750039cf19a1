"""Going on after any kind of death: the state of a training, and the lock that keeps a second writer out."""

import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from xstilts.errors import UserError


@contextmanager
def exclusive(scratch: Path) -> Iterator[None]:
    """Hold a scratch folder alone, and remove it when the block ends well; a block that fails leaves it for the next.

    Raises:
        UserError: another process holds it.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    lock = scratch.with_suffix(".lock")
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise UserError(
                f"another process ({file.read().strip() or 'unknown'}) trains in {scratch}. It goes on without its "
                "Snakemake; wait until it ends, or end it, and run again: nothing is lost."
            ) from None
        file.truncate(0)
        file.write(f"pid {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield
        shutil.rmtree(scratch)
        lock.unlink()


def last_checkpoint(scratch: Path) -> str | None:
    """The latest whole training state in a scratch folder; one that was cut off while it was written is removed."""
    whole = []
    for folder in scratch.glob(f"{PREFIX_CHECKPOINT_DIR}-*"):
        if (folder / TRAINER_STATE_NAME).is_file():
            whole.append(folder)
        else:
            shutil.rmtree(folder)
    return str(max(whole, key=lambda folder: int(folder.name.rpartition("-")[2]))) if whole else None
