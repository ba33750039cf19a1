"""`xstilts show` prints what a name stands for, and which block sets what."""

from argparse import ArgumentParser
from pathlib import Path

import pytest
import yaml

from xstilts.commands import show
from xstilts.errors import UserError

MINE = {
    "experiment": "mine",
    "source": "release",
    "grid": {"encoders": ["xlm-roberta-base"], "intermediates": ["none"], "targets": ["xnli", "tatoeba", "own"]},
    "training": {"patience": 7},
    "stages": {
        "hot": {"like": "mnli", "learning_rate": 1e-4},
        "longer": {"tasks": ["mnli"], "epochs": 9, "steps": {"like": "mnli", "times": 3}},
        "mixed": {"tasks": ["panx@de", "udpos"], "select_on": "en"},
        "named": {"tasks": ["mnli"], "objective": "freelb"},
        "noisy": {"tasks": ["mnli"], "objective": {"method": "noise", "epsilon": 0.5}},
        "noisier": {"like": "noisy"},
    },
    "targets": {"own": {"task": "xnli", "stage": "hot"}},
    "objectives": {"freelb": {"epsilon": 0.25}},
}


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(MINE), encoding="utf-8")

    def shown(name: str) -> list[list[str]]:
        """The cells of each printed line."""
        parser = ArgumentParser()
        show.add_arguments(parser)
        show.run(parser.parse_args([str(tmp_path / "mine.yaml"), name]))
        return [
            [cell.strip() for cell in line.strip(" │┃").split("│")] for line in capsys.readouterr().out.splitlines()
        ]

    return shown


def test_each_setting_has_the_block_that_sets_it(shown):
    rows = shown("hot@de")
    for row in (
        ["task", "mnli", "stages.hot.like"],
        ["trained in", "de", "the name"],
        ["selected on", "de", "default"],
        ["learning_rate", "0.0001", "stages.hot"],
        # config.yaml gives MNLI two epochs, and the stage that is like it has them too.
        ["epochs", "2.0", "stages.mnli"],
        ["patience", "7", "training"],
        ["rows", "null", "default"],
        ["sampling.strategy", "proportional", "default"],
    ):
        assert row in rows


@pytest.mark.parametrize("name", ["mnli+freelb", "named", "hot+freelb"])
def test_the_settings_of_a_named_objective_come_from_its_block(shown, name: str):
    rows = shown(name)
    for row in (
        ["objective.method", "freelb", "objectives.freelb"],
        ["objective.epsilon", "0.25", "objectives.freelb"],
        ["objective.norm", "relative", "objectives.freelb"],
    ):
        assert row in rows


@pytest.mark.parametrize("name", ["noisy", "noisier"])
def test_the_settings_of_an_objective_of_a_stage_come_from_the_stage(shown, name: str):
    rows = shown(name)
    assert ["objective.epsilon", "0.5", "stages.noisy"] in rows
    assert ["objective.norm", "relative", "default"] in rows
    assert ["objective", "null", "default"] in shown("hot")


def test_epochs_are_those_of_the_stage_whose_steps_are_counted(shown):
    rows = shown("longer")
    assert ["epochs", "2.0", "stages.longer.steps.like"] in rows
    assert ["steps.times", "3.0", "stages.longer"] in rows


def test_each_task_of_a_mixture_has_its_languages(shown):
    rows = shown("mixed@fi")
    at = rows.index(["task", "panx", "stages.mixed"])
    assert rows[at + 1 : at + 3] == [["trained in", "de", "stages.mixed.tasks"], ["selected on", "en", "stages.mixed"]]
    at = rows.index(["task", "udpos", "stages.mixed"])
    assert rows[at + 1] == ["trained in", "fi", "the name"]


def test_a_path_shows_each_of_its_stages_and_a_target_those_that_follow_the_intermediate(shown):
    assert [row for row in shown("hot/mixed") if len(row) == 1 and row[0] in ("hot", "mixed")] == [["hot"], ["mixed"]]
    assert shown("xnli@de")[0] == ["target xnli@de: xnli, evaluated after mnli@de"]
    assert shown("own")[0] == ["target own: xnli, evaluated after hot"]
    assert shown("tatoeba") == [["target tatoeba: tatoeba, evaluated without training"]]


@pytest.mark.parametrize(
    "name, message",
    [
        (
            "mnlii",
            r"unknown stage or target 'mnlii'; the stages are anli, .*; the targets are own, .*Did you mean 'mnli'",
        ),
        ("mnli@", "'mnli@' is not a name"),
        ("tatoeba@de", "'tatoeba' is not trained"),
    ],
)
def test_a_wrong_name_is_told(shown, name: str, message: str):
    with pytest.raises(UserError, match=message):
        shown(name)
