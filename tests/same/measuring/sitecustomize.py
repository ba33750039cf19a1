"""Python imports this when it starts, if this folder is on PYTHONPATH: lets coverage measure a job of the workflow.

A job is `python -m xstilts <step> <entry> ...`. Processes that it starts inherit the place of its data.
"""

import hashlib
import os
import sys
from pathlib import Path

STEP, ENTRY = 3, 4
"""Where the step and the entry stand in the command line of a job."""


def _begin() -> None:
    command = sys.orig_argv
    if command[1:STEP] == ["-m", "xstilts"] and "--config" in command:
        name = hashlib.sha256(command[ENTRY].encode()).hexdigest()
        os.environ["SAME_DATA"] = str(Path(os.environ["SAME_FOLDER"], name))
    if file := os.environ.get("SAME_DATA"):
        import coverage

        # The tracer in C is the one that records no way out of a function for an exception that leaves it.
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
