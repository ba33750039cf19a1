"""Where the course of a training is shown besides its log: trackers that the Trainer knows, by their names."""

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
        trackers: names of trackers, which are the names of their packages too.
        run: what they call the training.
        folder: where TensorBoard finds its events.
    """

    trackers: tuple[str, ...] = ()
    run: str = ""
    folder: Path = Path()

    def arguments(self) -> dict[str, object]:
        """The arguments of the Trainer: its trackers, and a bar that moves if someone is looking.

        Raises:
            UserError: a tracker is not installed.
        """
        for name in self.trackers:
            if find_spec(name) is None:
                advice = f"install it with `pip install {name}`, or take it out of `tracking`"
                raise UserError(f"tracking: {name!r} is not installed; {advice}.")
        if self.trackers:
            # The Trainer has no argument for it; its own default lies among the states of the training.
            os.environ["TENSORBOARD_LOGGING_DIR"] = str(self.folder)
        named = {"run_name": self.run} if self.run else {}
        return {"report_to": list(self.trackers), "disable_tqdm": not sys.stderr.isatty(), **named}


UNTRACKED = Tracking()
