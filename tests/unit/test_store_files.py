"""The files of the store are written atomically, read defensively, displayed, and removed when no longer needed."""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from grids import Words

from xstilts.config import ConfigError, parse
from xstilts.errors import UserError
from xstilts.grid import Grid
from xstilts.paths import MANIFEST, SPEC, TRAINING_RECORD
from xstilts.steps.entry import About, Entry
from xstilts.store import drafts, jsonfiles, warned, weights
from xstilts.store import entries as entries_module
from xstilts.store import links as store_links
from xstilts.store.drafts import publishing
from xstilts.store.entries import finished, whole
from xstilts.store.jsonfiles import write_json


def entry(step: str = "read_task", path: str = "data/xnli~0123", **inputs: Entry) -> Entry:
    return Entry(step, path, {"step": step}, inputs, f"{path}/{MANIFEST}")


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def made(folder: Path, one: Entry, **texts: str) -> Entry:
    """An entry with these files, whose names have `_` for their dot."""
    with publishing(folder, one) as draft:
        for name, text in texts.items():
            (draft.folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return one


def manifest(folder: Path, one: Entry) -> dict:
    return json.loads((folder / one.manifest).read_text(encoding="utf-8"))


# JSON


def test_json_is_written_to_be_read_by_people_and_compared_by_machines(tmp_path: Path):
    write_json(tmp_path / "a" / "b" / "x.json", {"b": [1], "a": "ü"})
    assert (tmp_path / "a" / "b" / "x.json").read_bytes() == '{\n  "a": "ü",\n  "b": [\n    1\n  ]\n}\n'.encode()
    assert [file.name for file in (tmp_path / "a" / "b").iterdir()] == ["x.json"]


def test_json_appears_by_renaming_and_stays_as_it_was_until_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "x.json"
    write_json(file, {"old": 1})
    renamed = []

    def fail(self: Path, target: Path) -> None:
        renamed.append((self.name, json.loads(self.read_text()), target))
        raise OSError("the disk is gone")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        write_json(file, {"new": 1})
    assert renamed == [(f".x.json.{os.getpid()}", {"new": 1}, file)]
    assert json.loads(file.read_text()) == {"old": 1}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"null", b'"text"', b"\xff\xfe", b'{"a": ' * 100_000])
def test_what_is_no_json_object_is_read_as_nothing(tmp_path: Path, content: bytes):
    (tmp_path / "x.json").write_bytes(content)
    assert jsonfiles.read_json(tmp_path / "x.json") == {}


def test_a_json_object_is_read_and_one_that_is_not_there_is_nothing(tmp_path: Path):
    (tmp_path / "x.json").write_text('{"a": "ü"}', encoding="utf-8")
    assert jsonfiles.read_json(tmp_path / "x.json") == {"a": "ü"}
    assert jsonfiles.read_json(tmp_path / "nowhere.json") == jsonfiles.read_json(tmp_path) == {}


def deny(*_, **__) -> None:
    raise PermissionError(13, "Permission denied")


def test_what_may_not_be_read_or_looked_at_is_an_error_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    one = made(tmp_path, entry())
    stat = Path.stat
    monkeypatch.setattr(Path, "stat", lambda self, **how: deny() if self.name == SPEC else stat(self, **how))
    with pytest.raises(UserError) as error:
        finished(tmp_path, one)
    file = tmp_path / one.path / SPEC
    assert str(error.value) == f"{file} is not accessible: permission denied. Ask its owner for access."
    monkeypatch.setattr(Path, "read_bytes", deny)
    with pytest.raises(UserError) as error:
        finished(tmp_path, one)
    assert (
        str(error.value) == f"{tmp_path / one.manifest} is not readable: permission denied. Ask its owner for access."
    )


# Manifests


def unlisted(content: dict) -> None:
    del content["files"]["rows.txt"]


def unmeasured(content: dict) -> None:
    del content["sizes"]["rows.txt"]


def without_its_spec(content: dict) -> None:
    del content["files"][SPEC], content["sizes"][SPEC]


def without_hashes(content: dict) -> None:
    del content["files"]


def without_sizes(content: dict) -> None:
    del content["sizes"]


def of_lists(content: dict) -> None:
    content["files"], content["sizes"] = list(content["files"]), list(content["sizes"])


@pytest.mark.parametrize("change", [unlisted, unmeasured, without_its_spec, without_hashes, without_sizes, of_lists])
def test_a_manifest_that_does_not_say_sha256_and_size_of_the_same_files_finishes_nothing(tmp_path: Path, change):
    one = made(tmp_path, entry(), rows_txt="rows")
    assert finished(tmp_path, one)
    content = manifest(tmp_path, one)
    change(content)
    write_json(tmp_path / one.manifest, content)
    assert not finished(tmp_path, one)
    assert entries_module.damaged(tmp_path, one)


