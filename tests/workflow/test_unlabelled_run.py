"""Test files without labels, as XTREME's download leaves them, beside files that have them: one run, to its end."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from experiments import ROOT, Experiment, attempt, experiment
from xstilts.reporting import gallery

TARGETS = ["xnli", "udpos", "xquad", "tatoeba"]
UNLABELLED = {("xnli", "de"), ("udpos", "de"), ("xquad", "en"), ("xquad", "de")}


@pytest.fixture(scope="module")
def done(world: Callable[[str], Path]) -> Experiment:
    """A run on targets of which one language has no labels, or none has."""
    folder = world("unlabelled")
    split_xnli(folder / "data" / "xnli")
    untag(folder / "data" / "udpos")
    for file in (folder / "data" / "xquad").glob("xquad.*.json"):
        unanswer(file)
    run = attempt(experiment(folder, "unlabelled", ["none"], TARGETS))
    assert run.status == 0, run.printed
    return run.experiment


def split_xnli(folder: Path) -> None:
    """The test set in XTREME's files, that of German without its labels."""
    released = folder / "XNLI-1.0" / "xnli.test.tsv"
    rows = pd.read_csv(released, sep="\t", quoting=3, keep_default_na=False)
    for lang, columns in (("en", 3), ("de", 2)):
        own = rows.loc[rows["language"] == lang, ["sentence1", "sentence2", "gold_label"]].iloc[:, :columns]
        own.to_csv(folder / f"test-{lang}.tsv", sep="\t", header=False, index=False, lineterminator="\r\n")
    released.unlink()


def untag(folder: Path) -> None:
    """The words of the German test treebank, one a line."""
    (treebank,) = folder.glob("UD_German-*/de_*-ud-test.conllu")
    sentences = treebank.read_text(encoding="utf-8").strip().split("\n\n")
    words = [[line.split("\t")[1] for line in lines.splitlines() if line[0] != "#"] for lines in sentences]
    (folder / "test-de.tsv").write_text("\n".join("\n".join(one) + "\n" for one in words), encoding="utf-8")
    treebank.unlink()


def unanswer(file: Path) -> None:
    """The questions with what XTREME leaves of their answers."""
    document = json.loads(file.read_text(encoding="utf-8"))
    for article in document["data"]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                question["answers"] = [{"answer_start": 0, "text": ""}]
    file.write_text(json.dumps(document), encoding="utf-8")


def command(mine: Experiment, *arguments: str) -> subprocess.CompletedProcess:
    """A command on the experiment."""
    given = [sys.executable, "-m", "xstilts", arguments[0], mine.file, *arguments[1:], "--directory", "."]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    environment = {"PYTHONPATH": str(ROOT / "workflow")}
    return subprocess.run(given, cwd=mine.folder, env=environment, text=True, check=False, **pipes)


def test_every_language_is_predicted(done: Experiment):
    for cell in done.grid().cells:
        files = {file.stem for file in done.predictions(cell).iterdir()}
        assert files == {f"test-{lang}" for lang in done.grid().languages(cell.target)}


def test_exactly_the_languages_with_labels_have_scores(done: Experiment):
    scores = pd.read_csv(done.reports / "scores.csv", keep_default_na=False, na_values=[""])
    missing = {(row.target, row.language): pd.isna(row.value) for row in scores.itertuples()}
    assert {key for key, is_missing in missing.items() if is_missing} == UNLABELLED
    assert {(row.target, row.language) for row in scores.dropna().itertuples()} == missing.keys() - UNLABELLED


def test_a_target_of_which_a_language_has_no_labels_is_a_dash_and_so_is_the_mean(done: Experiment):
    row = (done.reports / "tables" / "tiny.md").read_text(encoding="utf-8").splitlines()[-1]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:4] == ["none", "—", "—", "—"]
    assert float(cells[4]) >= 0
    assert cells[5] == "—"


def test_every_report_is_there(done: Experiment):
    grid = done.grid()
    shown = [item.path for item in gallery.tables(grid) + gallery.figures(grid)]
    assert [path for path in shown if not (done.results / path).is_file()] == []
    for name in ("statistics.csv", "report.html", "tables/tiny.paper.tex", "figures/tiny/deltas.pdf"):
        assert (done.reports / name).stat().st_size > 0
    assert "no gold labels in de, en" in (done.reports / "report.html").read_text(encoding="utf-8")


def test_the_table_can_be_asked_for(done: Experiment):
    run = command(done, "table")
    assert run.returncode == 0, run.stdout
    assert "—" in run.stdout


def test_a_submission_of_it_is_refused_for_what_it_lacks_and_not_for_its_labels(done: Experiment):
    run = command(done, "submission", "--cells", "none")
    assert run.returncode != 0
    assert "Traceback" not in run.stdout
    assert "labels" not in run.stdout
    assert "of the submission cannot be written (see above)" in run.stdout
