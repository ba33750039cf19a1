"""Seconds to the first step, and what the miniature and a dry run cost beside their jobs.

python -m benchmarks start
"""

import json
import os
import sys
from functools import partial
from pathlib import Path

from benchmarks import children, data, plan, report
from benchmarks.clock import middle
from benchmarks.data import Setup

IMPORT = "import BertForSequenceClassification, the collector off"
IMPORTING = "import gc, os; gc.disable(); from transformers import BertForSequenceClassification; os._exit(0)"
JOBS = {"train, to the first step": "train", "predict, to the first batch": "predict"}
CELLS = 297
"""Of the paper's grid."""


def run(setup: Setup) -> report.Section:
    """Measure starts, the miniature and a dry run."""
    found = report.Section(
        "Processor seconds from the start of a process, medians of alternating runs.", of_lengths=False
    )
    data.encoder(data.TINY, setup.folder / "encoder")
    rounds = setup.size(5, 1)
    commands = {IMPORT: partial(children.command, [sys.executable, "-c", IMPORTING])} | {
        name: partial(children.command, [sys.executable, "-m", "benchmarks.first_batch", job, str(setup.folder)])
        for name, job in JOBS.items()
    }
    ended = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            ended[name].append(command())
    medians = {name: middle([one.spent for one in runs]) for name, runs in ended.items()}
    rows = [
        [name, one.processor, one.seconds, f"{one.processor / medians[IMPORT].processor:.2f}"]
        for name, one in medians.items()
    ]
    found.tables.append(report.table(["", "processor seconds", "seconds", "/ import"], rows))
    if not setup.smoke:
        found.tables += [_dry_run(), _miniature(setup.folder)]
    return found


def _dry_run() -> str:
    jobs, seconds, processor, _ = plan.measure({"experiment": "plan"}, 0)
    row = [f"dry run of the paper's grid, {CELLS} cells, {jobs} jobs", seconds, processor]
    return report.table(["", "seconds", "processor seconds"], [row])


def _miniature(folder: Path) -> str:
    """The demo in an empty store, and the part of its time in which its trainings and predictions compute."""
    snakemake = str(Path(sys.executable).with_name("snakemake"))
    configuration = children.ROOT / "workflow" / "experiments" / "miniature.yaml"
    words = [snakemake, "--cores", "all", "--quiet", "all", "--directory", folder, "--configfile", configuration]
    ended = children.command([*map(str, words), "--snakefile", str(children.ROOT / "Snakefile")])
    manifests = [json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("results/**/manifest.json")]
    computing = sum(found["measured"]["seconds"] for found in manifests if "measured" in found)
    cores = os.cpu_count() or 1
    row = ["the demo", ended.spent.seconds, ended.spent.processor, computing, len(manifests)]
    head = ["", "seconds", "processor seconds of all jobs", "seconds of training and predicting", "jobs"]
    return report.table(head, [row]) + f"\n\nOn {cores} cores."
