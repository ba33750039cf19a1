"""Change anything, and exactly the jobs whose result could differ run again; change it back, and nothing runs."""

import ast
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from project import Edit, Project, among, code, content, plain, setting, source, write_project

STATISTICS, TABLES = "experiments/*/statistics", "experiments/*/tables"
SHOWN = (TABLES, "experiments/*/figures", "experiments/*/page")
"""What is made from the collected scores and their statistics."""
REPORTS = ("experiments/*/collect", STATISTICS, *SHOWN)
NOTHING = ()


def below(*segments: str) -> tuple[str, ...]:
    """Models and cells of which these stages or targets are part."""
    return tuple(f"*/{segment}/*" for segment in segments)


def read(*parts: str) -> tuple[str, ...]:
    """Data and token ids of these tasks and roles."""
    return tuple(f"{place}/{part}" for part in parts for place in ("data", "features/tokenizer"))


MODELS = ("models/*", "cells/*/seed-1", "cells/*/seed-1/*")
"""Everything that is trained and everything that is predicted by it."""
RETRIEVAL = below("bucc2018", "tatoeba")
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
    "a hyper-parameter of a mixture": (setting(stages={"mixed": {"epochs": 7}}), below("mixed")),
    "a hyper-parameter of all stages": (setting(training={"learning_rate": 0.5}), MODELS),
    "the warm-up of all stages but the one with its own": (
        setting(training={"warmup": 0.5}, stages={"squad_v1": {"warmup": 0.1}, "hellaswag": {"warmup": 0.1}}),
        (*MNLI, "models/*/mnli/*"),
    ),
    "two settings that swap their values": (
        setting(stages={"udpos": {"warmup": 0.5, "weight_decay": 0.25}}),
        below("udpos"),
    ),
    "a default that is written out": (setting(stages={"mnli": {"patience": 30}}, strict=False), NOTHING),
    "the examples by which a checkpoint is chosen": (setting(stages={"udpos": {"dev_examples": 2}}), below("udpos")),
    "the sampling of a mixture": (
        setting(stages={"mixed": {"sampling": {"strategy": "capped", "cap": 9}}}),
        below("mixed"),
    ),
    "the sampling of a stage with one task": (setting(stages={"mnli": {"sampling": {"strategy": "uniform"}}}), NOTHING),
    "the order of keys": (with_a_key_first, NOTHING),
    "the order of languages": (setting(languages=["zh", "en", "de"]), NOTHING),
    "a new intermediate": (
        grid(intermediates=["none", "mnli", "hellaswag", "squad_v1/mnli", "mixed", "udpos"]),
        (
            "models/toy/udpos/*/*",
            "cells/toy/udpos/*/*/seed-1*",
            "cells/toy/udpos/bucc2018/*",
            "cells/toy/udpos/tatoeba/*",
        ),
    ),
    "an intermediate less": (grid(intermediates=["none", "mnli"]), REPORTS),
    "another order of intermediates": (
        grid(intermediates=["none", "mixed", "mnli", "hellaswag", "squad_v1/mnli"]),
        REPORTS,
    ),
    "a new seed": (grid(seeds=[1, 2]), ("*/seed-2", "*/seed-2/*")),
    "a new target": (
        grid(targets=["xnli", "udpos", "xquad", "bucc2018", "tatoeba", "pawsx"]),
        (*read("pawsx.train", "pawsx.evaluate"), *below("pawsx")),
    ),
    "a target less": (grid(targets=["xnli", "xquad", "bucc2018", "tatoeba"]), REPORTS),
    "a new language of all targets": (
        setting(languages=["en", "de", "zh", "ru"]),
        ("data/*.evaluate", "features/*.evaluate", "cells/*"),
    ),
    "a language less in one target": (
        setting(tasks={"udpos": {"languages": ["en", "de"]}}),
        (*read("udpos.evaluate"), "cells/*/udpos/udpos/*"),
    ),
    "the split of a target": (setting(tasks={"xnli": {"split": "dev"}}), (*read("xnli.evaluate"), *below("xnli"))),
    "fewer training examples": (setting(tasks={"mnli": {"limit": {"train": 4}}}), (*read("mnli.train"), *MNLI)),
    "fewer test examples": (setting(limit={"test": 2}), ("data/*.evaluate", "features/*.evaluate", "cells/*")),
    "fewer test examples of a task without a test set": (setting(tasks={"mnli": {"limit": {"test": 2}}}), NOTHING),
    "the length of a target's sequences": (
        setting(tasks={"xnli": {"max_length": 64}}),
        ("features/*/xnli.evaluate", *below("xnli")),
    ),
    "the length of an intermediate's sequences": (
        setting(tasks={"mnli": {"max_length": 64}}),
        ("features/*/mnli.train", *MNLI),
    ),
    "the layer of retrieval": (setting(encoders={"toy": {"retrieval": {"layer": 1}}}), RETRIEVAL),
    "the length of retrieval": (
        setting(encoders={"toy": {"retrieval": {"max_length": 64}}}),
        ("features/*/bucc2018.evaluate", "features/*/tatoeba.evaluate", *RETRIEVAL),
    ),
    "the rows that fit on the device": (setting(encoders={"toy": {"micro_batch": 1}}), NOTHING),
    "the GPUs of a stage": (setting(stages={"mnli": {"gpus": 2}}), NOTHING),
    "strictness": (setting(strict=True), NOTHING),
    "the number that stands for all seeds": (setting(report={"over_seeds": "mean"}), (STATISTICS, *SHOWN)),
    "an encoder that nothing uses": (setting(encoders={"other": {"path": "elsewhere"}}), NOTHING),
    "the name of the experiment": (setting(experiment="renamed"), REPORTS),
    "the name of the encoder": (with_another_name, ("models/*", "cells/*")),
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


