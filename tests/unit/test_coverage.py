"""The languages in which each task is trained, and the tasks that share text, as their releases say."""

from dataclasses import replace

import pytest
from test_task_table import TASKS

from xstilts import coverage, tasks
from xstilts.task import Task

XNLI = "ar bg de el en es fr hi ko ru sw th tr ur vi zh"

TRAINED_IN = {
    "anli_plus": "en",
    "mnli": XNLI,
    "snli": "en",
    "pawsx": "de en es fr ja ko zh",
    "tydiqa": "ar bn en fi id ko ru sw te",
    # The treebanks of UD 2.5 without those that have no training or no dev set: kk, th, tl, yo.
    "udpos": "af ar bg de el en es et eu fa fi fr he hi hu id it ja ko mr nl pt ru ta te tr ur vi zh",
    "panx": TASKS["panx"].languages,
    "squad_v1": "ar de el en es hi ru th tr vi zh",
    "tydiqa_mt": "ar bn fi id ko ru sw te",
    "ocnli": "zh",
    "indonli": "id",
    "farstail": "fa",
    "kornli": "ko",
    "americasnli": "",
    "xnli": "",
    "xquad": "",
    "tatoeba": "",
}


@pytest.mark.parametrize(("name", "expected"), TRAINED_IN.items(), ids=TRAINED_IN)
def test_a_task_is_trained_in_the_languages_of_its_training_and_dev_data(name, expected):
    assert sorted(coverage.trained_in(name)) == sorted(expected.split())


def test_every_task_that_can_be_trained_has_a_language():
    """Plain text may be in any language."""
    trainable = {name for name in TASKS if "train" in tasks.load(name).splits and name not in ("mlm", "tlm")}
    assert {name for name in TASKS if coverage.trained_in(name)} == trainable


@pytest.mark.parametrize(
    ("name", "split", "lang", "expected"),
    [
        ("mnli", "train", "sw", True),
        ("mnli", "dev", "sw", True),
        ("mnli", "train", "ja", False),
        ("mnli", "train", "xx", False),
        ("udpos", "train", "kk", True),
        ("udpos", "dev", "kk", False),
        ("udpos", "train", "th", False),
        ("udpos", "test", "th", True),
        ("xnli", "train", "de", False),
        ("xnli", "test", "de", True),
        ("squad_v2", "train", "de", False),
        ("squad_v1", "train", "de", True),
        ("squad_v1", "dev", "sw", False),
        ("americasnli", "test", "quy", True),
        ("americasnli", "train", "quy", False),
        ("anli_plus", "train", "en", True),
        ("anli_plus", "train", "de", False),
        ("mlm", "train", "yo", True),
        ("mlm", "dev", "yo", True),
        ("mlm", "test", "yo", False),
        ("mlm", "train", "xx", False),
        ("mlm", "train", "de-en", False),
        ("tlm", "train", "yo-sw", True),
        ("tlm", "train", "sw", False),
    ],
)
def test_a_split_has_a_language_or_not(name, split, lang, expected):
    assert coverage.has(tasks.load(name), split, lang) is expected


def test_a_pool_is_trained_in_the_languages_that_all_its_parts_have(monkeypatch):
    pool = replace(tasks.load("anli_plus"), pools=(tasks.load("mnli"), tasks.load("tydiqa")))
    monkeypatch.setattr(tasks, "load", lambda name: pool)
    assert sorted(coverage.trained_in("pool")) == ["ar", "en", "ko", "ru", "sw"]


def test_only_english_is_no_translation_where_training_data_are_translated():
    for name in ("mnli", "pawsx", "squad_v1"):
        original = [lang for lang in coverage.trained_in(name) if not coverage.is_translated(name, lang)]
        assert original == ["en"], name
    assert coverage.is_translated("kornli", "ko")
    assert all(coverage.is_translated("tydiqa_mt", lang) for lang in coverage.trained_in("tydiqa_mt"))
    for name in ("tydiqa", "udpos", "panx", "anli_plus", "ocnli", "indonli", "farstail"):
        assert not any(coverage.is_translated(name, lang) for lang in coverage.trained_in(name)), name


def test_translations_and_overlaps_are_of_data_that_exist():
    for name in TASKS:
        task = tasks.load(name)
        assert set(task.translated) <= set(coverage.trained_in(name)), name
        for split, others in task.overlaps.items():
            assert split in task.splits, name
            for other in others:
                known, _, where = other.partition(".")
                assert where in tasks.load(known).splits, other


@pytest.mark.parametrize(
    ("name", "split", "evaluated", "evaluated_split", "expected"),
    [
        ("mnli", "train", "xnli", "test", ""),
        ("mnli", "dev", "xnli", "test", ""),
        ("mnli", "dev", "xnli", "dev", "xnli.dev"),
        ("anli_plus", "dev", "xnli", "dev", "xnli.dev"),
        ("kornli", "dev", "xnli", "dev", "xnli.dev"),
        ("kornli", "test", "xnli", "test", "xnli.test"),
        ("kornli", "dev", "americasnli", "dev", "xnli.dev"),
        ("kornli", "dev", "xnli", "test", ""),
        ("kornli", "train", "xnli", "test", ""),
        ("kornli", "train", "mnli", "train", "mnli.train"),
        ("xnli", "test", "americasnli", "test", "xnli.test"),
        ("mnli", "dev", "americasnli", "test", ""),
        ("tydiqa_mt", "train", "tydiqa", "test", ""),
        ("tydiqa_mt", "dev", "tydiqa", "test", "tydiqa.test"),
        ("pawsx", "dev", "pawsx", "dev", "pawsx.dev"),
        ("pawsx", "train", "xnli", "test", ""),
    ],
)
def test_splits_that_share_text_are_known(name, split, evaluated, evaluated_split, expected):
    assert coverage.overlap(name, split, evaluated, evaluated_split) == expected


def test_two_tasks_that_share_the_text_of_a_third_overlap(monkeypatch):
    copies = {
        name: Task(name, "classification", "accuracy", ("de",), {}, overlaps={"test": ("xnli.test",)})
        for name in ("copy", "other")
    }
    monkeypatch.setattr(tasks, "load", copies.__getitem__)
    assert coverage.overlap("copy", "test", "other") == "xnli.test"
    assert coverage.overlap("copy", "dev", "other") == ""
