"""The data of a stage: training rows of all its languages, and the first dev examples of each."""

import hashlib
import json
import random
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import tiny
from hypothesis import given as given_sizes
from hypothesis import strategies as st

from xstilts.config import Stage
from xstilts.errors import UserError
from xstilts.features import arrow
from xstilts.jobs import train_stage
from xstilts.runtime.timing import COMPUTED
from xstilts.sources.checkpoints import Checkpoint
from xstilts.steps.entry import About
from xstilts.store.entries import MEASURED
from xstilts.training import states
from xstilts.training.data import equal_parts, first_of_all, shared_out, subset
from xstilts.training.stage import EXECUTED, RESUMED_FROM, TaskData
from xstilts.training.states import Progress, State

COUNTS = {("train", "en"): 5, ("train", "de"): 3, ("dev", "en"): 4, ("dev", "de"): 2, ("test", "en"): 6}
"""Examples of each split and language."""


@pytest.fixture
def given(tmp_path, tiny_tokenizer):
    """The data that a stage is given on these examples, questions with several windows each."""
    data, encoded = tmp_path / "data", tmp_path / "features"
    data.mkdir()
    encoded.mkdir()
    tiny_tokenizer.save_pretrained(encoded / "tokenizer")
    settings = {"max_length": 32, "doc_stride": 4, "max_query_length": 12}
    for number, ((split, lang), count) in enumerate(COUNTS.items()):
        rows = tiny.examples("span", count, seed=number).to_pylist()
        table = tiny.table("span", [row | {"id": f"{split}-{lang}-{row['id']}"} for row in rows])
        pq.write_table(table, data / f"{split}.{lang}.parquet")
        made = tiny.encode("span", table, tiny_tokenizer, SimpleNamespace(**settings))
        arrow.write(encoded / f"{split}.{lang}.arrow", made)

    def given(languages: tuple[str, ...] = ("en",), task: str = "squad_v1", **recipe) -> TaskData:
        files = [f"{split}.{lang}" for split in ("train", "dev") for lang in languages]
        inputs = {
            f"features.{task}": SimpleNamespace(path="features", spec={"settings": settings}),
            f"data.{task}": SimpleNamespace(spec={"files": files}),
        }
        places = {f"data.{task}": data, f"features.{task}": encoded}
        job = SimpleNamespace(
            store=tmp_path,
            entry=SimpleNamespace(inputs=inputs, about=About(stages=("few",), seed=1)),
            input=places.__getitem__,
        )
        return train_stage._task_data(job, task, Stage(tasks=(task,), **recipe))

    return given


def windows(folder: Path, split: str, lang: str) -> list[dict]:
    return arrow.read(folder / "features" / f"{split}.{lang}.arrow").to_pylist()


def test_it_trains_on_all_rows_of_all_its_languages(given, tmp_path):
    expected = windows(tmp_path, "train", "en") + windows(tmp_path, "train", "de")
    assert len(expected) > 8
    assert given(languages=("en", "de")).train.to_pylist() == expected
    assert given(languages=("de",)).train.to_pylist() == windows(tmp_path, "train", "de")


def test_it_is_evaluated_on_the_first_dev_examples_of_each_language_with_all_their_windows(given, tmp_path):
    dev = given(languages=("en", "de"), dev_examples=3).dev
    assert {lang: table["id"].to_pylist() for lang, (table, _) in dev.items()} == {
        "en": ["dev-en-0", "dev-en-1", "dev-en-2"],
        "de": ["dev-de-0", "dev-de-1"],
    }
    for lang, (_, rows) in dev.items():
        assert rows.to_pylist() == [row for row in windows(tmp_path, "dev", lang) if row["example"] < 3]
    assert len(dev["en"][1]) > 3 == pc.count_distinct(dev["en"][1]["example"]).as_py()


def test_without_a_number_all_dev_examples_count(given, tmp_path):
    (table, rows) = given(dev_examples=None).dev["en"]
    assert len(table) == 4
    assert rows.to_pylist() == windows(tmp_path, "dev", "en")


