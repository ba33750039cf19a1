"""Everything that a GPU is needed for, with an encoder of XLM-R Large's shape and random weights, in one table.

    python benchmarks/gpu.py --prepare FOLDER     # token ids, on any machine
    python benchmarks/gpu.py FOLDER               # on the machine with the GPU, in at most seven minutes
    python benchmarks/gpu.py --smoke              # the same on a CPU with tiny sizes, in less than a minute

It needs torch, transformers, accelerate, pyarrow and pydantic. Each line of the table is printed once it is known. A
part that there is no time for, or that fails, says so, and the next one runs.
"""

import argparse
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow")]
# With several GPUs the Trainer would divide its batches among them.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")

import pyarrow as pa  # noqa: E402
import torch  # noqa: E402

from benchmarks import baselines, data, mining, ours, prediction, report, sharing, training  # noqa: E402
from benchmarks.clock import Blocks, Spent, by_turns, middle, trainings_by_turns  # noqa: E402
from benchmarks.data import Source  # noqa: E402
from benchmarks.ours import Work  # noqa: E402

SECONDS = 420
ROWS = {
    "mnli.train": 40_000,
    "squad_v1.train": 10_000,
    "xnli.test": 15_000,
    "panx.test": 20_000,
    "tatoeba.test": 40_000,
}
"""Rows in the folder; a training table repeats its rows ten times."""
ROUNDS = 3
"""Of predictions, vectors and searches."""
COMPILED = "Trainer, padded, torch_compile"
PRECISION = "bf16"
ROOM = 50e9
"""Bytes that all models and states of a run take."""


@dataclass(frozen=True)
class Bench:
    """What the parts share.

    Args:
        folder: with the token ids.
        scratch: an empty folder, in memory if possible.
        smoke: whether all sizes are tiny.
    """

    folder: Path
    scratch: Path
    smoke: bool

    @property
    def encoder(self) -> Path:
        """The folder of the encoder, made once."""
        folder = self.scratch / "encoder"
        return folder if folder.is_dir() else data.encoder(data.TINY if self.smoke else data.LARGE, folder)

    def work(self, kind: str, name: str, rows: int) -> Work:
        """Training of a task with so many rows a step, in one micro-batch."""
        table = pa.concat_tables([ours.read(self.folder / f"{name}.arrow")] * data.CHUNKS)
        return Work(kind, table, self.encoder, rows, rows, PRECISION)

    @property
    def blocks(self) -> Blocks:
        """Five blocks of twelve steps."""
        return Blocks(2, 2, 2) if self.smoke else Blocks(3, 12, 5)

    def place(self, *names: str) -> Path:
        """An empty folder."""
        return Path(tempfile.mkdtemp(prefix="-".join(names).replace(" ", "_").replace(",", ""), dir=self.scratch))


def line(*cells: object) -> None:
    """Print a line of the table."""
    print("|", " | ".join(f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in cells), "|", flush=True)


def lines(what: str, spent: dict[str, list[Spent]], work: dict[str, int], unit: str) -> None:
    """Print the rate of each program, and its time as a multiple of ours."""
    took = {name: middle(found).seconds / work[name] for name, found in spent.items()}
    for name, one in took.items():
        line(what, name, 1 / one, f"{unit}/s", one / took[report.OURS])


def nli(bench: Bench) -> None:
    """Training with 32 rows a step."""
    _training(bench, "NLI", bench.work("classification", "mnli.train", 32))


def questions(bench: Bench) -> None:
    """Training with 16 windows a step."""
    _training(bench, "QA", bench.work("span", "squad_v1.train", 16))


def _training(bench: Bench, what: str, work: Work) -> None:
    work = replace(work, seed=ours.even_seed(work, bench.blocks, seeds=50))
    programs = training.programs(work, bench.blocks)
    runs = {name: partial(program, bench.place(name) / "run") for name, program in programs.items()}
    spent = trainings_by_turns(runs, bench.blocks)
    lines(f"{what} training", spent, dict.fromkeys(spent, bench.blocks.steps * work.batch), "examples")
    _memory(what)


def _memory(what: str) -> None:
    if torch.cuda.is_available():
        line(what, "all programs together", torch.cuda.max_memory_allocated() / 1e9, "GB", "")
        torch.cuda.reset_peak_memory_stats()


def predictions(bench: Bench) -> None:
    """Predictions for XNLI and PAN-X."""
    for name, (kind, split, _) in prediction.TASKS.items():
        features = ours.read(bench.folder / f"{split}.arrow")
        few = min(4_000, features.num_rows)
        spent = by_turns(prediction.programs(bench.encoder, kind, features, PRECISION, few), ROUNDS)
        lines(name, spent, _rows(spent, (report.OURS, prediction.IDEAL), features.num_rows, few), "rows")


def vectors(bench: Bench) -> None:
    """Sentence vectors of layer 14."""
    features = ours.read(bench.folder / "tatoeba.test.arrow")
    few = min(4_000, features.num_rows)
    spent = by_turns(mining.vectors(bench.encoder, features, PRECISION, few), ROUNDS)
    lines("vectors", spent, _rows(spent, (report.OURS, mining.IDEAL), features.num_rows, few), "rows")


def _rows(names: Sequence[str], whole: Sequence[str], rows: int, few: int) -> dict[str, int]:
    return {name: rows if name in whole else few for name in names}


