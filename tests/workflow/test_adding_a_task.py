"""The worked example of docs/adding-a-task.md is added to a copy of the project, and runs there."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from experiments import EXAMPLES, ROOT, experiment

PAGE = (ROOT / "docs/adding-a-task.md").read_text(encoding="utf-8")
REVIEWS = {"en": "The room was {}.", "de": "Das Zimmer war {}.", "zh": "房间很{}。"}


def block(language: str) -> str:
    """The first code block of the page in a language."""
    code, *_ = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return code


@pytest.fixture(scope="module")
def scores(world: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """What comes out when the task is an intermediate and a target."""
    project = tmp_path_factory.mktemp("project")
    for name in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / name, project)
    shutil.copytree(ROOT / "envs", project / "envs")
    shutil.copytree(ROOT / "workflow", project / "workflow", ignore=shutil.ignore_patterns("__pycache__"))
    (project / "workflow/xstilts/tasks/reviews.py").write_text(block("python"), encoding="utf-8")

    mine = experiment(world("reviews"), "mine", ["none", "reviews"], ["reviews", "xnli"])
    for split in ("train", "dev", "test"):
        for lang, review in REVIEWS.items():
            rows = [f"{review.format(n)}\t{'positive' if n % 2 else 'negative'}" for n in range(2 * EXAMPLES)]
            file = mine.folder / "data/reviews" / f"{split}.{lang}.tsv"
            file.parent.mkdir(exist_ok=True)
            file.write_text("\n".join(["text\tlabel", *rows, ""]), encoding="utf-8")
    own, page = yaml.safe_load(mine.file.read_text(encoding="utf-8")), yaml.safe_load(block("yaml"))
    own["stages"] |= page["stages"]
    own["tasks"] |= page["tasks"]
    mine.file.write_text(yaml.safe_dump(own), encoding="utf-8")

    snakemake = Path(sys.executable).parent / "snakemake"
    places = ["--snakefile", project / "Snakefile", "--directory", mine.folder, "--configfile", mine.file]
    run = subprocess.run([snakemake, *places, "--cores", "2"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return pd.read_csv(mine.reports / "scores.csv")


def test_the_task_file_is_short():
    assert block("python").count("\n") < 60


def test_it_is_an_intermediate_and_a_target_in_every_language_asked_for(scores: pd.DataFrame):
    cells = scores[["intermediate", "target", "language"]].drop_duplicates()
    languages = cells.groupby(["intermediate", "target"])["language"].agg(set).to_dict()
    expected = {(i, t): {"en", "de"} for i in ("none", "reviews") for t in ("reviews", "xnli")}
    assert languages == expected


def test_its_scores_stand_on_its_examples(scores: pd.DataFrame):
    assert (scores["n"] == EXAMPLES).all()
    assert scores["value"].between(0, 100).all()
