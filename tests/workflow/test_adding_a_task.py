"""The worked examples of docs/adding-a-task.md: a task of the configuration alone, and one in a Python file."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from experiments import EXAMPLES, ROOT, Experiment, attempt, experiment

PAGE = (ROOT / "docs/adding-a-task.md").read_text(encoding="utf-8")
REVIEWS = {"en": "The room was {}.", "de": "Das Zimmer war {}.", "zh": "房间很{}。"}
ROWS = 2 * EXAMPLES


def block(language: str) -> str:
    """The first code block of the page in a language."""
    code, *_ = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return code


def objects(review: str) -> str:
    """The file of the task in the configuration, with one row that is left out."""
    words = ("bad", "good", "excellent")
    rows = [{"review": review.format(n), "verdict": words[n % 3]} for n in range(ROWS)]
    return "".join(json.dumps(row) + "\n" for row in [{"review": "?", "verdict": "undecided"}, *rows])


def table(review: str) -> str:
    """The file of the task in Python."""
    rows = [f"{review.format(n)}\t{'positive' if n % 2 else 'negative'}" for n in range(ROWS)]
    return "\n".join(["text\tlabel", *rows, ""])


def with_reviews(made: Experiment, suffix: str, content: Callable[[str], str], tasks: dict) -> Experiment:
    """The experiment with the files of the task, its settings and its stage."""
    for split in ("train", "dev", "test"):
        for lang, review in REVIEWS.items():
            file = made.folder / "data/reviews" / f"{split}.{lang}.{suffix}"
            file.parent.mkdir(exist_ok=True)
            file.write_text(content(review), encoding="utf-8")
    own = yaml.safe_load(made.file.read_text(encoding="utf-8"))
    own["stages"] |= yaml.safe_load(block("yaml"))["stages"]
    own["tasks"] |= tasks
    own["fork_server"] = True
    made.file.write_text(yaml.safe_dump(own), encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def described(world: Callable[[str], Path]) -> Experiment:
    """An experiment with the task of the configuration, after its run."""
    made = experiment(world("described"), "mine", ["none", "reviews@de"], ["reviews", "xnli"])
    with_reviews(made, "jsonl", objects, yaml.safe_load(block("yaml"))["tasks"])
    run = attempt(made)
    assert run.status == 0, run.printed
    return made


@pytest.fixture(scope="module")
def written(world: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """An experiment with the task of the Python file in a copy of the project, after its run."""
    project = tmp_path_factory.mktemp("project")
    for name in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / name, project)
    shutil.copytree(ROOT / "envs", project / "envs")
    shutil.copytree(ROOT / "workflow", project / "workflow", ignore=shutil.ignore_patterns("__pycache__"))
    (project / "workflow/xstilts/tasks/reviews.py").write_text(block("python"), encoding="utf-8")

    made = experiment(world("written"), "mine", ["none", "reviews@de"], ["reviews", "xnli"])
    with_reviews(made, "tsv", table, {"reviews": {"source": "release", "max_length": 128}})
    snakemake = Path(sys.executable).parent / "snakemake"
    places = ["--snakefile", project / "Snakefile", "--directory", made.folder, "--configfile", made.file]
    run = subprocess.run([snakemake, *places, "--cores", "2"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return made


@pytest.fixture(params=["described", "written"])
def done(request: pytest.FixtureRequest) -> Experiment:
    """Each of the two."""
    return request.getfixturevalue(request.param)


def test_the_task_file_is_short():
    assert block("python").count("\n") < 60


def test_it_is_an_intermediate_and_a_target_in_every_language_asked_for(done: Experiment):
    scores = pd.read_csv(done.reports / "scores.csv")
    cells = scores[["intermediate", "target", "language"]].drop_duplicates()
    languages = cells.groupby(["intermediate", "target"])["language"].agg(set).to_dict()
    assert languages == {(i, t): {"en", "de"} for i in ("none", "reviews@de") for t in ("reviews", "xnli")}


def test_its_scores_stand_on_its_examples(done: Experiment):
    scores = pd.read_csv(done.reports / "scores.csv")
    assert (scores["n"] == EXAMPLES).all()
    assert scores["value"].between(0, 100).all()


def test_rows_that_the_configuration_leaves_out_are_counted(described: Experiment):
    manifests = list((described.results / "data").glob("reviews.*/manifest.json"))
    notes = [json.loads(file.read_text()) for file in manifests]
    splits = [
        one for manifest in notes for name, one in manifest.items() if re.fullmatch(r"(train|dev|test)\.\w+", name)
    ]
    assert len(splits) >= 4
    assert all(one["left_out"] == {"with a label that is left out": 1} for one in splits)
    assert all(set(one["labels"]) == {"negative", "positive"} for one in splits)


def test_nothing_runs_again_and_a_word_more_is_read_again(described: Experiment):
    assert described.snakemake("--dry-run").stdout.count("Nothing to be done") == 1
    own = yaml.safe_load(described.file.read_text(encoding="utf-8"))
    own["tasks"]["reviews"]["local"] |= {"title": "Reviews of hotels", "languages": ["zh", "en", "de"]}
    described.file.write_text(yaml.safe_dump(own), encoding="utf-8")
    assert "read_task" not in described.snakemake("--dry-run").stdout
    own["tasks"]["reviews"]["local"]["labels"]["fair"] = "positive"
    described.file.write_text(yaml.safe_dump(own), encoding="utf-8")
    assert "read_task" in described.snakemake("--dry-run").stdout
