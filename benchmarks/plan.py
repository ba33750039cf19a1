"""How long `snakemake -n` takes, and how much memory, for grids of growing size.

    python benchmarks/plan.py [cells ...]

Nothing is computed and nothing fetched: the data are pinned revisions of the hub, and the store is an empty folder, or
one in which manifests without files stand for the results of every cell, or of every other one, drawn by chance.
"""

import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from snakemake.utils import update_config

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from xstilts import config, experiments  # noqa: E402
from xstilts.reporting import gallery  # noqa: E402
from xstilts.store import jsonfiles  # noqa: E402

ENCODERS = ["xlm-roberta-base", "xlm-roberta-large", "mbert", "minilm", "rembert"]
INTERMEDIATES = (
    "none anli_plus mnli qqp squad_v1 squad_v2 hellaswag ccg cosmosqa commonsenseqa multitask squad_v1/mnli".split()
)
TARGETS = 9
SIZES = {324: (1, 3), 972: (1, 9), 2592: (3, 8), 5400: (5, 10)}
"""Encoders and seeds of a grid of so many cells, each with all intermediates and targets."""


def configuration(cells: int) -> dict:
    """The paper's grid with more encoders and seeds."""
    encoders, seeds = SIZES[cells]
    assert cells == encoders * len(INTERMEDIATES) * TARGETS * seeds
    grid = {"encoders": ENCODERS[:encoders], "intermediates": INTERMEDIATES, "seeds": list(range(1, seeds + 1))}
    return {"experiment": "plan", "grid": grid}


def finish(folder: Path, own: dict, share: float) -> None:
    """Let a share of the cells be finished, with all that they are made from; with all cells the reports too."""
    raw = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    update_config(raw, own)
    grid = experiments.open_grid(config.parse({**raw, "store": str(folder)}))
    draw = random.Random(1)
    waiting = [cell.scores for cell in grid.cells if draw.random() < share]
    if share == 1:
        waiting.extend(grid.reports)
        for item in (*gallery.tables(grid), *gallery.figures(grid)):
            place = folder / item.path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
    finished = set()
    while waiting:
        entry = waiting.pop()
        if entry not in finished:
            finished.add(entry)
            waiting.extend(entry.inputs.values())
            jsonfiles.write_json(folder / entry.manifest, {"files": {}, "sizes": {}})


def measure(own: dict, share: float) -> tuple[int, float, float, int]:
    """Jobs, seconds on the clock, seconds of the processor and peak memory in MB of one dry run of a configuration."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "plan.yaml")
        file.write_text(yaml.safe_dump(own), encoding="utf-8")
        if share:
            finish(Path(folder, "results"), own, share)
        places = ["--snakefile", ROOT / "Snakefile", "--directory", folder, "--configfile", file]
        command = [Path(sys.executable).parent / "snakemake", "--dry-run", "--quiet", "rules", *places]
        with Path(folder, "printed").open("w+", encoding="utf-8") as printed:
            begin = time.perf_counter()
            process = subprocess.Popen(command, stdout=printed, stderr=subprocess.STDOUT)
            _, status, used = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - begin
            printed.seek(0)
            text = printed.read()
    if status:
        raise SystemExit(text)
    jobs = int((re.findall(r"^total +(\d+)", text, re.MULTILINE) or [0])[0])
    return jobs, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024


def main() -> None:
    """Print a row for each size, then two for the largest in a store that is not empty."""
    sizes = list(map(int, sys.argv[1:] or SIZES))
    print("| cells | finished | jobs | seconds | of the processor | MB |\n|---|---|---|---|---|---|")
    for cells, share in [*((size, 0) for size in sizes), (max(sizes), 0.5), (max(sizes), 1)]:
        jobs, seconds, processor, memory = measure(configuration(cells), share)
        print(f"| {cells} | {share:.0%} | {jobs} | {seconds:.1f} | {processor:.1f} | {memory} |", flush=True)


if __name__ == "__main__":
    main()
