"""What sequences forget, from generated data to the page."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from experiments import Attempt, Experiment, attempt, experiment
from xstilts.paths import MEASURED_SCORES, TRAINING_RECORD

SEQUENCES = ("hellaswag/multitask", "udpos@de/hellaswag")
TASKS = {"hellaswag", "mnli", "squad_v1", "udpos"}


def measuring(folder: Path, name: str, **settings: object) -> Experiment:
    """The sequences before a target without training, so that the models of the sequences have no children."""
    made = experiment(folder, name, ["none", *SEQUENCES], ["tatoeba"])
    config = yaml.safe_load(made.file.read_text(encoding="utf-8"))
    config |= {"forgetting": settings, "keep_models": False}
    config["tasks"] |= {"udpos": {**config["tasks"]["udpos"], "source": "miniature"}}
    made.file.write_text(yaml.safe_dump(config), encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def done(world) -> Attempt:
    found = attempt(measuring(world("forgetting"), "sequences"))
    assert found.status == 0, found.printed
    return found


def probes(done: Attempt) -> dict[str, dict]:
    """What was measured on each model, by its stages."""
    entries = [entry for entry in done.entries.values() if entry.step == "probe"]
    files = {"/".join(one.about.stages): done.experiment.results / one.path / MEASURED_SCORES for one in entries}
    return {stages: json.loads(file.read_bytes()) for stages, file in files.items()}


def test_one_job_for_each_model_and_one_for_the_encoder(done: Attempt):
    assert set(probes(done)) == {"", "hellaswag", "hellaswag/multitask", "udpos@de", "udpos@de/hellaswag"}
    assert all({one["task"] for one in found["probes"].values()} == TASKS for found in probes(done).values())
    assert {stages: set(found["heads"]) for stages, found in probes(done).items()} == {
        "": set(),
        "hellaswag": {"1.hellaswag"},
        "hellaswag/multitask": {"1.hellaswag", "2.mnli", "2.squad_v1"},
        "udpos@de": {"1.udpos"},
        "udpos@de/hellaswag": {"1.udpos", "2.hellaswag"},
    }


def test_a_head_on_its_own_encoder_has_the_score_of_the_training(done: Attempt):
    trainings = {"/".join(one.about.stages): one for one in done.entries.values() if one.step == "train_stage"}
    compared = 0
    for stages, found in probes(done).items():
        if stages:
            record = json.loads((done.experiment.results / trainings[stages].path / TRAINING_RECORD).read_bytes())
            (best,) = (one for one in record["evaluations"] if one["step"] == record["best"]["step"])
            own = {name: one for name, one in found["heads"].items() if name.startswith(f"{stages.count('/') + 1}.")}
            assert {one["task"]: one["score"] for one in own.values()} == {
                task: best[task] for task in best.keys() - {"step", "score"}
            }
            compared += len(own)
    assert compared == 5


def test_all_models_are_probed_on_the_same_rows(done: Attempt):
    rows = {
        (name, one["training"]["examples"], *sorted(one["examples"].items()))
        for found in probes(done).values()
        for name, one in found["probes"].items()
    }
    assert len(rows) == len(TASKS)
    assert {row[0]: row[1] for row in rows}["udpos@de 16 mixed"] == 32


def test_the_tables_have_the_scores_of_the_jobs(done: Attempt):
    tables, found = done.experiment.reports / "tables", probes(done)
    heads = pd.read_csv(tables / "tiny.forgetting.hellaswag--multitask.heads.csv", index_col=0)
    assert list(heads.columns)[::3] == ["1 hellaswag", "2 multitask: mnli", "2 multitask: squad_v1"]
    first, last = (found[stages]["heads"]["1.hellaswag"]["score"] for stages in ("hellaswag", "hellaswag/multitask"))
    assert heads["1 hellaswag"].tolist() == pytest.approx([first, last], abs=1e-4)
    assert heads["2 multitask: mnli"].isna().tolist() == [True, False]
    summary = pd.read_csv(tables / "tiny.forgetting.csv", index_col=0)
    assert summary.loc["hellaswag/multitask", "heads: backward"] == pytest.approx(last - first, abs=1e-4)
    assert summary["heads: backward low"].isna().all()
    name = "hellaswag@en 16 mixed"
    none, one, both = (found[stages]["probes"][name]["score"] for stages in ("", "udpos@de", "udpos@de/hellaswag"))
    probed = pd.read_csv(tables / "tiny.forgetting.udpos@de--hellaswag.probes.csv", index_col=0)
    assert probed["2 hellaswag"].tolist() == pytest.approx([none, one, both], abs=1e-4)
    assert summary.loc["udpos@de/hellaswag", "probes: forward"] == pytest.approx(one - none, abs=1e-4)


def test_the_page_has_a_section(done: Attempt):
    text = (done.experiment.reports / "report.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])
    (section,) = (one for one in data["sections"] if one["id"] == "forgetting")
    (part,) = section["parts"]
    assert part["title"] == "tiny"
    assert len(part["tables"]) == 1 + 2 * len(SEQUENCES)
    assert [one["columns"][0] for one in part["tables"]] == ["sequence", *["after"] * 2 * len(SEQUENCES)]
    assert '<h2 id="forgetting-title">' in text


def test_weights_go_once_nothing_is_measured_on_them(done: Attempt):
    left = {
        path.parent.parent.name.partition("~")[0] for path in done.experiment.results.glob("models/**/*.safetensors")
    }
    assert left == {"hellaswag", "udpos@de"}


def test_more_examples_run_the_probe_jobs_of_these_kinds_and_train_what_they_need_again(done: Attempt):
    folder = done.experiment.folder
    found = measuring(folder, "sequences", examples=8).grid()
    changed = {entry.path for entry in found.entries.values()} - done.entries.keys()
    assert {found.entries[path].step for path in changed} == {"probe", "collect", "tables", "figures", "page"}
    assert len([path for path in changed if found.entries[path].step == "probe"]) == 5


def test_a_run_without_measuring_has_the_same_results(done: Attempt):
    made = measuring(done.experiment.folder, "sequences")
    config = yaml.safe_load(made.file.read_text(encoding="utf-8"))
    del config["forgetting"]
    made.file.write_text(yaml.safe_dump(config), encoding="utf-8")
    without = made.grid().entries
    reports = ("collect", "tables", "figures", "page")
    assert {one.path for one in done.entries.values() if one.step not in (*reports, "probe")} <= without.keys()
    assert {one.step for one in without.values()} == {one.step for one in done.entries.values()} - {"probe"}
