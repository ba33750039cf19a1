"""Targets of one model are predicted by one job: the same files, and whatever fails or dies costs no other target."""

import json
import os
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from experiments import ROOT, Experiment, attempt, counts, experiment
from xstilts import bundles
from xstilts.jobs import predict
from xstilts.models import encoders
from xstilts.models.finite import NotFiniteError
from xstilts.prediction import forward
from xstilts.runtime.termination import Terminated
from xstilts.steps.entry import Entry
from xstilts.store import drafts
from xstilts.store.entries import finished

TARGETS = ["xquad", "mlqa", "bucc2018", "tatoeba"]


@pytest.fixture(scope="module")
def done(world: Callable[[str], Path]) -> Experiment:
    """Four targets of two models after a run: the encoder itself, and one that was trained on SQuAD."""
    run = attempt(experiment(world("bundles"), "bundles", ["none"], TARGETS))
    assert run.status == 0, run.printed
    assert counts(run.printed)["predict"] == 2
    return run.experiment


@pytest.fixture
def here(done: Experiment, tmp_path: Path) -> Experiment:
    """The finished experiment in a folder of its own."""
    folder = shutil.copytree(done.folder, tmp_path / "here", copy_function=shutil.copyfile)
    shutil.rmtree(folder / ".snakemake")
    return experiment(folder, "bundles", ["none"], TARGETS)


def predictions(mine: Experiment, *targets: str) -> list[Entry]:
    found = {cell.target: cell.predictions for cell in mine.grid().cells}
    return [found[target] for target in targets]


def lose(mine: Experiment, *targets: str) -> None:
    """Delete predictions, their scores, and all reports."""
    for entry in predictions(mine, *targets):
        shutil.rmtree(mine.results / entry.path)
    shutil.rmtree(mine.results / "experiments")


def texts(mine: Experiment, entries: Iterable[Entry]) -> dict[str, bytes]:
    """The contents of the files of predictions, without their manifests."""
    folders = [mine.results / entry.path for entry in entries]
    files = [file for folder in folders for file in [folder / "spec.json", *folder.glob("predictions/*/*")]]
    return {str(file.relative_to(mine.results)): file.read_bytes() for file in files}


def job(mine: Experiment, *targets: str) -> None:
    """Run the job of a bundle in this process, for these targets."""
    paths = [entry.path for entry in predictions(mine, *targets)]
    found = bundles.of_grid(mine.grid()).values()
    (path,) = (one.path for one in found if paths[0] in [entry.path for entry in one.predictions])
    (config,) = (mine.results / "configs").iterdir()
    predict.run(Namespace(config=config, entry=path, predictions=paths))


def is_made(mine: Experiment, target: str) -> bool:
    return finished(mine.results, predictions(mine, target)[0])


# One job, the same files


def test_after_a_run_there_are_no_markers(done: Experiment):
    assert not (done.results / "bundles").exists()


def test_each_prediction_has_its_own_time(done: Experiment):
    manifests = [json.loads((done.results / one.manifest).read_bytes()) for one in predictions(done, *TARGETS)]
    assert all(one["measured"]["seconds"] > 0 and one["measured"]["examples"] > 0 for one in manifests)


