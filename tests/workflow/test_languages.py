"""Stages in other languages, from the names in a configuration to the scores."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from experiments import Attempt, attempt, experiment


@pytest.fixture(scope="module")
def run(world: Callable[[str], Path]) -> Attempt:
    """PAWS-X trained on two languages in turn, after NLI in the same language or in several that share its data."""
    intermediates = ["none", "mnli@{source}", "mnli@zh+de", "mnli@many"]
    made = experiment(world("languages"), "languages", intermediates, ["pawsx@{source}", "short"])
    raw = yaml.safe_load(made.file.read_text(encoding="utf-8"))
    raw["grid"]["sources"] = ["en", "de", "fi"]
    raw |= {"language_groups": {"many": ["de", "en", "es", "ru", "zh"]}, "fork_server": True}
    raw["stages"]["mnli"] |= {"languages_share": "split", "select_on": "en"}
    raw["targets"] = {"short": {"task": "xnli", "stage": "mnli@de", "languages": ["de", "ru"]}}
    made.file.write_text(yaml.safe_dump(raw), encoding="utf-8")
    return attempt(made)


def test_every_planned_cell_is_scored_and_no_other(run: Attempt):
    assert run.status == 0, run.printed
    pairs = {(intermediate, target) for intermediate, target, _, _ in run.experiment.scores()}
    # NLI in a language goes with PAWS-X in that language, and with a target without a source.
    own = {("mnli", "pawsx"), ("mnli@de", "pawsx@de"), ("mnli", "short"), ("mnli@de", "short")}
    always = ("none", "mnli@de+zh", "mnli@de+en+es+ru+zh")
    assert pairs == own | {(name, target) for name in always for target in ("pawsx", "pawsx@de", "short")}


def test_a_target_is_evaluated_in_the_languages_of_its_block(run: Attempt):
    assert {lang for _, target, lang, _ in run.experiment.scores() if target == "short"} == {"de", "ru"}


def test_languages_that_share_parallel_data_make_equal_trainings(run: Attempt):
    models = {stages: run.experiment.results / path for _, stages, _, path in run.experiment.grid().models}
    names = ("mnli", "mnli@de", "mnli@de+zh", "mnli@de+en+es+ru+zh")
    steps = [json.loads((models[name] / "training.json").read_text())["steps"] for name in names]
    # Two epochs of 32 examples in batches of 16.
    assert steps == [4, 4, 4, 4]
    assert "mnli@5langs~" in str(models["mnli@de+en+es+ru+zh"])


def test_one_setting_chooses_the_dev_data_of_every_arm(run: Attempt):
    read = [entry for entry in run.experiment.grid().entries.values() if entry.path.startswith("data/mnli.train")]
    assert {name for entry in read for name in entry.spec["files"] if name.startswith("dev")} == {"dev.en"}


def test_a_source_without_data_is_left_out(run: Attempt):
    assert run.experiment.grid().arms.left_out == (
        "mnli@fi: mnli has no training data in 'fi'",
        "pawsx@fi: pawsx has no training data in 'fi'",
    )