def test_a_folder_is_no_file_though_it_has_its_size(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    size = (tmp_path / "folder").stat().st_size
    one = made(tmp_path, entry(), rows_txt="r" * size)
    assert finished(tmp_path, one)
    (tmp_path / one.path / "rows.txt").unlink()
    (tmp_path / "folder").rename(tmp_path / one.path / "rows.txt")
    assert not finished(tmp_path, one)


def test_files_without_a_manifest_are_neither_finished_nor_damaged(tmp_path: Path):
    one = made(tmp_path, entry(), rows_txt="rows")
    (tmp_path / one.manifest).unlink()
    assert not finished(tmp_path, one)
    assert not entries_module.damaged(tmp_path, one)


def test_what_a_killed_job_has_left_is_not_taken_for_the_entry_and_not_mixed_with_it(tmp_path: Path):
    one = entry()
    for pid in (os.getpid(), 1):
        left = tmp_path / one.path / f".files.{pid}"
        left.mkdir(parents=True)
        for name in ("old.txt", SPEC, MANIFEST):
            (left / name).write_text("{}")
    assert not finished(tmp_path, one)
    made(tmp_path, one, rows_txt="rows")
    assert manifest(tmp_path, one)["files"].keys() == {"rows.txt", SPEC}
    assert sorted(file.name for file in (tmp_path / one.path).iterdir()) == [".files.1", MANIFEST, "rows.txt", SPEC]
    assert drafts.left_behind(tmp_path, one, drafts.DRAFT) == [tmp_path / one.path / ".files.1"]


def test_an_entry_that_is_made_again_says_what_the_new_one_is(tmp_path: Path):
    one = made(tmp_path, entry(), rows_txt="old", more_txt="old")
    made(tmp_path, one, rows_txt="newer")
    assert manifest(tmp_path, one)["files"]["rows.txt"] == sha("newer")
    assert manifest(tmp_path, one)["sizes"]["rows.txt"] == 5
    assert "more.txt" not in manifest(tmp_path, one)["files"]


@pytest.mark.parametrize("name", [MANIFEST, f"{MANIFEST}.damaged"])
def test_a_manifest_is_set_aside_whatever_stands_in_either_place(tmp_path: Path, name: str):
    one = made(tmp_path, entry(), rows_txt="rows")
    if name == MANIFEST:
        (tmp_path / one.manifest).unlink()
    (tmp_path / one.path / name).mkdir()
    (tmp_path / one.path / name / "inside").touch()
    entries_module.set_aside(tmp_path, one)
    assert not os.path.lexists(tmp_path / one.manifest)
    assert (tmp_path / one.path / f"{MANIFEST}.damaged").is_dir() == (name == MANIFEST)


def test_a_link_in_the_place_of_a_manifest_that_is_set_aside_goes_and_its_target_stays(tmp_path: Path):
    one = made(tmp_path, entry(), rows_txt="rows")
    (tmp_path / "kept").mkdir()
    (tmp_path / one.path / f"{MANIFEST}.damaged").symlink_to(tmp_path / "kept")
    entries_module.set_aside(tmp_path, one)
    assert (tmp_path / "kept").is_dir()
    assert (tmp_path / one.path / f"{MANIFEST}.damaged").is_file()


# Altered files


def test_files_that_are_not_as_they_were_written_are_named_one_after_the_other(tmp_path: Path):
    one = made(tmp_path, entry(), a_txt="a", b_txt="b", c_txt="c", d_txt="d")
    folder = tmp_path / one.path
    assert list(entries_module.altered(tmp_path, one)) == []
    (folder / "a.txt").write_text("A")
    (folder / "b.txt").unlink()
    (folder / "c.txt").unlink()
    (folder / "c.txt").mkdir()
    assert sorted(entries_module.altered(tmp_path, one)) == [folder / name for name in ("a.txt", "b.txt", "c.txt")]
    assert list(entries_module.altered(tmp_path, entry(path="data/none~0"))) == []


def test_a_job_refuses_altered_files_with_the_file_and_what_to_delete(tmp_path: Path):
    one, other = made(tmp_path, entry(), a_txt="a"), made(tmp_path, entry(path="data/pawsx~0"), a_txt="a")
    needy = entry("encode_task", "features/x~0", first=one, second=other)
    entries_module.require_intact(tmp_path, needy)
    (tmp_path / other.path / "a.txt").write_text("b")
    with pytest.raises(UserError) as error:
        entries_module.require_intact(tmp_path, needy)
    assert str(error.value) == (
        f"{tmp_path / other.path / 'a.txt'} has changed since it was written: its sha256 is not the one in "
        f"manifest.json beside it. Delete {tmp_path / other.manifest} and start snakemake again to recompute it."
    )


# Weights


def model(folder: Path) -> Entry:
    one = entry("train_stage", "models/toy~0/mnli~0/seed-1")
    return made(folder, one, model_safetensors="weights", heads_safetensors="head", config_json="{}")


def test_a_manifest_tells_the_modules_of_the_code_that_made_its_entry(tmp_path: Path):
    modules = {"job.score": {"jobs.score": "0123456789ab"}, "metric.bucc": {"metrics.bucc": "ba9876543210"}}
    with publishing(tmp_path, replace(entry(), modules=modules)):
        pass
    assert manifest(tmp_path, entry())["modules"] == modules


def test_the_weights_of_a_model_can_go_and_what_was_made_stays_finished(tmp_path: Path):
    one = model(tmp_path)
    assert whole(tmp_path, one)
    before = manifest(tmp_path, one)
    assert weights.remove_weights(tmp_path, one) == len("weights") + len("head")
    assert sorted(file.name for file in (tmp_path / one.path).iterdir()) == ["config.json", MANIFEST, SPEC]
    after = manifest(tmp_path, one)
    assert after.pop("removed") == {"model.safetensors": sha("weights"), "heads.safetensors": sha("head")}
    assert after.pop("modules") == before["modules"]
    assert after == {
        key: {name: value for name, value in before[key].items() if not name.endswith(".safetensors")}
        for key in ("files", "sizes")
    }
    assert finished(tmp_path, one)
    assert not whole(tmp_path, one)
    assert weights.remove_weights(tmp_path, one) == 0
    assert manifest(tmp_path, one)["removed"].keys() == {"model.safetensors", "heads.safetensors"}


def test_weights_that_are_gone_already_are_removed_from_the_manifest(tmp_path: Path):
    one = model(tmp_path)
    (tmp_path / one.path / "model.safetensors").unlink()
    assert weights.remove_weights(tmp_path, one) == len("weights") + len("head")
    assert finished(tmp_path, one)


def test_only_a_model_can_lack_what_is_removed(tmp_path: Path):
    with publishing(tmp_path, entry()) as draft:
        draft.notes["removed"] = {"rows": 3}
    assert whole(tmp_path, entry())
    assert not whole(tmp_path, entry("train_stage", "models/none~0"))


def test_nothing_is_made_from_a_model_whose_weights_went_meanwhile(tmp_path: Path):
    one = model(tmp_path)
    needy = entry("predict", "cells/x~0", model=one)
    entries_module.require_intact(tmp_path, needy)
    weights.remove_weights(tmp_path, one)
    with pytest.raises(UserError) as error:
        entries_module.require_intact(tmp_path, needy)
    assert str(error.value) == (
        f"the weights of {tmp_path / one.path} were removed since the run was planned (keep_models: false). Start "
        "snakemake again to retrain the model."
    )
    # Of one that is not finished, nothing is known; the job that needs it says what it lacks.
    (tmp_path / one.manifest).unlink()
    entries_module.require_intact(tmp_path, needy)


# Notes


def test_a_note_is_found_or_asked_for_with_all_that_it_has_to_say(tmp_path: Path):
    with publishing(tmp_path, entry()) as draft:
        draft.notes["train.en"] = {"rows": 3, "tokens": 9}
    place = "data/xnli~0123"
    assert entries_module.noted(tmp_path, place, "train.en", "rows", "tokens") == {"rows": 3, "tokens": 9}
    with pytest.raises(UserError) as error:
        entries_module.noted(tmp_path, place, "train.en", "rows", "labels")
    assert str(error.value) == (
        f"{tmp_path / place / MANIFEST}: found {{'rows': 3, 'tokens': 9}}; expected a note on 'train.en' with 'rows' "
        "and 'labels'. Delete it and start snakemake again to recompute the entry."
    )
    with pytest.raises(UserError, match=r"found None; expected a note on 'dev.en'\. Delete it"):
        entries_module.noted(tmp_path, place, "dev.en")


def reading(task: str, *names: str) -> Entry:
    path = f"data/{task}.evaluate~0"
    return Entry("read_task", path, {"files": dict.fromkeys(names)}, {}, f"{path}/{MANIFEST}", About(task=task))


class Some:
    """A grid of some entries."""

    def __init__(self, *entries: Entry):
        self.entries = {one.path: one for one in entries}


def test_warnings_of_one_kind_are_a_line_with_the_languages_of_a_split(tmp_path: Path):
    xnli, pawsx = reading("xnli", "test.de", "test.en", "test.zh", "dev.en"), reading("pawsx", "test.de")
    unread = reading("mlqa", "test.de")
    grid = Some(xnli, pawsx, unread, entry("encode_task", "features/x~0"))
    for one in grid.entries.values():
        if one is not unread:
            with publishing(tmp_path, one) as draft:
                draft.notes.update({name: {"warning": "few rows"} for name in one.spec.get("files", ())})
                if one is xnli:
                    draft.notes.update({"test.en": {"rows": 1}, "dev.en": {"warning": "other"}})
    found = ["xnli test: few rows (de, zh)", "xnli dev: other (en)", "pawsx test: few rows (de)"]
    assert warned.warnings(tmp_path, grid) == found
    raw = {"store": str(tmp_path), "strict": True}
    with pytest.raises(ConfigError) as error:
        warned.require_counts(parse(raw), grid)
    problem = "rejects data that have already been read: xnli test: few rows (de, zh)"
    assert str(error.value) == f"config key 'strict': {problem}; found True."
    warned.require_counts(parse({**raw, "strict": False}), grid)
    warned.require_counts(parse(raw), Some())


# What a folder of an experiment shows


@pytest.fixture
def grid(tmp_path: Path) -> Grid:
    """The grid of one cell, whose reports are finished."""
    raw = {"grid": {"encoders": ["toy"], "targets": ["tatoeba"]}, "encoders": {"toy": {"path": "toy"}}}
    made_up = Grid(parse({**raw, "experiment": "mine", "store": str(tmp_path)}), Words())
    for one in made_up.entries.values():
        made(tmp_path, one, **{f"{one.step}_txt": one.path})
    return made_up


def test_the_folder_of_an_experiment_leads_to_what_is_finished_of_it_and_to_nothing_else(tmp_path: Path, grid: Grid):
    (tmp_path / grid.page.manifest).unlink()
    (tmp_path / grid.tables.path / ".hidden").touch()
    store_links.show(tmp_path, grid)
    folder = tmp_path / "experiments" / "mine"
    links = {file.name: file.readlink() for file in folder.iterdir() if file.is_symlink()}
    assert links == {
        f"{one.step}.txt": Path(one.path).relative_to("experiments/mine") / f"{one.step}.txt"
        for one in (grid.collected, grid.tables, grid.figures)
    }


@pytest.mark.parametrize("there", ["a link", "a file", "a folder"])
def test_a_report_takes_the_place_of_whatever_a_copy_made_of_an_earlier_one(tmp_path: Path, grid: Grid, there: str):
    place = tmp_path / "experiments" / "mine" / "tables.txt"
    place.unlink()
    if there == "a folder":
        place.mkdir()
        (place / "inside").touch()
    elif there == "a link":
        place.symlink_to("nowhere")
    else:
        place.touch()
    store_links.show(tmp_path, grid)
    assert place.read_text() == grid.tables.path
    assert not [file for file in place.parent.iterdir() if file.name.startswith(".")]


def test_a_report_is_shown_as_soon_as_it_is_finished(tmp_path: Path, grid: Grid):
    place = tmp_path / "experiments" / "mine" / "figures.txt"
    place.unlink()
    made(tmp_path, grid.figures, figures_txt="anew")
    assert place.readlink() == Path(Path(grid.figures.path).name, "figures.txt")
    assert place.read_text() == "anew"


def test_a_report_that_fails_is_not_shown(tmp_path: Path, grid: Grid):
    place = tmp_path / "experiments" / "mine" / "figures.txt"
    place.unlink()
    (tmp_path / grid.figures.manifest).unlink()
    with pytest.raises(RuntimeError), publishing(tmp_path, grid.figures):
        raise RuntimeError
    assert not os.path.lexists(place)


def test_reports_of_another_configuration_are_hidden_by_their_links_alone(tmp_path: Path, grid: Grid):
    folder = tmp_path / "experiments" / "mine"
    (folder / "config.json").write_text("{}")
    (folder / ".tables.txt.7").symlink_to("a link that another process is about to set")
    raw = grid.config.model_dump(mode="json", exclude_unset=True)
    other = Grid(parse(raw | {"report": {"samples": 200}}), Words())
    assert other.tables.path != grid.tables.path
    store_links.show(tmp_path, other)
    shown = sorted(file.name for file in folder.iterdir() if "~" not in file.name)
    assert shown == [".tables.txt.7", "collect.txt", "config.json"]
    assert finished(tmp_path, grid.tables)


def test_the_files_of_a_result_keep_their_names():
    """They stand in no fingerprint: under other names, results that are there would not be found."""
    assert (SPEC, MANIFEST, TRAINING_RECORD) == ("spec.json", "manifest.json", "training.json")
