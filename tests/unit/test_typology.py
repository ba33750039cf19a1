"""Every language has a family, a script and a distance from English."""

import pytest

from xstilts import tasks
from xstilts.errors import UserError
from xstilts.languages import LANGUAGES
from xstilts.reporting.typology import INDO_EUROPEAN, ORIGINS, distance, origin


def test_every_language_that_a_task_may_have_is_placed():
    assert set(ORIGINS) == set(LANGUAGES)
    assert {lang for name in tasks.names() for lang in tasks.load(name).languages} <= set(ORIGINS)


def test_branches_are_told_apart_in_indo_european_alone():
    assert {bool(at.branch) for at in ORIGINS.values() if at.family == INDO_EUROPEAN} == {True}
    assert {at.branch for at in ORIGINS.values() if at.family != INDO_EUROPEAN} == {""}


def test_a_script_has_four_letters():
    assert all(len(at.script) == 4 and at.script.istitle() for at in ORIGINS.values())


@pytest.mark.parametrize(
    "code, steps", [("en", "English"), ("af", "same branch"), ("fa", "same family"), ("eu", "other family")]
)
def test_distance_is_told_by_branch_and_family(code: str, steps: str):
    assert distance(code) == steps


def test_a_language_that_does_not_exist_is_named():
    with pytest.raises(UserError, match="unknown language 'xx'"):
        origin("xx")
