"""Change anything, and exactly the jobs whose result could differ run again; change it back, and nothing runs.

Which jobs a setting, a module, a library or a file decides is in the unit tests of specs, one by one. Here a few of
each go the whole way: from an edit of real files to what a plan, and Snakemake, list.
"""

import ast
import json
import os
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from project import Edit, Project, among, code, content, plain, setting, source, write_project

STATISTICS, TABLES = "experiments/*/statistics.*", "experiments/*/tables"
DRAWN = ("experiments/*/figures", "experiments/*/page")
SHOWN = (TABLES, *DRAWN)
"""What is made from the collected scores and their statistics."""
OF_ALL_TARGETS = ("experiments/*/collect", *SHOWN)
REPORTS = (*OF_ALL_TARGETS, STATISTICS)
NOTHING = ()


def below(*segments: str) -> tuple[str, ...]:
    """Models and cells of which these stages or targets are part."""
    return tuple(f"*/{segment}/*" for segment in segments)


def read(*parts: str) -> tuple[str, ...]:
    """Data and token ids of these tasks and roles."""
    return tuple(f"{place}/{part}" for part in parts for place in ("data", "features/tokenizer"))


MODELS = ("models/*", "cells/*/seed-1", "cells/*/seed-1/*")
"""Everything that is trained and everything that is predicted by it."""
MODELS_AND_CELLS = ("models/*", "cells/*")
MNLI = below("mnli", "mixed")
"""All that the examples of MNLI train."""


# The configuration


def with_a_key_first(project: Project) -> None:
    config = yaml.safe_load(project.file.read_text(encoding="utf-8"))
    config = {key: dict(reversed(v.items())) if isinstance(v, dict) else v for key, v in reversed(config.items())}
    project.file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def with_another_name(project: Project) -> None:
    config = yaml.safe_load(project.file.read_text(encoding="utf-8"))
    config["encoders"] = {"renamed": config["encoders"]["toy"]}
    config["grid"]["encoders"] = ["renamed"]
    project.file.write_text(yaml.safe_dump(config), encoding="utf-8")


def grid(**changes: list) -> Edit:
    return setting(grid=changes)


SETTINGS: dict[str, tuple[Edit, tuple[str, ...]]] = {
    "a hyper-parameter of a stage": (setting(stages={"mnli": {"learning_rate": 0.5}}), below("mnli")),
    "the order of the tasks of a stage": (
        setting(stages={"mixed": {"sampling": {"schedule": "blocks"}}}),
        below("mixed"),
    ),
    "steps like those of another stage that has as many": (
        setting(stages={"mnli": {"steps": {"like": "same"}}, "same": {"like": "mnli", "steps": None}}),
        NOTHING,
    ),
    "a default that is written out": (setting(stages={"mnli": {"patience": 30}}, strict=False), NOTHING),
    "the order of keys": (with_a_key_first, NOTHING),
    "a new target": (
        grid(targets=["xnli", "udpos", "xquad", "bucc2018", "tatoeba", "pawsx"]),
        (*read("pawsx.train", "pawsx.evaluate"), *below("pawsx")),
    ),
    "fewer test examples": (setting(limit={"test": 2}), ("data/*.evaluate", "features/*.evaluate", "cells/*")),
    "the name of the encoder": (with_another_name, MODELS_AND_CELLS),
}


# The code


def reformat(project: Project) -> None:
    """Write every module as Python writes a syntax tree: other layout and quotes, no comments."""
    for file in project.library.rglob("*.py"):
        file.write_text(ast.unparse(ast.parse(file.read_text(encoding="utf-8"))), encoding="utf-8")


def comment(project: Project) -> None:
    for file in project.library.rglob("*.py"):
        file.write_text(file.read_text(encoding="utf-8") + "\n# A remark.\n", encoding="utf-8")


def document(project: Project) -> None:
    for file in project.library.rglob("*.py"):
        if (text := file.read_text(encoding="utf-8")).startswith('"""'):
            file.write_text(text.replace('"""', '"""In other words: ', 1), encoding="utf-8")


def add_a_task(project: Project) -> None:
    shutil.copyfile(project.library / "tasks" / "mnli.py", project.library / "tasks" / "another.py")


GERMAN = '("de", "deu", "German", "Indo-European", "Germanic", "Latn"),'
GOTHIC = GERMAN.replace("Latn", "Goth")
WELSH = '("cy", "cym", "Welsh", "Indo-European", "Celtic", "Latn"),'

