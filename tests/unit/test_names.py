"""Names in a configuration are parsed and composed in one place."""

import pytest

from xstilts.languages import LANGUAGES
from xstilts.names import (
    Reference,
    languages_of,
    looks_like_language,
    names_of,
    of_source,
    path_of,
    reference,
    shortened,
    split_and_language,
    split_name,
    stages_of,
)


@pytest.mark.parametrize(
    "intermediate, stages",
    [
        ("none", ()),
        ("mnli", ("mnli",)),
        ("squad_v1/mnli", ("squad_v1", "mnli")),
        ("a.b-c/none_of", ("a.b-c", "none_of")),
        ("squad_v1/mnli@de+zh", ("squad_v1", "mnli@de+zh")),
    ],
)
def test_an_intermediate_is_its_stages_in_order(intermediate: str, stages: tuple[str, ...]):
    assert stages_of(intermediate) == stages


def test_the_stages_of_a_model_make_the_name_of_an_intermediate_again():
    assert path_of(stages_of("squad_v1/mnli")) == "squad_v1/mnli"
    assert path_of(()) == ""


@pytest.mark.parametrize(
    "text, name, languages",
    [
        ("mnli", "mnli", ()),
        ("mnli@de", "mnli", ("de",)),
        ("mnli@zh+de", "mnli", ("zh", "de")),
        ("mnli@all", "mnli", ("all",)),
        ("tlm@de-en", "tlm", ("de-en",)),
        ("a.b-c_1@low.group", "a.b-c_1", ("low.group",)),
    ],
)
def test_a_name_may_have_languages(text: str, name: str, languages: tuple[str, ...]):
    assert reference(text, groups=["low.group"]) == Reference(name, languages)
    assert str(reference(text, groups=["low.group"])) == text


@pytest.mark.parametrize(
    "text, languages, modifiers",
    [
        ("mnli+freelb", (), ("freelb",)),
        ("mnli@de+freelb", ("de",), ("freelb",)),
        ("mnli@zh+de+fgm", ("zh", "de"), ("fgm",)),
        ("mnli@all+pgd", ("all",), ("pgd",)),
        ("tlm@de-en+noise", ("de-en",), ("noise",)),
        ("mnli@close+freelb", ("close",), ("freelb",)),
        ("xnli+typos10", (), ("typos10",)),
        ("pawsx@de+typos10+mixed_language", ("de",), ("typos10", "mixed_language")),
    ],
)
def test_modifiers_follow_the_languages(text: str, languages: tuple[str, ...], modifiers: tuple[str, ...]):
    found = reference(text, groups=["close"])
    assert (found.languages, found.modifiers) == (languages, modifiers)
    assert str(found) == text


def test_no_language_of_the_table_looks_like_a_modifier():
    assert all(map(looks_like_language, LANGUAGES))


@pytest.mark.parametrize(
    "text, problem",
    [
        ("mnli@", "'mnli@' is not a name"),
        ("@de", "'@de' is not a name"),
        ("mnli@de+", "'mnli@de.' is not a name"),
        ("mnli@de@zh", "is not a name"),
        ("mnli+de", "has a language after '.'; write mnli@de"),
        ("MNLI", "is not a name"),
        ("mnli@freelb", "'freelb' in 'mnli@freelb' is neither the code of a language nor one of language_groups"),
        ("mnli@freelb+de", "has a language after 'freelb', which is none; write mnli@de.freelb"),
        ("mnli+freelb+freelb", "has the modifier 'freelb' twice"),
        ("mnli@+freelb", "is not a name"),
        ("mnli+freelb@de", "is not a name"),
        ("mnli@de,zh", "is not a name"),
        ("mnli @de", "is not a name"),
        ("", "'' is not a name"),
        ("mnli@de+zh+de", "has the language 'de' twice"),
    ],
)
def test_other_texts_are_not_names(text: str, problem: str):
    with pytest.raises(ValueError, match=problem):
        reference(text)


def test_more_than_three_languages_stand_as_their_number_in_paths():
    assert reference("mnli@de+es+zh").in_path == "mnli@de+es+zh"
    assert reference("mnli@de+es+fr+zh").in_path == "mnli@4langs"
    assert reference("mnli@de+es+fr+zh+freelb").in_path == "mnli@4langs+freelb"
    assert reference("mnli@all").in_path == "mnli@all"
    assert reference("mnli").in_path == "mnli"
    assert shortened("squad_v1/mnli@de+es+fr+zh") == "squad_v1/mnli@4langs"


def test_a_source_takes_the_place_of_its_placeholder():
    assert of_source("squad_v1@{source}/mnli@{source}+en", "de") == "squad_v1@de/mnli@de+en"


def test_a_split_in_a_language_is_one_name_and_two_again():
    assert split_name("train", "en") == "train.en"
    assert split_and_language("train.en") == ("train", "en")
    assert split_and_language(split_name("dev", "zh-Hant.old")) == ("dev", "zh-Hant.old")


def test_the_languages_of_a_split_are_in_the_order_of_its_names():
    files = ["train.zh", "train.de", "dev.en"]
    assert names_of(files, "train") == ["train.zh", "train.de"]
    assert languages_of(files, "train") == ["zh", "de"]
    assert languages_of(files, "dev") == ["en"]
    assert languages_of(files, "test") == []
