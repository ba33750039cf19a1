"""What the tests of the shipped experiments run is what is shipped: a layer over one only makes it smaller."""

from pathlib import Path

import pytest
from questions import LAYERS, NAMES, SHIPPED, read, small

from experiments import ROOT, Experiment
from xstilts.arms import expanded

SIZES = {"rows", "steps", "epochs", "learning_rate", "evaluate_every"}
FOR_THE_ENCODER = {"dropout"}
"""The settings without which the encoder of the tests could not be trained: it has no dropout."""


def test_every_experiment_on_a_question_has_a_layer():
    others = {"miniature", "miniature-full", "sequences-small", "xtreme-scripts"}
    assert {file.stem for file in SHIPPED.glob("*.yaml")} == others | set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_layer_only_leaves_out_arms_and_makes_trainings_short(name: str):
    layer, shipped = read(LAYERS / f"{name}.yaml"), read(SHIPPED / f"{name}.yaml")
    stages = {**read(ROOT / "config.yaml")["stages"], **shipped["stages"]}
    assert layer.keys() <= {"grid", "language_groups", "stages"}
    for key, listed in layer["grid"].items():
        if key != "sequences":
            assert set(listed) < set(shipped["grid"][key])
    for group, languages in layer.get("language_groups", {}).items():
        assert set(languages) < set(shipped["language_groups"][group])
    for stage, settings in layer["stages"].items():
        assert settings.keys() <= SIZES | FOR_THE_ENCODER, stage
        assert stage in stages


def test_the_layer_of_sequences_only_leaves_out_sequences(tmp_path: Path):
    shipped = Experiment(tmp_path, "sequences", (SHIPPED / "sequences.yaml",))
    whole, part = (set(expanded(one.config).grid.intermediates) for one in (shipped, small(tmp_path, "sequences")))
    assert part < whole
