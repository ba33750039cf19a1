"""Stages with masked language modelling in a configuration: what is refused before any job, and what jobs depend on."""

import pytest
from grids import Words

from xstilts.checks import check
from xstilts.config import Config, ConfigError, parse
from xstilts.grid import Grid
from xstilts.steps.entry import Entry

MIXED = {"tasks": ["mnli", "mlm"]}


def config(intermediate: str = "mixed", **stages: dict) -> Config:
    return parse(
        {
            "grid": {"encoders": ["small"], "intermediates": [intermediate], "targets": ["xnli"]},
            "encoders": {"small": {"pretraining": {}}},
            "stages": stages,
        }
    )


def refused(intermediate: str = "mixed", **stages: dict) -> str:
    with pytest.raises(ConfigError) as error:
        check(config(intermediate, **stages))
    return str(error.value)


def weights(**given: float) -> dict:
    return {"sampling": {"strategy": "weights", "weights": given}}


def test_a_weight_of_a_task_that_the_stage_does_not_have_is_refused():
    message = refused(mixed=MIXED | weights(mnli=0.8, mlm=0.1, tlm=0.1))
    assert "'stages.mixed.sampling.weights': stage 'mixed' does not train on this task; found 'tlm'" in message
    assert "allowed: mnli, mlm" in message


def test_a_task_without_weight_is_refused():
    message = refused(mixed=MIXED | weights(mnli=0.8))
    assert (
        "'stages.mixed.sampling.weights': the tasks mlm of stage 'mixed' have no weight; found {'mnli': 0.8}" in message
    )


@pytest.mark.parametrize(
    "sampling", [{"strategy": "weights"}, {"weights": {"mnli": 1}}, {"strategy": "uniform", "weights": {"mnli": 1}}]
)
def test_weights_and_their_strategy_are_given_together(sampling):
    with pytest.raises(ConfigError, match="the strategy 'weights' requires 'weights'"):
        config(mixed=MIXED | {"sampling": sampling})


@pytest.mark.parametrize("weight", [0, -1])
def test_weights_are_positive(weight):
    with pytest.raises(ConfigError, match="greater than 0"):
        config(mixed=MIXED | weights(mnli=1, mlm=weight))


@pytest.mark.parametrize(
    "name, stage", [("mlm", {}), ("tlm", {"languages": ["de-en"]}), ("both", {"tasks": ["mlm"], "epochs": 9})]
)
def test_a_stage_that_only_predicts_words_needs_a_number_of_steps(name, stage):
    assert f"'stages.{name}.steps': stage {name!r} only trains on plain text" in refused(name, **{name: stage})
    check(config(name, **{name: stage | {"steps": 100}}))


def test_losses_and_scores_do_not_select_a_checkpoint_together():
    message = refused(mixed=MIXED | {"select_by": ["mnli", "mlm"]})
    assert "'stages.mixed.select_by': masked language modelling has a loss, which cannot be averaged" in message
    for one in ("mnli", "mlm"):
        check(config(mixed=MIXED | {"select_by": [one]}))


def test_a_checkpoint_is_selected_by_tasks_of_the_stage():
    message = refused(mixed=MIXED | {"select_by": ["squad_v1"]})
    assert "'stages.mixed.select_by': stage 'mixed' does not train on this task; found 'squad_v1'" in message
    assert "is listed twice" in refused(mixed=MIXED | {"select_by": ["mnli", "mnli"]})


@pytest.mark.parametrize("languages", [["de-en"], ["xx"], ["en", "de-en"]])
def test_plain_text_is_in_a_language_of_the_table(languages):
    message = refused("mlm", mlm={"steps": 9, "languages": languages})
    assert (
        f"'stages.mlm.languages': task 'mlm' has no training data in this language; found {languages[-1]!r}" in message
    )


@pytest.mark.parametrize("pair", ["de", "de-de", "de-xx", "de-en-fr", "de-", "-de"])
def test_parallel_text_is_in_a_pair_of_two_languages_of_the_table(pair):
    message = refused("tlm", tlm={"steps": 9, "languages": [pair]})
    assert f"task 'tlm' is trained on pairs of languages, such as tlm@de-en; found {pair!r}" in message
    check(config("tlm", tlm={"steps": 9, "languages": ["sw-yo", "de-en"]}))


def test_names_give_languages_to_plain_text():
    found = trained("both@de+zh", both={"tasks": ["mnli@en", "mlm"], "steps": 9})
    files = {task: found["both@de+zh",].inputs[f"data.{task}"].spec["files"] for task in ("mnli", "mlm")}
    assert {task: sorted(names) for task, names in files.items()} == {
        "mnli": ["dev.en", "train.en"],
        "mlm": ["dev.de", "dev.zh", "train.de", "train.zh"],
    }


def test_a_pair_of_languages_is_part_of_a_name():
    found = trained("tlm@en-hi+de-en", tlm={"steps": 9, "languages": ["de-en"]})
    (stages,) = [stages for stages in found if len(stages) == 1 and stages[0].startswith("tlm")]
    assert stages == ("tlm@de-en+en-hi",)
    assert sorted(found[stages].inputs["data.tlm"].spec["files"])[:2] == ["dev.de-en", "dev.en-hi"]


def test_the_dev_data_of_parallel_text_are_its_own_pairs():
    found = trained("tlm", tlm={"steps": 9, "languages": ["de-sw"], "select_on": "en"})
    assert sorted(found["tlm",].inputs["data.tlm"].spec["files"]) == ["dev.de-sw", "train.de-sw"]


def trained(intermediate: str, **stages: dict) -> dict[tuple[str, ...], Entry]:
    """The trainings, by the stages of their model."""
    entries = Grid(config(intermediate, **stages), Words()).entries.values()
    return {entry.about.stages: entry for entry in entries if entry.step == "train_stage"}


def test_a_stage_that_follows_another_one_takes_its_head_from_the_pretrained_encoder():
    found = trained("mnli/words", words={"tasks": ["mlm"], "steps": 9})
    assert found["mnli", "words"].inputs.keys() >= {"parent", "encoder"}
    assert found["mnli", "words"].inputs["encoder"].step == "pretrain_encoder"
    assert "encoder" not in found["mnli", "words", "mnli"].inputs
    assert "parent" not in found["mnli",].inputs


def test_a_new_head_needs_no_pretrained_encoder():
    found = trained("mnli/words", words={"tasks": ["mlm"], "steps": 9, "head": "new"})
    assert "encoder" not in found["mnli", "words"].inputs


def test_the_spec_of_a_stage_has_the_settings_that_its_tasks_use():
    changed = {"language_exponent": 0.5, "head": "new"}
    found = trained("words", words={"tasks": ["mlm"], "steps": 9, **changed}, mnli=changed)
    own = {name: entry.spec["stage"].keys() for name, entry in found.items()}
    assert own["words",] >= {"steps", *changed}
    assert not own["words", "mnli"] & {"steps", "select_by", *changed}


def test_token_ids_of_pairs_of_languages_have_a_split_each():
    found = trained("tlm", tlm={"steps": 9, "languages": ["de-en", "en-hi"]})
    data = found["tlm",].inputs["data.tlm"]
    assert sorted(data.spec["files"]) == ["dev.de-en", "dev.en-hi", "train.de-en", "train.en-hi"]
