"""A job that ends after its first batch, with an encoder that takes no time to load.

    python -m benchmarks.first_batch train FOLDER

As in the jobs of the workflow, the garbage collector is off while modules are imported.
"""

import gc

gc.disable()

import os  # noqa: E402
import sys  # noqa: E402
from functools import partial  # noqa: E402
from pathlib import Path  # noqa: E402

from benchmarks import data, ours  # noqa: E402
from benchmarks.clock import first_step  # noqa: E402

gc.freeze()
gc.enable()


def main() -> None:
    """Train or predict until the first batch is done."""
    job, folder = sys.argv[1], Path(sys.argv[2])
    rows = data.Source().nli(100, data.TINY.vocabulary)
    work = ours.Work("classification", rows, folder / "encoder", batch=32, micro_batch=32)
    if job == "train":
        first_step(partial(ours.train, work, 2, folder / str(os.getpid())), lambda _: os._exit(0))
    else:
        ours.forward(ours.model_of(work.kind, work.encoder, "fp32"), work.kind, work.rows.slice(0, 8), "fp32")
    os._exit(0)


if __name__ == "__main__":
    main()
