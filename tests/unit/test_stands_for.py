"""The metadata of an entry are in its spec.json; for older releases, they are taken from its path."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from grids import Words
from test_specs_word_by_word import RAW

from xstilts.config import parse
from xstilts.grid import Grid
from xstilts.steps import RESULTS
from xstilts.steps.entry import About, Entry
from xstilts.store import older
from xstilts.store.contents import Contents
from xstilts.store.drafts import publishing


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    """Entries of every step: a miniature encoder, a mixture, a path of two, targets with and without training."""
    return list(Grid(parse(RAW), Words()).entries.values())


@pytest.fixture(scope="module")
def store(entries: list[Entry], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which all of them are finished."""
    folder = tmp_path_factory.mktemp("store")
    for entry in entries:
        with publishing(folder, entry):
            pass
    return folder


def test_a_result_says_what_it_stands_for_and_what_it_was_made_from(entries: list[Entry], store: Path):
    contents = Contents(store)
    for entry in entries:
        result = contents.all[entry.path]
        assert result.about == entry.about
        assert result.spec == entry.spec
        assert {role: contents.counterpart(entry, role, result) for role in entry.inputs} == {
            role: one.path for role, one in entry.inputs.items()
        }


def test_no_fingerprint_covers_what_is_said_beside_the_spec(entries: list[Entry], store: Path):
    file = store / entries[0].path / "spec.json"
    assert json.loads(file.read_text(encoding="utf-8")).keys() == {*entries[0].spec, "entry"}
    assert "entry" not in entries[0].spec


def test_the_path_of_an_older_entry_says_the_same_as_far_as_it_goes(entries: list[Entry]):
    for entry in entries:
        found, expected = asdict(older.about(entry.path)), asdict(entry.about)
        unsaid = {name for name, value in found.items() if not value}
        assert {name: found[name] for name in found.keys() - unsaid} == {
            name: expected[name] for name in found.keys() - unsaid
        }
        assert unsaid <= {name for name, value in expected.items() if not value} | {"encoder", "role", "task"}
        if entry.step in ("train_stage", "predict", "score"):
            assert {**found, "role": entry.about.role} == expected


def test_the_path_and_the_spec_of_an_older_entry_say_what_it_was_made_from(entries: list[Entry]):
    for entry in (one for one in entries if one.step in RESULTS):
        for role, one in entry.inputs.items():
            roots = [one.path] if role in ("encoder", "tokenizer") else []
            found = older.counterpart(entry, role, entry.path, entry.spec, roots)
            # The data behind token ids stand in the spec of these alone.
            unsaid = role.startswith("data") and entry.step in ("train_stage", "predict")
            assert found == (None if unsaid else one.path)


@pytest.mark.parametrize("path", ["data/odd~0123456789ab", "features/tokenizer~0/odd~0123456789ab", "miniature/data~0"])
def test_a_folder_that_no_release_has_written_stops_nothing(path: str):
    assert isinstance(older.about(path), About)


@pytest.mark.parametrize(
    "said",
    [
        None,
        5,
        {},
        {"about": {}},
        {"about": 5, "inputs": {}},
        {"about": {"stages": "xnli", "seed": 1}, "inputs": {}},
        {"about": {"seed": [1]}, "inputs": {}},
        {"about": {"seed": 1}, "inputs": {"data": 5}},
    ],
)
def test_what_cannot_be_read_is_taken_from_the_path(tmp_path: Path, said: object):
    path = "models/toy~0123456789ab/mnli~0123456789ab/seed-3"
    (tmp_path / path).mkdir(parents=True)
    (tmp_path / path / "spec.json").write_text(json.dumps({"step": "train_stage", "entry": said}), encoding="utf-8")
    result = Contents(tmp_path).all[path]
    assert result.about == About(encoder="toy", origin="0123456789ab", stages=("mnli",), seed=3)
    assert result.inputs is None