def test_the_training_has_the_settings_the_parent_and_the_seed_of_its_entry(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(train_stage.training, "train", lambda *given, **named: calls.append((given, named)))
    monkeypatch.setattr(train_stage, "_task_data", lambda _, name, stage: f"data of {name} in {stage.languages}")
    recipe = {"tasks": ["mnli", "ccg"], "languages": ["de"], "learning_rate": 3e-5, "precision": "bf16"}
    entry = SimpleNamespace(
        spec={"stage": recipe}, about=About(seed=7, encoder="large"), inputs={"parent": None}, path="models/here"
    )
    encoders = {"large": SimpleNamespace(tokens_per_device=512), "small": SimpleNamespace(tokens_per_device=256)}
    config = SimpleNamespace(encoders=encoders, tracking=(), checkpoint_minutes=7)
    job = SimpleNamespace(entry=entry, config=config, input={"parent": tmp_path}.__getitem__)
    train_stage._train(job, tmp_path / "child", tmp_path / "scratch")
    (((stage, parent, data, output, scratch), named),) = calls
    assert stage == Stage(**recipe)
    assert parent == Checkpoint(str(tmp_path))
    assert data == {name: f"data of {name} in ('de',)" for name in ("mnli", "ccg")}
    assert (output, scratch) == (tmp_path / "child", tmp_path / "scratch")
    assert (named["seed"], named["execution"].tokens, named["execution"].minutes) == (7, 512, 7)


def test_the_speed_of_a_training_that_goes_on_is_that_of_the_steps_of_this_attempt(tmp_path, monkeypatch):
    # 20 steps of 8 rows, of which an earlier attempt made 12.
    states.write(tmp_path / "scratch", State(Progress(12, [], 8192, "fp32"), {}, {}, {}))
    draft = SimpleNamespace(folder=tmp_path, notes={})
    entry = SimpleNamespace(spec={"stage": {"tasks": ["mnli"], "batch_size": 8}})
    monkeypatch.setattr(train_stage.job, "of", lambda _: SimpleNamespace(store=tmp_path, entry=entry))
    monkeypatch.setattr(train_stage, "publishing", lambda *_: nullcontext(draft))
    monkeypatch.setattr(train_stage, "scratch", lambda *_: tmp_path / "scratch")
    monkeypatch.setattr(states.spec, "sha256", lambda file: pytest.fail(f"{file} is hashed beside the training"))

    def trained(*_) -> None:
        (tmp_path / "training.json").write_text('{"steps": 20}')
        (tmp_path / "scratch" / EXECUTED).write_text(json.dumps({"precision": "fp32", RESUMED_FROM: 12}))

    monkeypatch.setattr(train_stage, "spawn_processes", trained)
    train_stage.run(SimpleNamespace(gpus=2))
    assert draft.notes[MEASURED]["examples"] == 64
    assert draft.notes.keys() == {MEASURED, COMPUTED, "precision"}


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_number_of_rows_chooses_examples_by_id_with_all_their_windows(given, tmp_path, count):
    ids = [f"train-en-{number}" for number in range(COUNTS["train", "en"])]
    chosen = sorted(ids, key=lambda one: hashlib.sha256(one.encode()).hexdigest())[:count]
    expected = [row for row in windows(tmp_path, "train", "en") if ids[row["example"]] in chosen]
    assert given(rows=count).train.to_pylist() == expected


def test_a_number_of_rows_is_that_of_each_language(given, tmp_path):
    train = given(languages=("en", "de"), rows=3).train.to_pylist()
    english = given(rows=3).train.to_pylist()
    assert train == english + windows(tmp_path, "train", "de")


def test_more_rows_than_there_are_is_an_error(given, tmp_path):
    with pytest.raises(UserError, match=r"^stage 'few': rows is 6, but .*train\.en\.parquet has only 5 examples\. Re"):
        given(rows=6)


def test_parallel_data_have_the_same_subset_and_a_larger_one_contains_a_smaller_one():
    ids = [str(number) for number in range(100)]
    order = random.Random(1).sample(range(100), 100)
    chosen = {count: {ids[one] for one in subset(ids, count)} for count in (5, 50, 100)}
    assert [len(one) for one in chosen.values()] == [5, 50, 100]
    assert chosen[5] < chosen[50] < chosen[100]
    shuffled = [ids[one] for one in order]
    positions = subset(shuffled, 5).tolist()
    assert {shuffled[one] for one in positions} == chosen[5]
    assert positions == sorted(positions)


def test_parallel_examples_are_shared_out_among_the_languages():
    ids = [str(number) for number in range(3000)]
    found = shared_out({"de": ids, "en": ids, "zh": ids}, seed=1)
    assert sorted(np.concatenate(list(found.values()))) == list(range(3000))
    # A third each; the standard deviation of a share is 26.
    assert all(abs(len(positions) - 1000) < 130 for positions in found.values())
    other = shared_out({"de": ids, "en": ids, "zh": ids}, seed=2)
    assert found["de"].tolist() != other["de"].tolist()


def test_examples_that_one_language_alone_has_stay_there():
    found = shared_out({"de": ["a", "b", "c"], "en": ["b", "d"]}, seed=1)
    assert {0, 2} <= set(found["de"].tolist())
    assert 1 in found["en"]
    assert len(found["de"]) + len(found["en"]) == 4


def test_a_smaller_part_is_shared_out_like_the_whole():
    ids = [str(number) for number in range(100)]
    few = shared_out({"de": ids[:50], "en": ids[:50]}, seed=1)
    every = shared_out({"de": ids, "en": ids}, seed=1)
    assert few["de"].tolist() == [one for one in every["de"].tolist() if one < 50]


def test_split_languages_train_on_each_example_once(given, tmp_path):
    rows = given(languages=("en", "de"), languages_share="split").train.to_pylist()
    # No example of the two languages has the same id.
    assert rows == given(languages=("en", "de")).train.to_pylist()


def test_rows_of_split_languages_are_those_of_all_together(given):
    # The ids of the two languages differ, so that nothing is shared out.
    assert len(set(given(languages=("en", "de"), languages_share="split", rows=3).train["example"].to_pylist())) <= 3
    few, more = (
        {
            (r["example"], str(r["input_ids"]))
            for r in given(("en", "de"), languages_share="split", rows=n).train.to_pylist()
        }
        for n in (2, 3)
    )
    assert few < more


@pytest.fixture
def numbered(given, tmp_path):
    """The data of which each language has the ids 0, 1 and so on, as texts without ids have."""
    for lang in ("en", "de"):
        file = tmp_path / "data" / f"train.{lang}.parquet"
        table = pq.read_table(file)
        ids = pa.array(map(str, range(len(table))), pa.string())
        pq.write_table(table.set_column(table.column_names.index("id"), "id", ids), file)
    return given


def test_examples_that_are_no_translations_are_all_used_although_their_ids_are_equal(numbered):
    every = numbered(languages=("en", "de"), task="tydiqa").train.to_pylist()
    assert numbered(languages=("en", "de"), task="tydiqa", languages_share="split").train.to_pylist() == every
    translations = numbered(languages=("en", "de"), languages_share="split")
    assert sum(pc.count_distinct(part["example"]).as_py() for part in parts(translations)) == 5


def parts(data: TaskData) -> list[pa.Table]:
    """The training rows of each language."""
    starts = np.cumsum([0, *data.sizes])
    return [data.train.slice(start, size) for start, size in zip(starts, data.sizes, strict=False)]


@pytest.mark.parametrize(("rows", "expected"), [(1, [0, 1]), (2, [1, 1]), (5, [2, 3]), (7, [4, 3]), (8, [5, 3])])
def test_languages_contribute_equal_parts_as_far_as_they_can(numbered, rows, expected):
    data = numbered(languages=("en", "de"), task="tydiqa", languages_share="split", rows=rows)
    found = [pc.count_distinct(part["example"]).as_py() for part in parts(data)]
    assert sum(found) == rows
    assert sorted(found) == sorted(expected)


def test_more_examples_than_all_languages_have_are_refused(numbered):
    with pytest.raises(UserError, match=r"rows is 9, but .* in en, de has only 8 examples"):
        numbered(languages=("en", "de"), task="tydiqa", languages_share="split", rows=9)


@given_sizes(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 50), min_size=1), st.data())
def test_equal_parts_are_complete_nested_and_differ_by_one_where_no_language_is_exhausted(sizes, data):
    count = data.draw(st.integers(0, sum(sizes.values())))
    found = equal_parts(sizes, count)
    assert found.keys() == sizes.keys()
    assert sum(found.values()) == count
    assert all(found[lang] <= size for lang, size in sizes.items())
    left = [found[lang] for lang, size in sizes.items() if found[lang] < size]
    assert not left or max(found.values()) - min(left) <= 1
    if count:
        fewer = equal_parts(sizes, count - 1)
        assert all(fewer[lang] <= found[lang] for lang in sizes)


def test_a_number_of_examples_of_all_languages_is_taken_from_each_by_its_size():
    ids = {"de": [f"de-{n}" for n in range(3000)], "en": [f"en-{n}" for n in range(1000)]}
    found = first_of_all(ids, 400)
    assert sum(map(len, found.values())) == 400
    assert abs(len(found["de"]) - 300) < 45
    smaller = first_of_all(ids, 100)
    assert all(set(smaller[lang].tolist()) <= set(found[lang].tolist()) for lang in ids)
    assert sum(map(len, first_of_all(ids, 9999).values())) == 4000
