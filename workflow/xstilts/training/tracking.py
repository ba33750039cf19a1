"""Experiment trackers, which show the progress of a training in addition to its log."""

import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from xstilts.errors import UserError


@dataclass(frozen=True)
class Tracking:
    """The trackers of a training.

    Args:
        trackers: names of trackers that the Trainer supports, which are also the names of their packages.
        run: the name of the run.
        folder: the folder of TensorBoard events.
    """

    trackers: tuple[str, ...] = ()
    run: str = ""
    folder: Path = Path()

    def arguments(self) -> dict[str, object]:
        """The arguments of the Trainer for its trackers, and for a progress bar if stderr is a terminal.

        Raises:
            UserError: a tracker is not installed.
        """
        for name in self.trackers:
            if find_spec(name) is None:
                advice = f"install it with `pip install {name}`, or remove it from `tracking`"
                raise UserError(f"tracking: {name!r} is not installed; {advice}.")
        if self.trackers:
            # The Trainer has no argument for this folder; its default is among the training states.
            os.environ["TENSORBOARD_LOGGING_DIR"] = str(self.folder)
        named = {"run_name": self.run} if self.run else {}
        return {"report_to": list(self.trackers), "disable_tqdm": not sys.stderr.isatty(), **named}


UNTRACKED = Tracking()