CODE: dict[str, tuple[Edit, tuple[str, ...]]] = {
    "a comment in every module": (comment, NOTHING),
    "the docstring of every module": (document, NOTHING),
    "the layout of every module": (reformat, NOTHING),
    "the name of a local variable": (
        source("reporting/collect", lambda text: text.replace("rows", "found")),
        REPORTS,
    ),
    "a new task": (add_a_task, NOTHING),
    "a new language": (source("languages", lambda text: text.replace(GERMAN, f"{WELSH}\n        {GERMAN}")), NOTHING),
    "the script of a language": (source("languages", lambda text: text.replace(GERMAN, GOTHIC)), DRAWN),
    "the script of a language that is not shown": (
        source("languages", lambda text: text.replace('"Jpan"', '"Kana"')),
        NOTHING,
    ),
    "the trainer": (code("training/stage"), MODELS),
    "the model in training": (code("training/model"), MODELS),
    "prediction": (code("prediction/forward"), MODELS_AND_CELLS),
    "token ids": (code("features/arrow"), ("features/*", *MODELS_AND_CELLS)),
    "tokenization": (code("models/tokenization"), ("features/*", *MODELS_AND_CELLS)),
    "a metric with another in it": (code("metrics/squad"), ("cells/*/xquad/*/scores",)),
    "what only plans": (
        code("config/__init__", "names", "paths", "steps/specs", "grid", "checks", "run", "__main__", "cli", "errors"),
        NOTHING,
    ),
    "the store": (code("fingerprints/spec", "store/entries", "store/drafts", "store/locks"), NOTHING),
}


def test_an_edit_of_a_grammar_makes_the_miniature_anew_and_what_is_read_from_it(pristine: Project, tmp_path: Path):
    project = pristine.copy(tmp_path / "here")
    setting(tasks={"tatoeba": {"source": "miniature"}})(project)
    project.finish()
    code("miniature/languages/de_lexicon")(project)
    pending, entries = project.plan()
    assert pending == expected(entries, ("miniature/data", *read("tatoeba.evaluate"), *below("tatoeba")))


# The files


def touch(project: Project) -> None:
    for file in (*(project.folder / "data").rglob("*"), *(project.folder / "encoder").iterdir()):
        os.utime(file, (1, 1))


def fetch_again(project: Project) -> None:
    shutil.move(project.folder / "data", project.folder / "gone")
    shutil.copytree(project.folder / "gone", project.folder / "data", copy_function=shutil.copyfile)
    shutil.rmtree(project.folder / "gone")


def move_the_data(project: Project) -> None:
    shutil.move(project.folder / "data" / "mnli", project.folder / "mine")
    project.configure({"tasks": {"mnli": {"folders": ["mine"]}}})


def other_bytes_of_the_same_size_and_date(project: Project) -> None:
    file = project.folder / "data" / "tatoeba" / "tatoeba.deu-eng.deu"
    status, before = file.stat(), file.read_bytes()
    assert before.swapcase() != before
    file.write_bytes(before.swapcase())
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


FILES: dict[str, tuple[Edit, tuple[str, ...]]] = {
    "other bytes of the same size and date": (
        other_bytes_of_the_same_size_and_date,
        (*read("tatoeba.evaluate"), *below("tatoeba")),
    ),
    "the dates of all files": (touch, NOTHING),
    "the same files, fetched again": (fetch_again, NOTHING),
    "the same files in another folder": (move_the_data, NOTHING),
    "a training file": (content("data/mnli/multinli_1.0_train.jsonl"), (*read("mnli.train"), *MNLI)),
    "the test file of one language": (
        content("data/tatoeba/tatoeba.deu-eng.deu"),
        (*read("tatoeba.evaluate"), *below("tatoeba")),
    ),
    "the test file of a language that is not asked for": (content("data/tatoeba/tatoeba.rus-eng.rus"), NOTHING),
    "the sample that a threshold is tuned on": (
        content("data/bucc2018/de-en/de-en.sample.gold"),
        (*read("bucc2018.evaluate"), *below("bucc2018")),
    ),
    "the weights of the encoder": (content("encoder/model.safetensors", b"}", b" }"), MODELS_AND_CELLS),
    "the tokenizer": (content("encoder/tokenizer.json", b"}", b" }"), ("features/*", "models/*", "cells/*")),
}
MATRIX = SETTINGS | CODE | FILES


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The experiment, and everything that it needs, finished."""
    project = write_project(tmp_path_factory.mktemp("pristine"))
    project.finish()
    return project


@pytest.fixture(scope="module")
def project(pristine: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Another one, in which the edits are made and undone."""
    return pristine.copy(tmp_path_factory.mktemp("edited") / "here")


def expected(entries: list[str], patterns: tuple[str, ...]) -> list[str]:
    """The entries that have to be made, the reports of what is new among them, with the statistics of its targets."""
    made = among(entries, *patterns)
    if set(patterns) <= set(REPORTS):
        return made
    targets = {path.split("/")[-3] for path in made if path.endswith("/scores")}
    return among(entries, *patterns, *OF_ALL_TARGETS, *(f"experiments/*/statistics.{name}" for name in targets))


