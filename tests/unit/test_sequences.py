"""Sequences of stages in every order, or a sample in which each stage is first and last equally often."""

from collections import Counter
from itertools import pairwise, permutations
from math import perm

import pytest
import yaml
from grids import Words

from xstilts.config import ConfigError, parse
from xstilts.grid import Grid
from xstilts.sequences import sample

STAGES = ("mnli", "squad_v1", "hellaswag")


def grid(intermediates: list[str] | None = None, sources: tuple[str, ...] = (), **sequences: object) -> Grid:
    own = {"intermediates": intermediates or ["none"], "sources": [*sources], "sequences": sequences}
    raw = {
        "grid": {"encoders": ["toy"], "targets": ["tatoeba"], **own},
        "encoders": {"toy": {"path": "toy"}},
        "stages": {"german": {"tasks": ["mnli"], "languages": ["de"]}},
    }
    return Grid(parse(yaml.safe_load(yaml.safe_dump(raw))), Words())


def names(*intermediates: str, **more: object) -> list[str]:
    return list(grid([*intermediates], **more).arms.intermediates)


def test_sequences_are_all_orders_of_all_stages_after_the_written_intermediates():
    expected = ["/".join(path) for path in permutations(STAGES)]
    assert names("none", "mnli", of=STAGES) == ["none", "mnli", *expected]


def test_length_is_a_number_or_a_range():
    pairs = ["mnli/squad_v1", "mnli/hellaswag", "squad_v1/mnli", "squad_v1/hellaswag", "hellaswag/mnli"]
    assert names("none", of=STAGES, length=2) == ["none", *pairs, "hellaswag/squad_v1"]
    assert len(names("none", of=STAGES, length="2..3")) == 1 + 6 + 6
    assert names("none", of=STAGES, length="3..3") == names("none", of=STAGES)


def test_a_range_is_no_number_in_yaml():
    assert yaml.safe_load("length: 2..3") == {"length": "2..3"}


def test_what_is_written_is_not_repeated_whatever_its_form():
    assert names("mnli@en/squad_v1", "none", of=STAGES[:2]) == ["mnli/squad_v1", "none", "squad_v1/mnli"]
    assert names("squad_v1/mnli@zh+de", of=["squad_v1", "mnli@de+zh"]) == ["squad_v1/mnli@de+zh", "mnli@de+zh/squad_v1"]


def test_stages_may_have_languages_and_sources():
    found = grid(["none"], ("de", "fr"), of=["mnli@{source}", "german", "squad_v1@es"], length=2)
    assert "german/squad_v1@es" in found.arms.intermediates
    assert {"mnli@de/german", "mnli@fr/german"} <= set(found.arms.intermediates)
    assert len(found.arms.intermediates) == 1 + 2 + 2 * 4


def test_the_models_are_those_of_the_same_intermediates_in_a_list():
    listed = names("none", of=STAGES, length=2)[1:]
    raw = {"grid": {"encoders": ["toy"], "targets": ["tatoeba"], "intermediates": ["none", *listed]}}
    written = Grid(parse(raw | {"encoders": {"toy": {"path": "toy"}}}), Words())
    assert written.entries.keys() == grid(["none"], of=STAGES, length=2).entries.keys()


MANY = tuple("abcdefg")


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("stages, length", [(2, 2), (3, 2), (3, 3), (4, 2), (4, 3), (4, 4), (5, 3), (7, 6)])
def test_in_a_sample_each_stage_is_first_and_last_equally_often_up_to_one(stages: int, length: int, seed: int):
    of, every = MANY[:stages], perm(stages, length)
    for number in {1, 2, 3, stages, stages + 1, 2 * stages + 1, min(every, 60) - 1, min(every, 200)} - {0}:
        if number > every:
            continue
        found = sample(of, length, number, seed)
        assert len(set(found)) == number
        assert all(len(set(path)) == length and set(path) <= set(of) for path in found)
        for place in (0, -1):
            often = Counter(path[place] for path in found)
            assert max(often.values()) - min(often[stage] for stage in of) <= 1


