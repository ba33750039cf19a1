"""How long `snakemake -n` takes, and how much memory, for grids of growing size.

    python benchmarks/plan.py [cells ...]

Nothing is computed and nothing fetched: the data are pinned revisions of the hub, and the store is an empty folder.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
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


def measure(cells: int) -> tuple[int, float, float, int]:
    """Jobs, seconds on the clock, seconds of the processor and peak memory in MB of one dry run."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "plan.yaml")
        file.write_text(yaml.safe_dump(configuration(cells)), encoding="utf-8")
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
    jobs = int(re.findall(r"^total +(\d+)", text, re.MULTILINE)[0])
    return jobs, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024


def main() -> None:
    """Print a row for each size."""
    print("| cells | jobs | seconds | of the processor | MB |\n|---|---|---|---|---|")
    for cells in map(int, sys.argv[1:] or SIZES):
        jobs, seconds, processor, memory = measure(cells)
        print(f"| {cells} | {jobs} | {seconds:.1f} | {processor:.1f} | {memory} |", flush=True)


if __name__ == "__main__":
    main()
