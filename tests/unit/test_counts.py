"""A split whose number of rows differs from its release is reported, unless it was not read completely."""

import dataclasses
import json

import pytest
from jobs import Experiment
from released import question, squad, write

from xstilts import experiments, tasks
from xstilts.config import ConfigError
from xstilts.errors import DataError
from xstilts.sources.row_counts import unexpected
from xstilts.store import warned

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
        assert set(rows) <= {*task.languages, *task.trained_in}
        assert not set(rows) & set(task.missing_languages.get(split, ()))


def test_rows_without_a_translation_are_rows_of_the_release(tmp_path, monkeypatch):
    """They are left out of the training data and counted in the published size."""
    lines = [f"{n}\tJa.\t{'NS' if n == 3 else 'Nein.'}\t0\n" for n in range(20)]
    files = {"de/translated_train.tsv": "id\tsentence1\tsentence2\tlabel\n" + "".join(lines)}
    files["de/dev_2k.tsv"] = files["de/translated_train.tsv"]
    write(tmp_path / "data" / "pawsx", files)
    known = dataclasses.replace(tasks.load("pawsx"), counts={"train": {"de": 20}, "dev": {"de": 20}})
    monkeypatch.setattr(tasks, "load", lambda name: known)
    grid = {"encoders": ["toy"], "intermediates": ["none"], "targets": ["pawsx"]}
    stages = {"pawsx": {"languages": ["de"]}}
    encoders = {"toy": {"path": str(tmp_path / "encoder")}}
    experiment = Experiment(tmp_path, {"grid": grid, "languages": ["de"], "stages": stages, "encoders": encoders})
    folder = experiment.run("read_task", "pawsx.train")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["train.de"]["rows"], manifest["dev.de"]["rows"]) == (19, 20)
    assert manifest["train.de"]["left_out"] == {"without a translation": 1}
    assert not any("warning" in manifest[split] for split in ("train.de", "dev.de"))


@pytest.fixture
def short(tmp_path) -> Experiment:
    """An experiment on a test set of two rows, where there should be many more."""
    write(tmp_path / "data" / "xquad", {"xquad.de.json": squad(question("q1"), question("q2"))})
    grid = {"encoders": ["toy"], "intermediates": ["none"], "targets": ["xquad"]}
    encoder = {"path": str(tmp_path / "encoder")}
    return Experiment(tmp_path, {"grid": grid, "languages": ["de"], "encoders": {"toy": encoder}})


def test_a_split_that_is_too_short_is_a_warning_in_the_manifest_and_of_the_experiment(short: Experiment):
    folder = short.run("read_task", "xquad.evaluate")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["test.de"]["warning"] == "2 rows, where its release has 1190"
    found = warned.warnings(short.config.store, experiments.open_grid(short.config))
    assert found == ["xquad test: 2 rows, where its release has 1190 (de)"]


def test_it_is_an_error_where_the_configuration_is_strict(short: Experiment):
    strict = dataclasses.replace(short, settings=short.settings | {"strict": True})
    with pytest.raises(DataError, match=r"xquad\.de\.json: found 2 rows, where its release has 1190; .*`strict`"):
        strict.run("read_task", "xquad.evaluate")


def test_data_that_were_read_with_a_warning_are_refused_later_too(short: Experiment):
    short.run("read_task", "xquad.evaluate")
    strict = dataclasses.replace(short, settings=short.settings | {"strict": True}).config
    with pytest.raises(ConfigError, match=r"'strict'.*xquad test: 2 rows"):
        warned.require_counts(strict, experiments.open_grid(strict))
    warned.require_counts(short.config, experiments.open_grid(short.config))
