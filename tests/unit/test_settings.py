"""Blocks of settings are written to specs and read back."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import ValidationError

from xstilts.config import Count, Positive
from xstilts.config.settings import NOT_IN_SPECS, InSpecs, Settings


class Curve(Settings):
    """Every setting that decides something has a neutral value."""

    form: Annotated[Literal["line", "arc"], InSpecs("shape", neutral="line")] = "arc"
    bend: Annotated[Positive | None, InSpecs(neutral=None)] = None
    threads: Annotated[Count, NOT_IN_SPECS] = 1


class Head(Settings):
    """One of its settings was there from the beginning."""

    size: Count = 8
    bias: Annotated[bool | Count, InSpecs(neutral=False)] = True
    curve: Curve = Curve(form="line")


class Model(Settings):
    """A setting of every sort; few defaults are neutral."""

    rate: Positive = 0.5
    scale: Annotated[Positive, InSpecs(neutral=1)] = 2.0
    langs: Annotated[tuple[str, ...], InSpecs("languages", neutral=("en",))] = ("en", "de")
    folder: Path | None = None
    head: Annotated[Head, InSpecs("top")] = Head()
    side: Annotated[Head | None, InSpecs(neutral=None)] = None
    path: Annotated[Curve, InSpecs(neutral=Curve(form="arc", bend=2))] = Curve()
    heads: Annotated[tuple[Head, ...], InSpecs(neutral=())] = ()
    gpus: Annotated[Count, NOT_IN_SPECS] = 1


LINE, ARC = Curve(form="line"), Curve(form="arc", bend=2)
NEUTRAL: dict[str, Any] = {"scale": 1, "langs": ("en",), "path": ARC, "head": Head(bias=False)}
"""The values of `Model` of which no spec says anything."""
BARE = {"rate": 0.5, "folder": None, "top": {"size": 8}}
"""What a spec says then."""

SAID = {
    "neutral values": ({}, {}),
    "another value": ({"scale": 3}, {"scale": 3.0}),
    "another name": ({"langs": ("de", "en")}, {"languages": ["de", "en"]}),
    "no items where some are neutral": ({"langs": ()}, {"languages": []}),
    "a path": ({"folder": Path("a/b")}, {"folder": "a/b"}),
    "true where false is neutral": ({"head": Head(bias=True)}, {"top": {"size": 8, "bias": True}}),
    "1 where false is neutral": ({"head": Head(bias=1)}, {"top": {"size": 8, "bias": 1}}),
    "a neutral block in a block": ({"head": Head(size=4, bias=False, curve=LINE)}, {"top": {"size": 4}}),
    "a block of which a part is neutral": (
        {"head": Head(bias=False, curve=Curve(form="line", bend=3))},
        {"top": {"size": 8, "curve": {"bend": 3.0}}},
    ),
    "a block in a block with a name of its own": (
        {"head": Head(bias=False, curve=Curve(form="arc"))},
        {"top": {"size": 8, "curve": {"shape": "arc"}}},
    ),
    "a block where null is neutral": ({"side": Head(bias=False)}, {"side": {"size": 8}}),
    "a block whose parts are neutral where another is": ({"path": LINE}, {"path": {}}),
    "a part of the neutral block": ({"path": Curve(form="arc")}, {"path": {"shape": "arc"}}),
    "blocks in a list": (
        {"heads": (Head(bias=False), Head(size=4, curve=ARC))},
        {"heads": [{"size": 8}, {"size": 4, "bias": True, "curve": {"shape": "arc", "bend": 2.0}}]},
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_a_spec_says_what_is_not_neutral_by_the_names_there(case: str):
    changes, more = SAID[case]
    assert json.loads(json.dumps(Model(**NEUTRAL | changes).in_specs())) == BARE | more


@pytest.mark.parametrize("case", SAID)
def test_what_a_spec_says_is_ready_for_json(case: str):
    said = Model(**NEUTRAL | SAID[case][0]).in_specs()
    assert json.loads(json.dumps(said)) == said


@pytest.mark.parametrize("case", SAID)
def test_settings_are_read_back_from_a_spec_with_neutral_values_and_not_with_defaults(case: str):
    changes, more = SAID[case]
    assert Model.of_spec(BARE | more) == Model(**NEUTRAL | changes)


def test_true_and_one_are_not_taken_for_each_other():
    one, true = Head.of_spec({"size": 8, "bias": 1}).bias, Head.of_spec({"size": 8, "bias": True}).bias
    assert (one, true) == (1, True)
    assert [type(value) for value in (one, true)] == [int, bool]


def test_two_settings_of_one_type_may_have_neutral_values_that_python_takes_for_equal():
    class Both(Settings):
        first: Annotated[bool | int, InSpecs(neutral=0)] = 5
        second: Annotated[bool | int, InSpecs(neutral=False)] = 5

    said = [Both(first=value, second=value).in_specs() for value in (0, False)]
    assert [list(one) for one in said] == [["second"], ["first"]]


def test_a_default_that_is_not_neutral_stands_in_specs():
    assert Model().in_specs() == {
        "rate": 0.5,
        "scale": 2.0,
        "languages": ["en", "de"],
        "folder": None,
        "top": {"size": 8, "bias": True},
        "path": {"shape": "arc"},
    }


def test_a_block_is_neutral_whatever_it_says_that_stands_in_no_spec():
    assert Model(**NEUTRAL | {"path": Curve(form="arc", bend=2, threads=9)}, gpus=4).in_specs() == BARE
    assert Head(curve=Curve(form="line", threads=9)).in_specs() == {"size": 8, "bias": True}


def test_what_a_spec_leaves_out_and_has_no_neutral_value_has_its_default():
    assert Model.of_spec({}) == Model(**NEUTRAL | {"head": Head()})


def test_some_settings_alone_or_all_but_some_stand_in_a_spec():
    model = Model(langs=("de",))
    assert model.in_specs(only=("langs", "rate")) == {"rate": 0.5, "languages": ["de"]}
    assert model.in_specs(without=("head", "path", "folder", "scale")) == {"rate": 0.5, "languages": ["de"]}
    assert model.in_specs(only=("langs", "rate"), without=("rate",)) == {"languages": ["de"]}
    assert model.in_specs(only=()) == {}


@pytest.mark.parametrize("chosen", [{"only": ("top", "languages", "rate")}, {"without": ("languages", "top")}])
def test_settings_are_chosen_by_their_names_in_the_configuration(chosen: dict):
    with pytest.raises(KeyError, match="Model has no setting languages, top"):
        Model().in_specs(**chosen)


@pytest.mark.parametrize(
    ("values", "unknown"),
    [
        ({"rat": 0.5}, "rat"),
        ({"langs": ["en"]}, "langs"),
        ({"gpus": 1}, "gpus"),
        ({"top": {"size": 8, "curve": {"form": "arc"}}}, "form"),
        ({"heads": [{"siz": 8}]}, "siz"),
    ],
)
def test_a_key_of_a_spec_that_stands_for_no_setting_is_an_error(values: dict, unknown: str):
    with pytest.raises(ValidationError, match=f"unknown settings in a spec: {unknown}"):
        Model.of_spec(values)


def test_a_value_of_a_spec_that_is_not_allowed_is_an_error():
    with pytest.raises(ValidationError, match="greater than 0"):
        Model.of_spec({"rate": 0})


def test_the_configuration_has_its_own_names_and_defaults():
    assert Model(langs=["de"], head={"curve": {"form": "arc"}}).head.curve.form == "arc"
    with pytest.raises(ValidationError, match="languages"):
        Model(languages=["de"])
    assert Model().scale == 2.0


def test_blocks_of_one_setting_may_have_names():
    class Named(Settings):
        heads: dict[str, Head] = {}  # noqa: RUF012
        count: Annotated[Count, InSpecs("number")] = 3

    settings = Named(heads={"bias": Head(bias=False)})
    said = {"heads": {"bias": {"size": 8}}, "number": 3}
    assert settings.in_specs() == said
    assert Named.of_spec(said) == settings
    assert Named.of_spec({}) == Named()
    assert Named.in_config(said) == {"heads": {"bias": {"size": 8}}, "count": 3}


# What people read


def test_what_a_spec_says_is_shown_by_the_names_of_the_configuration():
    said = {"languages": ["de"], "top": {"size": 4, "curve": {"shape": "arc"}}}
    assert Model.in_config(said) == {"langs": ["de"], "head": {"size": 4, "curve": {"form": "arc"}}}


def test_what_a_spec_leaves_out_is_shown_with_its_neutral_value():
    assert Model.in_config({"rate": 0.5, "top": {"size": 4}}, neutral=True) == {
        "rate": 0.5,
        "scale": 1.0,
        "langs": ["en"],
        "head": {"size": 4, "bias": False, "curve": {"form": "line", "bend": None}},
        "side": None,
        "path": {"form": "arc", "bend": 2.0},
        "heads": [],
    }


def test_what_a_spec_of_another_version_says_is_shown_as_it_is():
    assert Model.in_config({"gone": 1, "top": None, "path": {"gone": 2}}) == {
        "head": None,
        "path": {"gone": 2},
        "gone": 1,
    }


# What is refused when a block is written


def test_two_settings_with_one_name_in_specs_are_refused():
    with pytest.raises(TypeError, match="Twins: length and size have the same name 'size' in specs"):

        class Twins(Settings):
            length: Annotated[int, InSpecs("size")] = 1
            size: int = 1


def test_two_settings_may_swap_their_names():
    class Swapped(Settings):
        one: Annotated[int, InSpecs("two")] = 1
        two: Annotated[int, InSpecs("one")] = 2

    assert Swapped().in_specs() == {"two": 1, "one": 2}
    assert Swapped.of_spec({"two": 1, "one": 2}) == Swapped()


def test_a_neutral_value_that_the_setting_cannot_have_is_refused():
    with pytest.raises(TypeError, match=r"Wrong\.size: the neutral value 0 is not allowed"):

        class Wrong(Settings):
            size: Annotated[Count, InSpecs(neutral=0)] = 1


def test_a_neutral_value_of_a_part_of_a_type_is_refused():
    with pytest.raises(TypeError, match=r"Hidden\.size: InSpecs must annotate the whole type"):

        class Hidden(Settings):
            size: Annotated[int, InSpecs(neutral=1)] | None = None
