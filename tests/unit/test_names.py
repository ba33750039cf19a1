"""Names in a configuration are parsed and composed in one place."""

import pytest

from xstilts.names import path_of, split_and_language, split_name, stages_of


@pytest.mark.parametrize(
    "intermediate, stages",
    [
        ("none", ()),
        ("mnli", ("mnli",)),
        ("squad_v1/mnli", ("squad_v1", "mnli")),
        ("a.b-c/none_of", ("a.b-c", "none_of")),
    ],
)
def test_an_intermediate_is_its_stages_in_order(intermediate: str, stages: tuple[str, ...]):
    assert stages_of(intermediate) == stages


def test_the_stages_of_a_model_make_the_name_of_an_intermediate_again():
    assert path_of(stages_of("squad_v1/mnli")) == "squad_v1/mnli"
    assert path_of(()) == ""


def test_a_split_in_a_language_is_one_name_and_two_again():
    assert split_name("train", "en") == "train.en"
    assert split_and_language("train.en") == ("train", "en")
    assert split_and_language(split_name("dev", "zh-Hant.old")) == ("dev", "zh-Hant.old")
