"""A task may pool others: ANLI+ is read from the files of ANLI, SNLI and MultiNLI, wherever they are."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from jobs import Experiment
from released import write

from xstilts import grid, tasks
from xstilts.checks import check
from xstilts.config import ConfigError
from xstilts.errors import DataError

LABELS = ("contradiction", "entailment", "neutral")
SIZES = {"anli": 3 * 2, "snli": 4, "mnli": 9}


def lines(rows: list[dict]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def nli(count: int, name: str) -> str:
    """Pairs as SNLI and MultiNLI have them."""
    pairs = ((f"{name} {n}.", "So it is.", LABELS[n % 3]) for n in range(count))
    return lines([{"sentence1": first, "sentence2": second, "gold_label": label} for first, second, label in pairs])


def anli(number: int) -> str:
    """A round of ANLI with a contradiction and an entailment."""
    rows = [{"uid": f"{number}-{n}", "context": f"round {number} {n}.", "label": "ce"[n]} for n in range(2)]
    return lines([row | {"hypothesis": "So it is."} for row in rows])


@pytest.fixture
def world(tmp_path: Path) -> Experiment:
    """ANLI and MultiNLI below the folder of data, SNLI elsewhere."""
    for split, matched in (("train", "train"), ("dev", "dev_matched")):
        files = {f"data/anli/R{number}/{split}.jsonl": anli(number) for number in (1, 2, 3)}
        files[f"elsewhere/snli_1.0_{split}.jsonl"] = nli(SIZES["snli"], "snli")
        files[f"data/mnli/multinli_1.0_{matched}.jsonl"] = nli(SIZES["mnli"], "mnli")
        write(tmp_path, files)
    settings = {
        "grid": {"encoders": ["toy"], "intermediates": ["anli_plus"], "targets": ["tatoeba"]},
        "encoders": {"toy": {"path": str(tmp_path / "encoder")}},
        "tasks": {"snli": {"folders": [str(tmp_path / "elsewhere")]}},
    }
    return Experiment(tmp_path, settings)


def with_task(world: Experiment, name: str, **settings) -> Experiment:
    return replace(world, settings=world.settings | {"tasks": world.settings["tasks"] | {name: settings}})


def rows(world: Experiment, split: str = "train") -> list[dict]:
    return pq.read_table(world.run("read_task", "anli_plus.train") / f"{split}.en.parquet").to_pylist()


def test_its_parts_share_one_head_and_its_counts_are_the_sums_of_theirs():
    task = tasks.load("anli_plus")
    parts = list(task.pools)
    assert {part.labels for part in parts} == {task.labels}
    assert {part.kind for part in parts} == {task.kind}
    assert task.counts["train"]["en"] == sum(part.counts["train"]["en"] for part in parts)


@pytest.mark.parametrize("split", ["train", "dev"])
def test_all_examples_of_its_parts_are_read_by_turns(world, split):
    found = rows(world, split)
    texts = [row["text_a"] for row in found]
    assert texts[:7] == ["round 1 0.", "snli 0.", "mnli 0.", "round 2 0.", "snli 1.", "mnli 1.", "round 3 0."]
    assert len(found) == len(set(texts)) == sum(SIZES.values())
    assert {row["label"] for row in found} == set(LABELS)


def test_ids_begin_with_the_part_where_it_has_ids(world):
    ids = [row["id"] for row in rows(world)]
    assert [one for one in ids if not one.isdecimal()] == [f"anli-{number}-{n}" for n in (0, 1) for number in (1, 2, 3)]
    assert len(set(ids)) == len(ids)


def test_the_manifest_counts_rows_and_labels_of_all_parts(world):
    folder = world.run("read_task", "anli_plus.train")
    notes = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["train.en"]
    assert notes["rows"] == sum(SIZES.values())
    assert Counter(notes["labels"]) == Counter(
        row["label"] for row in pq.read_table(folder / "train.en.parquet").to_pylist()
    )


def test_its_own_limit_counts_over_all_parts_and_theirs_do_not(world):
    limited = with_task(with_task(world, "anli_plus", limit={"train": 5}), "mnli", limit={"train": 1})
    texts = [row["text_a"] for row in rows(limited)]
    assert texts == ["round 1 0.", "snli 0.", "mnli 0.", "round 2 0.", "snli 1."]


def name(world: Experiment) -> str:
    return world.entry("read_task", "anli_plus.train").path


@pytest.mark.parametrize("file", ["data/anli/R2/dev.jsonl", "elsewhere/snli_1.0_train.jsonl"])
def test_another_content_of_any_part_is_another_name(world, file):
    before = name(world)
    with (world.folder / file).open("a") as opened:
        opened.write("{}\n")
    assert name(world) != before


def test_files_of_a_part_that_move_change_no_name(world):
    before = name(world)
    (world.folder / "elsewhere").rename(world.folder / "data" / "snli")
    assert name(replace(world, settings=world.settings | {"tasks": {}})) == before


def test_the_code_of_every_part_is_in_the_name(world):
    class Roles:
        """An identity that knows nothing but roles."""

        def code(self, role: str) -> str:
            return role

        def longest(self, _) -> None:
            return None

        def __getattr__(self, _):
            return lambda *_: {}

    entries = grid.Grid(world.config, Roles()).entries.values()
    (code,) = (entry.spec["code"] for entry in entries if entry.path.startswith("data/anli_plus."))
    assert set(code) == {"job.read_task", *(f"task.{part}" for part in ("anli_plus", "anli", "snli", "mnli"))}


def test_a_part_that_is_missing_is_named_with_the_setting_that_finds_it(world):
    (world.folder / "elsewhere/snli_1.0_dev.jsonl").unlink()
    with pytest.raises(DataError, match=r"no files of snli dev .*tasks\.snli\.folders"):
        world.run("read_task", "anli_plus.train")


def test_damage_in_a_part_names_its_file(world):
    file = world.folder / "data/anli/R1/train.jsonl"
    file.write_text(file.read_text().replace('"label": "e"', '"label": "x"'))
    with pytest.raises(DataError, match=r"R1/train.jsonl, line 2: found the label 'x'"):
        world.run("read_task", "anli_plus.train")


def test_folders_of_the_pool_itself_are_a_mistake(world):
    with pytest.raises(ConfigError, match=r"'tasks.anli_plus.folders': the task pools anli, snli, mnli"):
        check(with_task(world, "anli_plus", folders=["somewhere"]).config)


def test_a_pool_may_be_mixed_with_other_tasks(world):
    stages = {"stages": {"mixed": {"tasks": ["anli_plus", "qqp"]}}}
    settings = world.settings | stages | {"grid": world.settings["grid"] | {"intermediates": ["mixed"]}}
    model = replace(world, settings=settings).entry("train_stage", "mixed")
    assert {"features.anli_plus", "features.qqp"} <= model.inputs.keys()