CODE: dict[str, tuple[Edit, tuple[str, ...]]] = {
    "a comment in every module": (comment, NOTHING),
    "the docstring of every module": (document, NOTHING),
    "the layout of every module": (reformat, NOTHING),
    "the name of a local variable": (
        source("reporting/collect", lambda text: text.replace("rows", "found")),
        REPORTS,
    ),
    "the task of an intermediate": (
        code("tasks/hellaswag"),
        (*read("hellaswag.train"), *below("hellaswag", "mixed")),
    ),
    "the task of a target": (code("tasks/xquad"), (*read("xquad.evaluate"), *below("xquad"))),
    "a new task": (add_a_task, NOTHING),
    "a task that is not used": (code("tasks/pawsx"), NOTHING),
    "a reader": (
        code("sources/formats/conllu"),
        (*read("udpos.train", "udpos.evaluate"), *below("udpos")),
    ),
    "a kind": (
        code("kinds/tagging"),
        ("features/*/udpos.train", "features/*/udpos.evaluate", *below("udpos")),
    ),
    "what all kinds share": (code("kinds/batching"), ("features/*", "models/*", "cells/*")),
    "the trainer": (code("training/stage"), MODELS),
    "the sampler": (code("training/batches"), MODELS),
    "mining": (code("retrieval/mine"), RETRIEVAL),
    "sentence vectors": (code("retrieval/embed"), RETRIEVAL),
    "the layout of submissions": (code("submission"), ("cells/*",)),
    "a metric": (code("metrics/accuracy"), ("cells/*/xnli/*/scores",)),
    "the metric of a target that chooses its own checkpoint": (
        code("metrics/pos"),
        ("cells/*/udpos/udpos/*/scores",),
    ),
    "a metric that a threshold is tuned for": (code("metrics/bucc"), ("cells/*/bucc2018/*/scores",)),
    "a metric with another in it": (code("metrics/squad"), ("cells/*/xquad/*/scores",)),
    "what all metrics share": (code("metrics/__init__"), ("cells/*/scores",)),
    "scoring": (code("scoring"), ("cells/*/scores",)),
    "the collected table": (code("reporting/collect"), REPORTS),
    "the way in which it is written": (code("commands/collect"), ("experiments/*/collect", *SHOWN)),
    "intervals": (code("reporting/resampling"), (STATISTICS, *SHOWN)),
    "the tables": (code("reporting/tables"), (TABLES,)),
    "what only plans": (code("config", "grid", "checks", "spec", "store", "run", "__main__", "errors"), NOTHING),
    "the miniature, of which nothing is read": (code("miniature/events", "miniature/languages/de"), NOTHING),
}