def test_a_sample_of_all_sequences_is_all_of_them_in_their_order():
    assert sample(MANY[:4], 3, 24, seed=5) == list(permutations(MANY[:4], 3))


def test_a_larger_sample_contains_a_smaller_one():
    samples = [set(sample(MANY[:5], 3, number, seed=1)) for number in range(1, 61)]
    assert all(small < large for small, large in pairwise(samples))


def test_a_sample_depends_on_the_seed_and_not_on_the_order_of_the_stages():
    assert set(sample(MANY, 4, 10, 1)) == set(sample(MANY[::-1], 4, 10, 1))
    assert len({tuple(sample(MANY, 4, 10, seed)) for seed in range(5)}) == 5


def test_all_sequences_are_drawn_about_equally_often():
    drawn = Counter(path for seed in range(1200) for path in sample(MANY[:3], 2, 2, seed))
    # 2,400 draws of 6 sequences; the standard deviation is below 18.
    assert len(drawn) == 6
    assert all(abs(often - 400) < 80 for often in drawn.values())


def test_a_sample_has_as_many_sequences_of_each_length():
    found = names(of=[*STAGES, "german"], length="2..4", sample=5, seed=3)
    assert Counter(name.count("/") + 1 for name in found) == {1: 1, 2: 5, 3: 5, 4: 5}


def test_a_sample_never_changes():
    """It names models that were trained."""
    found = names(of=STAGES, length=2, sample=3, seed=1)[1:]
    assert found == ["mnli/squad_v1", "squad_v1/hellaswag", "hellaswag/mnli"]


@pytest.mark.parametrize(
    "sequences, message",
    [
        ({"of": [*STAGES], "length": 4}, r"length': a sequence of these 3 stages has from 2 to 3.*found 4"),
        ({"of": [*STAGES], "length": 1}, r"length': a sequence .* has from 2 to 3 of them.*found 1"),
        ({"of": [*STAGES], "length": "3..2"}, r"length': .*found '3..2'"),
        ({"of": [*STAGES], "length": "1..2"}, r"length': .*found '1..2'"),
        ({"of": [*STAGES], "length": "2-3"}, r"length': .*a range such as 2\.\.3; found '2-3'"),
        ({"of": ["mnli"]}, r"of': has fewer than two stages, which have no order; add one; found \['mnli'\]"),
        ({"of": []}, r"of': has fewer than two stages, which have no order; add one; found \[\]"),
        ({"of": [*STAGES], "length": 2, "sample": 7}, r"sample': there are only 6 sequences of 2 of these 3 .*found 7"),
        ({"of": ["mnli", "mnlii"]}, r"of': unknown stage or trainable task; found 'mnlii'.*Did you mean 'mnli'\?"),
        ({"of": ["mnli", "squad_v1", "mnli"]}, r"of': is listed twice; remove one; found 'mnli'"),
        ({"of": ["mnli", "mnli@en"]}, r"of': stands for the same as 'mnli'; remove one; found 'mnli@en'"),
        ({"of": ["mnli", "squad_v1/mnli"]}, r"of': 'squad_v1/mnli' is not a name .*; sequences are made of stages"),
        ({"of": ["mnli", "none"]}, r"of': unknown stage or trainable task; found 'none'"),
        ({"length": 2}, r"the key 'of' is missing"),
        (
            {"of": ["mnli", "qqp", "snli", "anli", "squad_v1", "copa", "siqa"]},
            r"sample': there are 5,040 sequences, more than 1,000; set the number .*found None",
        ),
    ],
)
def test_sequences_that_do_not_exist_are_refused_with_their_key(sequences: dict, message: str):
    with pytest.raises(ConfigError, match=message):
        grid(**sequences)
