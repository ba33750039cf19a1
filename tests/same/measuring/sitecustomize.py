"""Starts coverage in jobs of the workflow. Python imports this module at startup if its folder is on PYTHONPATH.

A job is `python -m xstilts <step> <entry> ...`; the predictions of a bundle are at its end, after `--predictions`.
Processes that it starts inherit the path of its coverage data, which is named after all entries that it makes.
"""

import hashlib
import os
import sys
from pathlib import Path

STEP, ENTRY = 3, 4
"""The positions of the step and the entry in the command line of a job."""
DIGITS = 16
"""The digits of the hash of an entry: several have to fit into the name of a file."""


def _begin() -> None:
    command = sys.orig_argv
    if command[1:STEP] == ["-m", "xstilts"] and "--config" in command:
        several = "--predictions" in command
        made = command[command.index("--predictions") + 1 :] if several else [command[ENTRY]]
        names = [hashlib.sha256(entry.encode()).hexdigest()[:DIGITS] for entry in made]
        os.environ["SAME_DATA"] = str(Path(os.environ["SAME_FOLDER"], "+".join(names)))
    if file := os.environ.get("SAME_DATA"):
        import coverage

        # Only the C tracer records no exit arc when an exception leaves a function.
        settings = {"run:core": "ctrace", "run:patch": ["_exit"], "run:sigterm": False}
        measured = coverage.Coverage(
            data_file=file, data_suffix=True, branch=True, config_file=False, source=[os.environ["SAME_PACKAGE"]]
        )
        for name, value in settings.items():
            measured.set_option(name, value)
        measured.start()
        import atexit

        atexit.register(measured.save)


_begin()