def search(bench: Bench) -> None:
    """Mining against the matrix product alone."""
    count = 200 if bench.smoke else 100_000
    x, y = mining.sides(count)
    programs = {report.OURS: partial(ours.mined, x, y), mining.PRODUCT: partial(mining.product, x, y)}
    spent = by_turns(programs, ROUNDS)
    lines(f"mining {count} x {count}", spent, dict.fromkeys(spent, count), "rows")


def saving(bench: Bench) -> None:
    """The seconds that a training state costs the loop: a block of steps with a state less one without."""
    blocks = Blocks(bench.blocks.warmup, bench.blocks.steps, 2)
    at = blocks.total - blocks.steps // 2
    work = replace(bench.work("classification", "mnli.train", 32), dev=32)
    order = baselines.shuffled(work, blocks.total)
    runs: dict[str, Callable[[], object]] = {
        report.OURS: partial(ours.train, work, blocks.total, bench.place("saving") / "run", at),
        training.PADDED: partial(
            baselines.train,
            work,
            blocks.total,
            bench.place("saving") / "run",
            order,
            padded=True,
            save_strategy="steps",
            save_steps=at,
        ),
    }
    for name, (without, with_state) in trainings_by_turns(runs, blocks).items():
        line("saving and evaluating 32 rows", name, with_state.seconds - without.seconds, "s", "")


def compiled(bench: Bench) -> None:
    """The example script with `torch_compile`, whose first step compiles."""
    blocks = Blocks(bench.blocks.warmup, bench.blocks.steps, 2)
    work = bench.work("classification", "mnli.train", 32)
    backend = {"torch_compile_backend": "eager"} if bench.smoke else {}
    order, place = baselines.shuffled(work, blocks.total), bench.place("compiled")
    program = partial(
        baselines.train, work, blocks.total, place / "run", order, padded=True, torch_compile=True, **backend
    )
    begin = time.monotonic()
    spent = trainings_by_turns({COMPILED: program}, blocks)
    line("NLI training", COMPILED, blocks.steps * work.batch / middle(spent[COMPILED]).seconds, "examples/s", "")
    line("NLI training", f"{COMPILED}: the whole run with compiling", time.monotonic() - begin, "s", "")


def shared(bench: Bench) -> None:
    """Several NLI trainings on one GPU."""
    alone = None
    for jobs, mps in sharing.plan(bench.smoke):
        name, place = f"{jobs} at once{', MPS' if mps else ''}", bench.place("sharing")
        try:
            rate, gigabytes = sharing.run(bench.folder, bench.encoder, place, jobs, mps, bench.smoke)
        except (RuntimeError, subprocess.SubprocessError) as error:
            line("NLI training", f"{name}: failed: {error}", "", "", "")
            continue
        alone = alone or rate
        name += f", {gigabytes:.1f} GB of the GPU each"
        line("NLI training", name, rate, "examples/s", f"{rate / alone:.2f} x one")


PARTS: dict[str, tuple[Callable[[Bench], None], int]] = {
    "nli": (nli, 70),
    "qa": (questions, 70),
    "prediction": (predictions, 60),
    "vectors": (vectors, 20),
    "mining": (search, 25),
    "saving": (saving, 45),
    "sharing": (shared, 140),
    "compile": (compiled, 60),
}
"""The parts, in order, each with the seconds that it is given."""


def run(bench: Bench, names: Sequence[str], seconds: float) -> None:
    """Run the parts for which there is time."""
    end = time.monotonic() + seconds
    print(report.machine(), flush=True)
    line("what", "program", "figure", "unit", "time / ours")
    line("---", "---", "---:", "---", "---:")
    for name in names:
        part, needed = PARTS[name]
        left = end - time.monotonic()
        if needed > left and not bench.smoke:
            line(name, f"left out: needs about {needed} s, {left:.0f} s are left", "", "", "")
            continue
        try:
            part(bench)
        except Exception as error:
            traceback.print_exc(file=sys.stdout)
            line(name, f"failed: {type(error).__name__}, see above", "", "", "")
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def prepare(folder: Path, source: Source, smoke: bool = False) -> None:
    """Write token ids."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = (data.TINY if smoke else data.LARGE).vocabulary
    for name, rows in ROWS.items():
        ours.write(folder / f"{name}.arrow", source.features_of(name, rows // 200 if smoke else rows, vocabulary))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="the folder that --prepare has written")
    parser.add_argument("--prepare", type=Path, metavar="FOLDER", help="write token ids to this folder, and stop")
    parser.add_argument("--features", type=Path, help="with --prepare: a folder with features, whose lengths are used")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, on a CPU")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="the parts to run")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="the time for all parts")
    return parser


def _roomy() -> Path | None:
    """The file system in memory, if models and training states have room there."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > ROOM else None


def main() -> None:
    """Prepare the token ids or run the parts."""
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.prepare:
        prepare(arguments.prepare, Source(arguments.features))
        return
    with tempfile.TemporaryDirectory(dir=None if arguments.smoke else _roomy()) as folder:
        scratch = Path(folder)
        if arguments.smoke:
            prepare(scratch / "features", Source(), smoke=True)
        elif arguments.folder is None or not (arguments.folder / "mnli.train.arrow").is_file():
            parser.error("expected a folder that `--prepare FOLDER` has written")
        run(
            Bench(scratch / "features" if arguments.smoke else arguments.folder, scratch, arguments.smoke),
            arguments.only,
            arguments.seconds,
        )


if __name__ == "__main__":
    main()