@pytest.mark.parametrize("targets", [["xquad", "mlqa"], ["bucc2018", "tatoeba"]], ids="+".join)
def test_targets_that_are_predicted_alone_have_the_same_bytes(here: Experiment, targets: list[str]):
    entries = predictions(here, *targets)
    before = texts(here, entries)
    for entry in entries:
        shutil.rmtree(here.results / entry.path)
        command = [sys.executable, "-m", "xstilts", "predict", entry.path, "--config", here.file, "--log", "log"]
        config = json.dumps(json.loads(next((here.results / "configs").iterdir()).read_bytes()))
        here.file.write_text(config, encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
        subprocess.run(command, cwd=here.folder, env=environment, check=True)
    assert len(before) > len(entries)
    assert texts(here, entries) == before


def test_the_model_is_loaded_once_for_targets_that_need_the_same(here: Experiment, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(here.folder)
    loaded = []
    for name in ("load_model", "load_encoder"):
        load = getattr(encoders, name)
        monkeypatch.setattr(encoders, name, lambda *given, name=name, load=load: [loaded.append(name), load(*given)][1])
    lose(here, *TARGETS)
    job(here, "xquad", "mlqa")
    assert loaded == ["load_model"]
    job(here, "bucc2018", "tatoeba")
    assert loaded == ["load_model", "load_encoder"]


def test_a_lost_prediction_is_made_again_by_a_job_of_its_name_and_nothing_is_trained(here: Experiment):
    lose(here, "mlqa")
    printed = here.snakemake("--dry-run").stdout
    found = counts(printed)
    assert "train_stage" not in found
    assert found["predict"] == found["score"] == 1
    assert f"wildcards: entry={predictions(here, 'mlqa')[0].path}\n" in printed


# Failures


def test_a_target_that_fails_does_not_stop_the_others(here: Experiment, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(here.folder)
    decoded = forward.decoded

    def fails(model, kind, task, *given, **more):
        if task.name == "xquad":
            raise NotFiniteError("xquad, en: not finite")
        return decoded(model, kind, task, *given, **more)

    monkeypatch.setattr(forward, "decoded", fails)
    lose(here, "xquad", "mlqa")
    (failing,) = predictions(here, "xquad")
    with pytest.raises(Exception, match=rf"^1 of 2 predictions failed: {failing.path}: xquad, en: not finite$"):
        job(here, "xquad", "mlqa")
    assert not is_made(here, "xquad")
    assert is_made(here, "mlqa")
    assert not (here.results / "bundles").exists()


def test_what_is_predicted_when_a_job_is_stopped_stays_and_is_not_predicted_again(
    here: Experiment, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(here.folder)
    lose(here, "xquad", "mlqa")
    write, written = predict.xtreme_files.write, []

    def stopped(file: Path, *given):
        written.append(file.parent.name)
        if written[-1] == "mlqa" and not resumed:
            raise Terminated("SIGTERM")
        write(file, *given)

    resumed: list[bool] = []
    monkeypatch.setattr(predict.xtreme_files, "write", stopped)
    with pytest.raises(Terminated):
        job(here, "xquad", "mlqa")
    assert is_made(here, "xquad")
    assert not list((here.results / predictions(here, "mlqa")[0].path).glob("*"))
    written.clear()
    resumed.append(True)
    job(here, "xquad", "mlqa")
    assert set(written) == {"mlqa"}
    assert is_made(here, "mlqa")


def test_the_target_with_which_a_job_was_killed_comes_last(here: Experiment, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(here.folder)
    lose(here, "xquad", "mlqa")
    xquad, mlqa = predictions(here, "xquad", "mlqa")
    # A killed job removes nothing.
    drafts.scratch(here.results, xquad, f"{drafts.DRAFT}.4711").mkdir(parents=True)
    job(here, "xquad", "mlqa")
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("cells/")] == [
        mlqa.path,
        xquad.path,
    ]


def test_a_target_whose_files_are_missing_costs_no_other_of_the_same_model(here: Experiment):
    lose(here, "bucc2018", "tatoeba")
    shutil.rmtree(here.folder / "data" / "bucc2018")
    run = attempt(here)
    assert run.status != 0
    assert is_made(here, "tatoeba")
    assert "1 job failed; missing cells as a result: 1 of 4" in run.printed
    assert "further missing cells" not in run.printed


def test_a_target_with_a_bad_row_costs_the_others_one_more_run_and_the_end_of_the_first_says_so(here: Experiment):
    lose(here, "xquad", "mlqa")
    (file,) = (here.folder / "data" / "mlqa").rglob("test-context-de-question-de.json")
    content = json.loads(file.read_text(encoding="utf-8"))
    content["data"][0]["paragraphs"][0]["qas"][0]["answers"][0]["answer_start"] = 99_999
    file.write_text(json.dumps(content), encoding="utf-8")
    first = attempt(here)
    assert not is_made(here, "xquad")
    assert "1 job failed; missing cells as a result: 1 of 4" in first.printed
    assert "by the same jobs; the next run computes them: 1" in first.printed
    second = attempt(here)
    assert is_made(here, "xquad")
    assert "further missing cells" not in second.printed


# Markers and nodes


@pytest.fixture
def bundle(here: Experiment) -> str:
    """The path of the bundle of XQuAD and MLQA, of which nothing is there but an old marker."""
    lose(here, "xquad", "mlqa")
    (path,) = (path for path in bundles.of_grid(here.grid()) if "/squad_v1~" in path)
    (here.results / path).mkdir(parents=True)
    (here.results / path / "manifest.json").write_text("{}")
    return path


def test_an_old_marker_stands_for_no_predictions(here: Experiment, bundle: str):
    assert f"wildcards: entry={bundle}\n" in here.snakemake("--dry-run").stdout
    run = attempt(here)
    assert run.status == 0, run.printed
    assert counts(run.printed)["predict"] == 1
    assert run.finished == run.entries.keys()
    assert not (here.results / "bundles").exists()


def test_a_node_makes_what_is_missing_of_a_bundle_and_leaves_its_marker(here: Experiment, bundle: str):
    started = ["--mode", "remote", "--target-jobs", f"predict:entry={bundle}", "--force"]
    marker = here.results / bundle / "manifest.json"
    marker.unlink()
    assert here.snakemake(*started).returncode == 0
    assert is_made(here, "xquad")
    assert is_made(here, "mlqa")
    assert marker.exists()
    # The cluster restarts the job that had made everything but its marker, and then another that had made one target.
    (mlqa,) = predictions(here, "mlqa")
    for lost in (marker, here.results / mlqa.manifest):
        before = texts(here, predictions(here, "xquad"))
        lost.unlink()
        assert here.snakemake(*started).returncode == 0
        assert is_made(here, "mlqa")
        assert marker.exists()
        assert texts(here, predictions(here, "xquad")) == before