GRAMMARS = {
    "a grammar": code("miniature/languages/de"),
    "a lexicon": code("miniature/languages/de_lexicon"),
    "what all grammars share": code("miniature/languages/base"),
}


@pytest.mark.parametrize("edit", GRAMMARS.values(), ids=GRAMMARS.keys())
def test_an_edit_of_a_grammar_makes_the_miniature_anew_and_what_is_read_from_it(
    pristine: Project, tmp_path: Path, edit: Edit
):
    project = pristine.copy(tmp_path / "here")
    setting(tasks={"tatoeba": {"source": "miniature"}})(project)
    project.finish()
    edit(project)
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


def document_the_encoder(project: Project) -> None:
    (project.folder / "encoder" / "README.md").write_text("What it is.", encoding="utf-8")


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
    "a dev file": (
        content("data/hellaswag/hellaswag_val.jsonl"),
        (*read("hellaswag.train"), *below("hellaswag", "mixed")),
    ),
    "the test file of one language": (
        content("data/tatoeba/tatoeba.deu-eng.deu"),
        (*read("tatoeba.evaluate"), *below("tatoeba")),
    ),
    "the test file of a trained target": (
        content("data/udpos/UD_German-Miniature/de_miniature-ud-test.conllu", b"\n", b"\n\n"),
        (*read("udpos.evaluate"), "cells/*/udpos/udpos/*"),
    ),
    "the test file of a language that is not asked for": (content("data/tatoeba/tatoeba.rus-eng.rus"), NOTHING),
    "the sample that a threshold is tuned on": (
        content("data/bucc2018/de-en/de-en.sample.gold"),
        (*read("bucc2018.evaluate"), *below("bucc2018")),
    ),
    "the weights of the encoder": (content("encoder/model.safetensors", b"}", b" }"), ("models/*", "cells/*")),
    "the tokenizer": (content("encoder/tokenizer.json", b"}", b" }"), ("features/*", "models/*", "cells/*")),
    "words about the encoder": (document_the_encoder, NOTHING),
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
    """The entries that have to be made, the reports of what is new among them."""
    return among(entries, *patterns, *(() if set(patterns) <= set(REPORTS) else REPORTS))


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


LIBRARIES = {
    "another torch": ({"torch": "99.1.0"}, ("models/*", "cells/*")),
    "another tokenizers": ({"tokenizers": "99.1.0"}, ("features/*", "models/*", "cells/*")),
    "another seqeval": ({"seqeval": "99.1.0"}, ("cells/*/scores",)),
    "a library that decides nothing": ({"pandas": "99.1.0", "snakemake": "99.1.0"}, NOTHING),
}


@pytest.mark.parametrize("versions, patterns", LIBRARIES.values(), ids=LIBRARIES.keys())
def test_a_library_that_decides_results_counts_by_its_minor_version(
    project: Project, versions: dict[str, str], patterns: tuple[str, ...]
):
    pending, entries = project.plan(**versions)
    assert pending == expected(entries, patterns)
    for name, version in versions.items():
        patched = version.rpartition(".")[0] + ".1"
        assert project.plan(**{name: patched})[0] == (pending if len(versions) == 1 else [])


# Snakemake


@pytest.mark.parametrize(
    "edit",
    [
        setting(stages={"mnli": {"learning_rate": 0.5}}),
        grid(seeds=[1, 2]),
        code("metrics/accuracy"),
        content("data/tatoeba/tatoeba.deu-eng.deu"),
        comment,
    ],
    ids=["a learning rate", "a seed", "a metric", "a test file", "a comment"],
)
def test_snakemake_lists_what_the_plan_lists(pristine: Project, project: Project, edit: Edit):
    edit(project)
    try:
        assert project.dry_run() == project.plan()[0]
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
    "a file is gone": lambda folder: (folder / "content").unlink(),
    "a file is cut off": lambda folder: cut(folder / "content"),
    "the manifest is gone": lambda folder: (folder / "manifest.json").unlink(),
    "the manifest is cut off": lambda folder: cut(folder / "manifest.json"),
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
    assert project.dry_run() == expected(project.plan()[1], (*below("mnli"), damaged))
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
