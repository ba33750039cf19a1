"""A split with another number of rows than its release has is noticed, unless it was not read to its end."""

import dataclasses

import pytest

from xstilts import tasks
from xstilts.sources.counts import unexpected

TASK = dataclasses.replace(tasks.load("xnli"), counts={"test": {"de": 10}})


@pytest.mark.parametrize("rows, limit", [(10, None), (10, 10), (10, 20), (4, 4)])
def test_what_fits_is_no_news(rows: int, limit: int | None):
    assert unexpected(TASK, "test", "de", rows, limit) is None


@pytest.mark.parametrize("rows, limit", [(9, None), (11, None), (9, 20), (11, 11)])
def test_what_does_not_fit_is_said_with_both_numbers(rows: int, limit: int | None):
    assert unexpected(TASK, "test", "de", rows, limit) == f"{rows} rows, where its release has 10"


def test_nothing_is_said_where_nothing_is_known():
    assert unexpected(TASK, "dev", "de", 3, None) is None
    assert unexpected(TASK, "test", "fr", 3, None) is None


@pytest.mark.parametrize("name", tasks.names())
def test_what_is_known_is_about_splits_and_languages_that_exist(name: str):
    task = tasks.load(name)
    for split, rows in task.counts.items():
        assert split in task.splits
        assert set(rows) <= set(task.languages)
        assert not set(rows) & set(task.without.get(split, ()))
