"""A submission has all files of the benchmark or is not written, and all missing files are listed."""

import json
import re
from argparse import Namespace
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fabricated import World, cell, of_step

from xstilts import tasks
from xstilts.commands import submission as command
from xstilts.errors import UserError
from xstilts.experiments import open_grid
from xstilts.grid import Grid
from xstilts.languages import LANGUAGES
from xstilts.metrics.xtreme import TASKS
from xstilts.paths import TRAINING_RECORD
from xstilts.prediction import xtreme_files
from xstilts.publication.selection import seen_in_test
from xstilts.publication.xtreme_submission import Submission, file_names
from xstilts.sources.columns import GOLD_COLUMN, SCHEMAS
from xstilts.steps.entry import Entry
from xstilts.store.drafts import publishing

pytestmark = pytest.mark.thorough

ROWS = 3
GRID = {"encoders": ["toy"], "intermediates": ["none", "mnli", "squad_v1"], "targets": list(TASKS), "seeds": [1]}
WHOLE = {"grid": GRID, "languages": None}
DEV = {"none": 70.0, "mnli": 72.0, "squad_v1": 71.0}
"""The dev score of every target after each intermediate."""
NAMED = ["bucc2018=squad_v1", "tatoeba=none"]


@pytest.fixture(autouse=True)
def small_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tasks as they are, but of no known size."""
    for name in TASKS:
        monkeypatch.setattr(f"xstilts.tasks.{name}.TASK", replace(tasks.load(name), counts={}))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def fill(world: World, entries: Iterable[Entry], dev: dict[str, float | None] = DEV) -> None:
    """Finish entries with what a submission reads."""
    for entry in entries:
        if entry.step not in _WRITERS:
            world.finish([entry])
            continue
        with publishing(world.store, entry) as draft:
            _WRITERS[entry.step](draft.folder, entry, dev)


def filled(world: World, **changes) -> Grid:
    """A grid with everything finished."""
    grid = open_grid(world.config(**{**WHOLE, **changes}))
    fill(world, [entry for entry in grid.entries.values() if not entry.about.experiment])
    return grid


def _data(folder: Path, entry: Entry, _: object) -> None:
    for name in entry.spec["files"]:
        pq.write_table(examples(tasks.load(entry.about.task), name), folder / f"{name}.parquet")


def examples(task: tasks.Task, split: str) -> pa.Table:
    """Examples that no other split has."""
    text = f"Nobody came ({task.name} {split})."
    rows = {
        "classification": [{"text_a": text, "text_b": "Rain.", "label": task.labels and task.labels[0]}] * ROWS,
        "tagging": [{"words": [text, "came"], "tags": ["X", "X"]}] * ROWS,
        "span": [{"question": "Who came?", "context": text, "answers": [{"start": 0, "text": "Nobody"}]}] * ROWS,
        "retrieval": [{"side": side, "text": text, "gold": []} for side in ("foreign", "english")] * ROWS,
    }[task.kind]
    return pa.Table.from_pylist([{"id": f"{number}", **row} for number, row in enumerate(rows)], SCHEMAS[task.kind])


def _model(folder: Path, entry: Entry, dev: dict[str, float | None]) -> None:
    path = entry.path.split("/")[2:-1]
    score = dev["/".join(stage.partition("~")[0] for stage in path[:-1]) or "none"]
    best = None if score is None else {"score": score, "step": 1}
    (folder / TRAINING_RECORD).write_text(json.dumps({"best": best}))


def _predictions(folder: Path, entry: Entry, _: object) -> None:
    task = tasks.load(entry.about.task)
    predictions = {
        "classification": list(task.labels[:1]) * ROWS,
        "tagging": [list(task.labels[:2])] * ROWS,
        "span": {f"{number}": "Nobody" for number in range(ROWS)},
        # Foreign rows are the even ones.
        "retrieval": [("0", "1"), ("2", "5")] if task.metric == "bucc" else ["0"] * ROWS,
    }[task.kind]
    for name in entry.inputs["data"].spec["files"]:
        split, lang = name.split(".")
        if split == entry.spec["split"]:
            place = folder / "predictions" / task.name / xtreme_files.file_name(task.kind, split, lang)
            xtreme_files.write(place, xtreme_files.form_of(task.kind, task.metric), predictions)


_WRITERS = {"read_task": _data, "train_stage": _model, "predict": _predictions}


def run(world: World, cells: str = "best", choose: Iterable[str] = NAMED, **given) -> None:
    """The command, with everything for which no argument is given left out."""
    options = {"encoder": None, "seed": None, "to": None, **given}
    config = options.pop("config", None) or world.file(**WHOLE)
    command.run(Namespace(config=[config], directory=Path(), cells=cells, choose=list(choose), **options))


def listed(world: World, capsys: pytest.CaptureFixture, **given) -> dict[str, list[str]]:
    """What a command that refuses lists: files by reason; nothing has been written."""
    with pytest.raises(UserError, match="cannot be written") as refused:
        run(world, **given)
    found: dict[str, list[str]] = {}
    for line in capsys.readouterr().out.splitlines():
        if line.startswith("missing: "):
            files = found.setdefault(line.removeprefix("missing: "), [])
        else:
            files.append(line.strip())
    assert re.match(r"\d+", str(refused.value))[0] == str(sum(map(len, found.values())))
    assert not (world.store / "experiments" / "mine" / "submission").exists()
    return found


def names(target: str, *langs: str) -> list[str]:
    """Files of a target, all of them if no language is given."""
    return [name for lang, name in file_names(tasks.load(target)).items() if not langs or lang in langs]


def everything() -> list[str]:
    return [name for target in TASKS for name in names(target)]


def chosen(folder: Path) -> dict[str, str]:
    """The intermediate of each target, as the folder says."""
    record = json.loads((folder / "submission.json").read_text())
    return {target: what["intermediate"] for target, what in record["targets"].items()}


def test_a_submission_has_162_files():
    assert len(everything()) == 162


def test_the_files_are_the_predictions_of_the_chosen_cells_byte_by_byte(world: World):
    grid = filled(world)
    with publishing(world.store, cell(grid, "mnli", "xnli").predictions) as draft:
        for name in names("xnli"):
            xtreme_files.write(draft.folder / "predictions" / name, "labels", ["neutral"] * ROWS)
    run(world, to=world.folder / "out")
    written = {str(file.relative_to(world.folder / "out")) for file in (world.folder / "out").rglob("*.*")}
    assert written == {"submission.json", *(f"predictions/{name}" for name in everything())}
    source = world.store / cell(grid, "mnli", "panx").predictions.path / "predictions" / "panx" / "test-sw.tsv"
    assert (world.folder / "out/predictions/panx/test-sw.tsv").read_bytes() == source.read_bytes()
    assert (world.folder / "out/predictions/xnli/test-sw.tsv").read_text() == "neutral\n" * ROWS


@pytest.mark.parametrize("unlabelled", [("de",), tuple(LANGUAGES)], ids=["one language", "all languages"])
def test_test_sets_without_labels_are_submitted_like_others(world: World, monkeypatch, unlabelled: tuple[str, ...]):
    labelled = examples

    def without_labels(task: tasks.Task, split: str) -> pa.Table:
        table, column = labelled(task, split), GOLD_COLUMN[task.kind]
        nothing = pa.nulls(len(table), table.schema.field(column).type)
        is_lost = split.startswith("test.") and split.removeprefix("test.") in unlabelled
        return table.set_column(table.column_names.index(column), column, nothing) if is_lost else table

    monkeypatch.setattr(f"{__name__}.examples", without_labels)
    filled(world)
    run(world, to=world.folder / "out")
    assert sum(1 for _ in (world.folder / "out" / "predictions").rglob("*-*.*")) == 162


def test_best_is_for_each_target_the_intermediate_with_the_highest_dev_score(world: World):
    grid = filled(world)
    model = cell(grid, "squad_v1", "pawsx").predictions.inputs["model"]
    fill(world, [model], {**DEV, "squad_v1": 72.5})
    run(world, to=world.folder / "out")
    best = dict.fromkeys(TASKS, "mnli") | {"pawsx": "squad_v1", "bucc2018": "squad_v1", "tatoeba": "none"}
    assert chosen(world.folder / "out") == best


def test_the_cells_and_the_dev_scores_are_those_of_the_encoder_and_the_seed_that_are_named(world: World):
    grid = {**GRID, "encoders": ["other", "toy"], "seeds": [1, 2]}
    config = world.config(grid=grid, encoders={name: {"path": name} for name in grid["encoders"]}, languages=None)
    opened = open_grid(config)
    for model in of_step(opened, "train_stage"):
        is_meant = (model.about.encoder, model.about.seed) == ("other", 1)
        fill(world, [model], {"none": 60.0, "mnli": 0.0, "squad_v1": 0.5} if is_meant else DEV)
    wanted = dict.fromkeys(TASKS, "best") | {"tatoeba": "squad_v1", "bucc2018": "mnli"}
    found = Submission(config, opened, "other", 1, wanted).choices
    cells = {target: (one.cell.encoder, one.cell.seed, one.cell.intermediate) for target, one in found.items()}
    assert cells == {target: ("other", 1, "none" if wanted[target] == "best" else wanted[target]) for target in TASKS}
    assert found["xnli"].scores == {"none": 60.0, "mnli": 0.0, "squad_v1": 0.5}


def test_of_equal_dev_scores_the_first_of_the_configuration_wins(world: World):
    grid = open_grid(world.config(**WHOLE))
    fill(world, [entry for entry in grid.entries.values() if not entry.about.experiment], dict.fromkeys(DEV, 70.0))
    run(world, to=world.folder / "out")
    assert chosen(world.folder / "out")["xnli"] == "none"


def test_one_intermediate_can_be_named_for_all_targets_or_for_some(world: World):
    filled(world)
    run(world, "squad_v1", ["xnli=none"], to=world.folder / "out")
    assert chosen(world.folder / "out") == dict.fromkeys(TASKS, "squad_v1") | {"xnli": "none"}


def test_it_lies_beside_the_tables_unless_told_and_replaces_an_earlier_one(world: World):
    filled(world)
    for cells in ("mnli", "squad_v1"):
        run(world, cells, [])
    place = world.store / "experiments" / "mine" / "submission"
    assert set(chosen(place).values()) == {"squad_v1"}
    assert list(place.parent.glob(".*")) == []


def test_a_folder_of_something_else_is_not_replaced(world: World):
    filled(world)
    (world.folder / "out").mkdir()
    with pytest.raises(UserError, match="is not a submission"):
        run(world, to=world.folder / "out")
    assert list((world.folder / "out").iterdir()) == []


def test_targets_without_training_have_no_dev_score_and_have_to_be_named(world: World, capsys):
    filled(world)
    found = listed(world, capsys, choose=[])
    assert list(found.values()) == [names("bucc2018"), names("tatoeba")]
    assert all("no dev score" in reason for reason in found)
    assert "--choose tatoeba=" in list(found)[1]


def test_while_an_intermediate_is_not_trained_nothing_is_chosen(world: World, capsys):
    grid = open_grid(world.config(**WHOLE))
    waiting = cell(grid, "squad_v1", "udpos").predictions
    left = {waiting.path, waiting.inputs["model"].path, cell(grid, "squad_v1", "udpos").scores.path}
    fill(world, [one for one in grid.entries.values() if not one.about.experiment and one.path not in left])
    ((reason, files),) = listed(world, capsys).items()
    assert files == names("udpos")
    assert "not trained yet: cell toy, squad_v1, udpos, seed 1; run snakemake" in reason


def test_a_dev_set_without_labels_chooses_nothing(world: World, capsys):
    grid = filled(world)
    model = cell(grid, "none", "tydiqa").predictions.inputs["model"]
    fill(world, [model], {"none": None})
    ((reason, files),) = listed(world, capsys).items()
    assert files == names("tydiqa")
    assert "its dev set is unlabelled" in reason
    assert "--choose tydiqa=" in reason


def test_a_cell_that_is_not_predicted_is_named_with_all_its_files(world: World, capsys):
    grid = filled(world)
    (world.store / cell(grid, "mnli", "xquad").predictions.manifest).unlink()
    found = listed(world, capsys)
    assert found == {"cell toy, mnli, xquad, seed 1: not predicted yet; run snakemake": names("xquad")}


def test_languages_targets_and_splits_that_an_experiment_leaves_out_are_listed_file_by_file(world: World, capsys):
    targets = [target for target in TASKS if target != "mlqa"]
    changes = {
        "grid": {**GRID, "targets": targets},
        "languages": ["en", "de", "zh"],
        "tasks": {"pawsx": {"split": "dev"}, "panx": {"limit": {"test": 2}}},
    }
    filled(world, **changes)
    found = listed(world, capsys, config=world.file(**changes))
    complete = {
        name for target in targets if target not in ("pawsx", "panx") for name in names(target, "en", "de", "zh")
    }
    assert sorted(name for files in found.values() for name in files) == sorted(set(everything()) - complete)
    reasons = {tuple(files): reason for reason, files in found.items() if len(files) <= 7}
    assert reasons[tuple(names("mlqa"))].startswith("mlqa is not a target of this experiment; add mlqa to grid.targets")
    assert reasons[tuple(names("pawsx", "en", "de", "zh"))].startswith("the predictions are for dev")
    assert reasons[tuple(names("panx", "en", "de", "zh"))].startswith("the predictions are for the first 2 examples")


def test_made_up_examples_are_never_submitted(world: World, capsys):
    changes = {**WHOLE, "source": "miniature", "languages": ["en", "de"]}
    filled(world, **changes)
    found = listed(world, capsys, config=world.file(**changes))
    made_up = [name for reason, files in found.items() if "those of the miniature" in reason for name in files]
    assert made_up == [name for target in TASKS for name in names(target, "en", "de")]


WRONG = [
    ("xnli", "de", "neutral\nneutral\n", "2 lines; expected 3"),
    ("xnli", "de", "neutral\nmaybe\nneutral\n", "'maybe' is not one of 3 labels"),
    ("xnli", "de", "neutral\n\nneutral\n", "line 2"),
    ("udpos", "yo", "NOUN\nNOUN\n\nNOUN\n\nNOUN\nNOUN\n", "sentence 2 has 1 tags; expected 2"),
    ("udpos", "yo", "NOUN\nNOUN\n", "1 sentences; expected 3"),
    ("panx", "my", "NOUN\nO\n\nO\nO\n\nO\nO\n", "'NOUN' is not one of 7 labels"),
    ("mlqa", "vi", '{"0": "", "2": ""}', "1 of 3 questions have no answer, the first is '1'"),
    ("mlqa", "vi", '{"0": "", "1": "", "2": "", "3": ""}', "'3' is not one of 3 labels or ids"),
    ("tatoeba", "sw", "0\n0\n1\n", "'1' is not one of 3 labels or ids"),
    ("tatoeba", "sw", "0\n", "1 lines; expected 3"),
    ("bucc2018", "ru", "0\t1\n0\t3\n", "a foreign sentence occurs in more than one pair"),
    ("bucc2018", "ru", "1\t0\n", "'1' is not one of 3 labels or ids"),
    ("bucc2018", "ru", "", "no pairs"),
]


@pytest.mark.parametrize(("target", "lang", "text", "problem"), WRONG)
def test_a_file_with_another_content_than_its_test_set_asks_for_is_refused(
    world: World, capsys, target: str, lang: str, text: str, problem: str
):
    grid = filled(world)
    wrong = cell(grid, "mnli", target).predictions
    place = names(target, lang)[0]
    with publishing(world.store, wrong) as draft:
        _predictions(draft.folder, wrong, None)
        (draft.folder / "predictions" / place).write_text(text)
    ((reason, files),) = listed(world, capsys, cells="mnli", choose=[]).items()
    assert files == [place]
    assert problem in reason


def test_a_file_that_has_changed_since_it_was_written_is_refused(world: World, capsys):
    grid = filled(world)
    place = world.store / cell(grid, "mnli", "pawsx").predictions.path / "predictions" / names("pawsx", "ko")[0]
    place.write_text(place.read_text().replace("0", "1"))
    ((reason, files),) = listed(world, capsys).items()
    assert files == names("pawsx")
    assert "has changed since it was written" in reason


def test_a_test_set_of_another_size_than_the_benchmark_s_is_refused(world: World, capsys, monkeypatch):
    filled(world)
    sized = replace(tasks.load("xnli"), counts={"test": {"sw": 5_010}})
    monkeypatch.setattr("xstilts.tasks.xnli.TASK", sized)
    ((reason, files),) = listed(world, capsys).items()
    assert files == names("xnli", "sw")
    assert "the test set has 3 rows, where its release has 5010" in reason


def test_dev_examples_that_are_test_examples_too_are_said(world: World, capsys):
    grid = filled(world)
    evaluated = cell(grid, "mnli", "tydiqa").predictions.inputs["data"]
    with publishing(world.store, evaluated) as draft:
        for name in evaluated.spec["files"]:
            split = "dev.en" if name == "test.en" else name
            pq.write_table(examples(tasks.load("tydiqa"), split), draft.folder / f"{name}.parquet")
    run(world)
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: ")]
    assert notes == [
        "note: tydiqa: 3 of the 3 dev examples by which its intermediate was chosen are test examples of it"
    ]


def test_dev_examples_may_be_in_other_languages_than_the_training(world: World):
    grid = filled(world, stages={"pawsx": {"languages": ["de"], "select_on": "en"}})
    # English dev examples, which are no test examples.
    assert seen_in_test(world.store, cell(grid, "mnli", "pawsx")) == (0, ROWS)


def test_dev_examples_that_are_gone_are_said_to_be_unknown(world: World, capsys):
    grid = filled(world)
    model = cell(grid, "none", "pawsx").predictions.inputs["model"]
    (world.store / model.inputs["data.pawsx"].manifest).unlink()
    run(world)
    (note,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: ")]
    assert note.startswith("note: pawsx: its dev examples are not in the store any more")


def test_of_several_encoders_or_seeds_one_has_to_be_named(world: World):
    config = world.file(grid={**GRID, "seeds": [1, 2]}, languages=None)
    with pytest.raises(UserError, match="the experiment has several seeds; choose one with --seed: 1, 2"):
        run(world, config=config)
    with pytest.raises(UserError, match="seed 3 is not in this experiment, which has 1, 2"):
        run(world, config=config, seed=3)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"cells": "squad"}, "'squad' is not an intermediate of this experiment"),
        ({"choose": ["tatoba=none"]}, "Did you mean 'tatoeba'"),
        ({"choose": ["tatoeba"]}, "'' is not an intermediate"),
    ],
)
def test_a_name_that_does_not_exist_is_refused(world: World, options: dict, problem: str):
    with pytest.raises(UserError, match=problem):
        run(world, **options)


def test_the_command_ends_with_an_error_and_without_torch(world: World):
    given = ("submission", world.file(**WHOLE), "--cells", "mnli")
    done = world.run(*given)
    assert done.returncode == 1
    assert done.stderr.startswith("error: 162 files of the submission cannot be written")
    assert done.stdout.count("    ") == 162
    loaded = world.python("-X", "importtime", "-m", "xstilts", *given).stderr
    assert "xstilts.publication.xtreme_submission" in loaded
    assert not re.search(r"\| +torch$", loaded, re.MULTILINE)
