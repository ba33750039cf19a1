"""Snakemake's own report shows the tables and figures of a finished experiment, and needs no network for it."""

import base64
import html
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from invented_results import invented, of_targets

from experiments import Experiment, experiment
from xstilts.reporting import gallery
from xstilts.reporting.figures import FORMATS, TITLES
from xstilts.steps.entry import Entry
from xstilts.store.drafts import publishing
from xstilts.store.entries import finished

INTERMEDIATES, TARGETS = ("none", "mnli", "squad_v1", "squad_v1/mnli"), ("xnli", "tatoeba")
DRAWN = ("tables", "figures")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """An experiment whose scores and statistics were made up, and whose tables and figures were made from them."""
    mine = experiment(tmp_path_factory.mktemp("reported"), "reported", list(INTERMEDIATES), list(TARGETS))
    results, grid = invented(INTERMEDIATES, TARGETS, (1,), ("en", "de"), encoder="tiny"), mine.grid()
    made = {"scores": results.scores, "trainings": results.trainings, "statistics": results.statistics}
    publish(mine, grid.collected, scores=made["scores"], trainings=made["trainings"])
    for target, table in of_targets(made["statistics"]).items():
        publish(mine, grid.statistics[target], statistics=table)
    for entry in grid.reports:
        if entry.step not in DRAWN:
            with publishing(mine.results, entry) as draft:
                (draft.folder / f"{entry.step}.txt").write_text("made up")
    run = mine.snakemake()
    assert run.returncode == 0, run.stdout
    return mine


def publish(mine: Experiment, entry: Entry, **frames: pd.DataFrame) -> None:
    """Let an entry be finished with some tables."""
    with publishing(mine.results, entry) as draft:
        for stem, frame in frames.items():
            frame.to_parquet(draft.folder / f"{stem}.parquet", index=False)


@pytest.fixture(scope="module")
def report(done: Experiment) -> str:
    """Its report, made after the run."""
    run = done.snakemake("--report", "report.html")
    assert run.returncode == 0, run.stdout
    return (done.folder / "report.html").read_text(encoding="utf-8")


def test_all_figures_and_tables_that_the_report_names_are_files_of_the_run(done: Experiment):
    grid = done.grid()
    assert all(finished(done.results, entry) for entry in grid.reports)
    for item in gallery.tables(grid) + gallery.figures(grid):
        assert (done.results / item.path).is_file()


def test_figures_lie_in_the_folder_of_the_experiment(done: Experiment):
    files = {path.name for path in (done.reports / "figures" / "tiny").iterdir()}
    assert files == {f"{name}.{suffix}" for name in TITLES for suffix in FORMATS}


def test_a_report_changes_nothing(done: Experiment, report: str):
    assert "Nothing to be done" in done.snakemake().stdout


@pytest.mark.parametrize("name", TITLES)
def test_the_report_has_every_figure_with_its_title_and_its_caption(done: Experiment, report: str, name: str):
    picture = (done.reports / "figures" / "tiny" / f"{name}.svg").read_bytes()
    assert base64.b64encode(picture).decode() in report
    assert TITLES[name] in report
    assert first_words(name) in plain(report)


def test_the_report_has_every_table(done: Experiment, report: str):
    for item in gallery.tables(done.grid()):
        assert item.labels["table"] in report
        assert base64.b64encode((done.results / item.path).read_bytes()).decode() in report


def test_the_report_fetches_nothing(report: str):
    fetched = re.findall(r"""<(?:script|link|img|iframe)[^>]*(?:src|href)=["']?(https?:[^"' >]+)""", report)
    assert fetched == []


def test_a_report_of_what_is_not_finished_names_what_is_missing(done: Experiment, tmp_path: Path):
    half = Experiment(Path(shutil.copytree(done.folder, tmp_path / "half", symlinks=True)), done.name)
    shutil.rmtree(half.results / half.grid().figures.path)
    run = half.snakemake("--report", "report.html")
    assert run.returncode != 0
    assert "figures/tiny/deltas.svg" in run.stdout


def first_words(name: str) -> str:
    """The beginning of a caption."""
    captions = Path(__file__).parents[2] / "workflow" / "report"
    return " ".join((captions / f"{name}.rst").read_text(encoding="utf-8").split()[:8])


def plain(text: str) -> str:
    """A page without its escapes and line breaks."""
    return " ".join(html.unescape(text.replace("\\n", " ").replace('\\"', '"')).split())