@pytest.mark.parametrize("edit, patterns", MATRIX.values(), ids=MATRIX.keys())
def test_an_edit_lists_exactly_what_it_can_change_and_its_undoing_nothing(
    pristine: Project, project: Project, edit: Edit, patterns: tuple[str, ...]
):
    edit(project)
    try:
        pending, entries = project.plan()
    finally:
        project.restore(pristine)
    assert pending == expected(entries, patterns)
    if pending:
        assert project.plan()[0] == []


def test_a_library_that_decides_results_counts_by_its_minor_version(project: Project):
    major, minor, *patch = version("torch").split(".")
    pending, entries = project.plan(torch=f"{major}.{int(minor) + 1}.{'.'.join(patch)}")
    assert pending == expected(entries, MODELS_AND_CELLS)
    assert project.plan(torch=f"{major}.{minor}.99", pandas="99.1.0")[0] == []


# Snakemake


@pytest.mark.parametrize(
    "edit",
    [
        setting(stages={"mnli": {"learning_rate": 0.5}}),
        grid(seeds=[1, 2]),
        comment,
    ],
    ids=["a learning rate", "a seed", "a comment"],
)
def test_snakemake_lists_what_the_plan_lists(pristine: Project, project: Project, edit: Edit):
    edit(project)
    try:
        assert project.dry_run() == project.jobs()
    finally:
        project.restore(pristine)


def test_where_and_how_it_runs_lists_nothing(project: Project):
    resources = ["--resources", "gpu=3", "mem_mb=900", "--set-resources", "train_stage:runtime=9", "predict:gpu=2"]
    others = ["--set-threads", "train_stage=5", "--latency-wait", "9", "--scheduler", "ilp"]
    assert project.dry_run("--workflow-profile", "none", "--cores", "7", *resources, *others) == []


# Places


def test_a_project_that_is_moved_lists_nothing(pristine: Project, tmp_path: Path):
    moved = pristine.copy(tmp_path / "elsewhere")
    assert moved.plan()[0] == moved.dry_run() == []


def test_results_that_are_copied_to_another_place_are_found_there(pristine: Project, tmp_path: Path):
    copied = pristine.copy(tmp_path / "elsewhere")
    shutil.move(copied.results, tmp_path / "kept")
    copied.configure({"store": str(tmp_path / "kept")})
    assert copied.plan()[0] == []


# Damage


def entry(project: Project, name: str) -> Path:
    """The folder of an entry by its name without fingerprints."""
    (found,) = [f for f in project.results.rglob("*") if plain(str(f.relative_to(project.results))) == name]
    return found


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-2])


MODEL = "models/toy/mnli/seed-1"
NEW = grid(targets=["xnli", "udpos", "xquad", "bucc2018", "tatoeba", "pawsx"])
DAMAGE: dict[str, Callable[[Path], None]] = {
    "a file is cut off": lambda folder: cut(folder / "content"),
    "everything is gone": shutil.rmtree,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_model_is_made_again_when_something_needs_it_and_nothing_else_with_it(
    pristine: Project, tmp_path: Path, damage: Callable[[Path], None]
):
    project = pristine.copy(tmp_path / "here")
    damage(entry(project, MODEL))
    assert project.plan()[0] == []
    NEW(project)
    pending, entries = project.plan()
    assert pending == expected(entries, (*read("pawsx.train", "pawsx.evaluate"), *below("pawsx"), MODEL))
    assert project.dry_run() == pending
    project.finish()
    assert project.plan()[0] == []


def test_a_dry_run_lists_damaged_token_ids_and_leaves_everything_as_it_is(pristine: Project, tmp_path: Path):
    project = pristine.copy(tmp_path / "here")
    damaged = "features/tokenizer/mnli.train"
    cut(entry(project, damaged) / "content")
    setting(stages={"mnli": {"learning_rate": 0.5}})(project)
    before = project.files()
    pending, entries = project.plan()
    assert pending == expected(entries, (*below("mnli"), damaged))
    assert project.dry_run() == project.jobs()
    assert project.files() == before


def test_the_reports_of_an_experiment_are_those_of_its_configuration_after_every_edit_and_its_undoing(
    pristine: Project, tmp_path: Path
):
    project = pristine.copy(tmp_path / "here")
    folder = project.results / "experiments" / "matrix"
    before = (folder / "content").read_text(encoding="utf-8")
    grid(targets=["xnli"])(project)
    project.finish()
    assert (folder / "content").read_text(encoding="utf-8") != before
    project.restore(pristine)
    assert project.dry_run() == []
    assert (folder / "content").read_text(encoding="utf-8") == before
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert len(config["grid"]["targets"]) == 5
