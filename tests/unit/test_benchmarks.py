"""The benchmarks measure what they say: equal work by turns, and the order of rows that programs see."""

import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks import baselines, data, grid, mining, ours, report  # noqa: E402
from benchmarks.clock import Blocks, Spent, by_turns, first_step, trainings_by_turns  # noqa: E402

pytestmark = pytest.mark.thorough

BLOCKS = Blocks(warmup=2, steps=3, rounds=2)
NOT_ON_GPU_HOSTS = (
    "snakemake altair vl_convert tenacity seqeval statsmodels datasets pandas scipy sklearn rich tabulate".split()
)
WITHOUT = """
import runpy, sys

class Without:
    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, name, *rest):
        return None if name.partition(".")[0] in {blocked!r} else self.finder.find_spec(name, *rest)

sys.meta_path[:] = map(Without, sys.meta_path)
sys.argv = {words!r}
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def steps(count: int, seen: list[str], name: str) -> None:
    """Optimiser steps on one weight, each of which leaves a name."""
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.AdamW([weight])
    for _ in range(count):
        weight.grad = torch.ones(1)
        seen.append(name)
        optimizer.step()


def test_trainings_take_turns_after_each_block_and_then_end():
    seen: list[str] = []
    spent = trainings_by_turns({name: partial(steps, 8, seen, name) for name in "ab"}, BLOCKS)
    assert "".join(seen) == "aa" + "bb" + "aaa" + "bbb" + "aaa" + "bbb"
    assert {name: len(found) for name, found in spent.items()} == {"a": 2, "b": 2}


def test_steps_after_the_last_block_are_not_measured():
    seen: list[str] = []
    spent = trainings_by_turns({"a": partial(steps, 12, seen, "a"), "b": partial(steps, 8, seen, "b")}, BLOCKS)
    assert "".join(seen) == "aa" + "bb" + "aaa" + "bbb" + "aaa" + "bbb" + "aaaa"
    assert len(spent["a"]) == 2


def test_the_first_training_runs_in_the_main_thread_where_signals_are_handled():
    threads: dict[str, bool] = {}

    def training(name: str) -> None:
        threads[name] = threading.current_thread() is threading.main_thread()
        steps(8, [], name)

    trainings_by_turns({name: partial(training, name) for name in "ab"}, BLOCKS)
    assert threads == {"a": True, "b": False}


@pytest.mark.parametrize("failing", ["a", "b"])
def test_an_error_in_a_training_ends_all(failing: str):
    def training(name: str) -> None:
        steps(4, [], name)
        if name == failing:
            raise ZeroDivisionError(name)
        steps(4, [], name)

    with pytest.raises(ZeroDivisionError, match=failing):
        trainings_by_turns({name: partial(training, name) for name in "ab"}, BLOCKS)


def test_a_training_with_too_few_steps_is_an_error():
    with pytest.raises(RuntimeError, match="7 optimiser steps; expected 8"):
        trainings_by_turns({"a": partial(steps, 7, [], "a")}, BLOCKS)


def test_functions_are_called_once_to_warm_up_and_then_by_turns():
    calls: list[str] = []
    spent = by_turns({name: partial(calls.append, name) for name in "ab"}, rounds=3)
    assert "".join(calls) == "ab" + "ababab"
    assert {name: len(found) for name, found in spent.items()} == {"a": 3, "b": 3}


def test_the_time_of_processes_that_have_ended_counts():
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    spent = by_turns({"a": lambda: subprocess.run([sys.executable, "-c", busy], check=True)}, rounds=1)
    assert spent["a"][0].processor > 0.25


def test_the_first_step_alone_calls_the_function():
    calls: list[object] = []
    first_step(partial(steps, 3, [], "a"), calls.append)
    assert len(calls) == 1


SPENT = {
    "ours": [Spent(2.0, 1.0), Spent(9.0, 9.0), Spent(2.0, 1.0)],
    "slow": [Spent(8.0, 4.0)] * 3,
    "quick": [Spent(1.0, 3.0)] * 3,
}
SIZES = {"ours": 10, "slow": 10, "quick": 20}


def test_a_headline_is_against_the_best_baseline_by_the_work_done():
    # By the processor 0.1 s a row for ours, 0.4 and 0.15; on the clock 0.2, 0.8 and 0.05.
    said = "**NLI: 1.50 x the better baseline** (quick)."
    assert report.better(SPENT, SIZES, ["slow", "quick"], "NLI") == said
    said = "**NLI: 0.25 x the better baseline** (quick)."
    assert report.better(SPENT, SIZES, ["slow", "quick"], "NLI", processor=False) == said


def test_a_table_has_medians_and_times_relative_to_ours():
    assert report.compared(SPENT, SIZES, "rows").splitlines() == [
        "|  | rows/s | processor ms / row | time / ours |",
        "| --- | ---: | ---: | ---: |",
        "| ours | 5 | 100 | 1.00 |",
        "| slow | 1.25 | 400 | 4.00 |",
        "| quick | 20 | 150 | 1.50 |",
    ]


def test_results_replace_those_of_their_benchmark_alone(tmp_path: Path):
    page = tmp_path / "page.md"
    marks = [f"<!-- begin {name}: make bench ONLY={name} -->\nold\n<!-- end {name} -->" for name in ("a", "b")]
    page.write_text("before\n" + "\nbetween\n".join(marks) + "\nafter\n", encoding="utf-8")
    report.write("a", report.Section("new", ["table"], ["claim"]), "machine", page)
    first = "<!-- begin a: make bench ONLY=a -->\n\nnew\n\ntable\n\nclaim\n\nmachine\n\n<!-- end a -->"
    assert page.read_text(encoding="utf-8") == f"before\n{first}\nbetween\n{marks[1]}\nafter\n"
    with pytest.raises(ValueError, match="expected the lines"):
        report.write("c", report.Section("new"), "machine", page)


def test_every_benchmark_has_a_place_in_the_documentation(tmp_path: Path):
    from benchmarks.__main__ import NAMES

    copy = tmp_path / "page.md"
    copy.write_text(report.PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    for name in NAMES:
        report.write(name, report.Section("new"), "machine", copy)


@pytest.fixture
def work(tmp_path: Path) -> ours.Work:
    """Training on rows of very different lengths."""
    rows = data.Source().nli(4_000, 1_000)
    return ours.Work("classification", rows, tmp_path, batch=8, micro_batch=4)


def padded(work: ours.Work, rows: list[int]) -> int:
    """The tokens of a batch with padding to its longest row."""
    return len(rows) * int(work.lengths[rows].max())


def test_grouped_batches_are_dealt_evenly_to_the_blocks(work: ours.Work):
    blocks = Blocks(warmup=1, steps=10, rounds=5)
    order = np.array(baselines.grouped(work, blocks)).reshape(-1, work.batch)
    assert len(order) == blocks.total == 51
    assert len(set(order.ravel().tolist())) == 51 * 8
    lengths = [sorted(work.lengths[rows]) for rows in order]
    assert max(one[-1] - one[0] for one in lengths[1:-5]) < np.ptp(work.lengths) / 2
    tokens = [sum(padded(work, order[step].tolist()) for step in block) for block in blocks.ranges()]
    assert max(tokens) / min(tokens) < 1.15
    drawn = work.lengths[np.random.default_rng(0).permutation(4_000)[:408]].mean()
    assert work.lengths[order[1:].ravel()].mean() == pytest.approx(drawn, rel=0.1)


def test_the_seed_of_a_training_makes_its_blocks_alike(work: ours.Work):
    blocks = Blocks(warmup=1, steps=10, rounds=5)

    def spread(seed: int) -> float:
        found = list(ours.steps(work, blocks.total, seed))
        tokens = [sum(padded(work, rows) for step in block for rows in found[step]) for block in blocks.ranges()]
        return max(tokens) / min(tokens)

    assert spread(ours.even_seed(work, blocks)) < 1.15 < np.median([spread(seed) for seed in range(20)])


def test_lengths_are_those_of_a_store_if_there_is_one(tmp_path: Path):
    folder = tmp_path / "features" / "ab12" / "mnli.train~cd34"
    folder.mkdir(parents=True)
    ours.write(folder / "train.en.arrow", data.Source().features_of("short", 50, 1_000).slice(0, 5))
    assert set(data.Source(tmp_path / "features").lengths("mnli.train", 40).tolist()) == {8}
    assert len(set(data.Source().lengths("mnli.train", 40).tolist())) > 5
    assert data.Source(tmp_path / "features").lengths("xnli.test", 40).tolist() == (
        data.Source().lengths("xnli.test", 40).tolist()
    )


def test_a_training_table_has_chunks_and_labels_that_can_be_learned():
    rows = data.Source().nli(1_000, 1_000)
    assert rows["input_ids"].num_chunks == data.CHUNKS
    first = np.array([ids[0] for ids in rows["input_ids"].to_pylist()])
    assert (first - rows["labels"].to_numpy()).tolist() == [data.FIRST] * 1_000


def test_the_reference_of_mining_finds_the_pairs_that_the_margins_give():
    pytest.importorskip("faiss")
    x, y = mining.sides(30, 8)
    cosines = x.astype(np.float64) @ y.T.astype(np.float64)
    near_x = np.argsort(-cosines, axis=1)[:, : mining.NEIGHBOURS]
    near_y = np.argsort(-cosines.T, axis=1)[:, : mining.NEIGHBOURS]
    mean_x = [cosines[i, near_x[i]].mean() for i in range(30)]
    mean_y = [cosines[near_y[j], j].mean() for j in range(30)]

    def margin(pair: tuple[int, int]) -> float:
        return cosines[pair] / ((mean_x[pair[0]] + mean_y[pair[1]]) / 2)

    pool = {max(((i, int(j)) for j in near_x[i]), key=margin) for i in range(30)}
    pool |= {max(((int(i), j) for i in near_y[j]), key=margin) for j in range(30)}
    expected: list[tuple[int, int]] = []
    for pair in sorted(pool, key=margin, reverse=True):
        if all(pair[side] != other[side] for other in expected for side in (0, 1)):
            expected.append(pair)
    assert [(i, j) for _, i, j in mining.reference(x, y)] == expected


def test_the_usual_vectors_are_those_of_the_workflow_in_the_order_of_the_rows(tmp_path: Path):
    folder = data.encoder(data.TINY, tmp_path / "encoder")
    features = data.Source().unlabelled("tatoeba.test", 40, data.TINY.vocabulary)
    usual = baselines.vectors(ours.encoder_of(folder, "fp32"), features, "fp32")
    assert usual == pytest.approx(ours.embed(ours.encoder_of(folder, "fp32"), features, "fp32"), abs=1e-5)


def test_the_paper_s_grid_is_counted_with_and_without_shared_models(tmp_path: Path):
    (table,) = grid.run(data.Setup(data.Source(), tmp_path)).tables
    shared, separate = table.splitlines()[2:]
    # docs/performance.md: 222 trainings instead of 501.
    assert [line.split(" | ")[1] for line in (shared, separate)] == ["222", "501"]


@pytest.mark.slow
def test_all_that_needs_a_gpu_runs_on_a_cpu_with_the_libraries_of_a_gpu_host():
    command = WITHOUT.format(blocked=NOT_ON_GPU_HOSTS, words=[str(ROOT / "benchmarks" / "gpu.py"), "--smoke"])
    done = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("|")]
    assert (done.returncode, "failed" in done.stdout) == (0, False), done.stdout + done.stderr
    assert {line[0].removeprefix("| ") for line in lines[2:]} == {
        "NLI training",
        "QA training",
        "XNLI, 15 languages",
        "PAN-X, 40 languages",
        "vectors",
        "mining 200 x 200",
        "saving and evaluating 32 rows",
    }
    assert len([line for line in lines if line[1] == "ours"]) == 7
