"""The store on disk: entries appear completely or not at all, and only missing ones are computed."""

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from xstilts.steps.entry import About, Entry
from xstilts.store import drafts, entries, jsonfiles
from xstilts.store.drafts import publishing
from xstilts.store.entries import finished

BESIDE = {"manifest.json", "spec.json"}
ENTRY = Entry("read_task", "data/xnli~0123", {"task": "xnli"}, {}, "data/xnli~0123/manifest.json", About(task="xnli"))


# Publishing


def files(folder: Path) -> dict[str, str]:
    """The content of every file below a folder."""
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_a_finished_entry_has_its_files_its_spec_and_a_manifest_with_their_hashes(tmp_path: Path):
    with publishing(tmp_path, ENTRY) as draft:
        (draft.folder / "predictions").mkdir()
        (draft.folder / "predictions" / "test-de.tsv").write_text("neutral\n")
        draft.notes["rows"] = 1
    found = files(tmp_path / ENTRY.path)
    manifest = json.loads(found.pop("manifest.json"))
    assert found.keys() == {"predictions/test-de.tsv", "spec.json"}
    assert found["predictions/test-de.tsv"] == "neutral\n"
    assert json.loads(found["spec.json"]) == {
        **ENTRY.spec,
        "entry": {"about": {"task": "xnli"}, "inputs": {}},
    }
    assert manifest["rows"] == 1
    assert manifest["files"] == {name: hashlib.sha256(text.encode()).hexdigest() for name, text in found.items()}
    assert manifest["sizes"] == {name: len(text) for name, text in found.items()}


def fail(folder: Path) -> None:
    """A job that stops half-way."""
    with publishing(folder, ENTRY) as draft:
        (draft.folder / "half.txt").write_text("half")
        raise ZeroDivisionError


def test_a_job_that_fails_leaves_nothing(tmp_path: Path):
    with pytest.raises(ZeroDivisionError):
        fail(tmp_path)
    assert files(tmp_path) == {}


def test_nothing_lies_among_the_entries_before_the_job_is_done(tmp_path: Path):
    with publishing(tmp_path, ENTRY) as draft:
        (draft.folder / "early.txt").write_text("early")
        assert list((tmp_path / ENTRY.path).iterdir()) == [draft.folder]
        assert draft.folder.name.startswith(".")


def test_a_file_that_only_its_owner_may_read_becomes_as_open_as_the_others(tmp_path: Path):
    with publishing(tmp_path, ENTRY) as draft:
        (draft.folder / "model.safetensors").touch(mode=0o600)
    modes = {file.name: file.stat().st_mode for file in (tmp_path / ENTRY.path).iterdir()}
    assert modes["model.safetensors"] == modes["manifest.json"]


def test_the_manifest_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    seen, write = {}, jsonfiles.write_json

    def watch(path: Path, value: object) -> None:
        seen[path.name] = finished(tmp_path, ENTRY), set(files(tmp_path / ENTRY.path))
        write(path, value)

    monkeypatch.setattr(drafts, "write_json", watch)
    with publishing(tmp_path, ENTRY) as draft:
        (draft.folder / "rows.txt").write_text("rows")
    assert seen["manifest.json"] == (False, {"rows.txt", "spec.json"})


def in_parts(folder: Path) -> None:
    """A job that writes into a folder below its own."""
    with publishing(folder, ENTRY) as draft:
        (draft.folder / "part").mkdir()
        (draft.folder / "part" / "rows.txt").write_text("rows")


@pytest.fixture
def disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for another disk: what is renamed into or out of it fails as between two disks."""
    other = tmp_path / "other disk"
    other.mkdir()

    def between(function: Callable) -> Callable:
        def rename(old: Path, new: Path, **options) -> None:
            places = [Path(path).parent.resolve().is_relative_to(other) for path in (old, new)]
            if len(set(places)) > 1:
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(old), None, str(new))
            function(old, new, **options)

        return rename

    for name in ("rename", "replace", "link"):
        monkeypatch.setattr(os, name, between(getattr(os, name)))
    return other


LINKS = ["data", ENTRY.path, "."]


@pytest.mark.parametrize("link", LINKS, ids=["a folder of the store", "the entry itself", "the store"])
def test_an_entry_may_lie_on_another_disk_than_the_rest_of_the_store(disks: Path, tmp_path: Path, link: str):
    place = tmp_path / "store" / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(disks)
    with publishing(tmp_path / "store", ENTRY) as draft:
        (draft.folder / "rows.txt").write_text("rows")
        assert draft.folder.resolve().is_relative_to(disks)
    assert finished(tmp_path / "store", ENTRY)
    assert {path.name for path in (tmp_path / "store" / ENTRY.path).iterdir()} == {"rows.txt", *BESIDE}


def test_an_entry_may_lie_on_a_real_other_disk(tmp_path: Path):
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no other disk here")
    with tempfile.TemporaryDirectory(dir=memory) as other:
        (tmp_path / "data").symlink_to(other)
        with publishing(tmp_path, ENTRY) as draft:
            (draft.folder / "rows.txt").write_text("rows")
        assert finished(tmp_path, ENTRY)


def test_a_file_that_cannot_be_moved_leaves_no_manifest(tmp_path: Path):
    (tmp_path / ENTRY.path).mkdir(parents=True)
    (tmp_path / ENTRY.path / "part").write_text("not a folder")
    with pytest.raises(OSError, match="part"):
        in_parts(tmp_path)
    assert not finished(tmp_path, ENTRY)


def test_an_entry_can_be_made_after_a_job_that_failed(tmp_path: Path):
    with pytest.raises(ZeroDivisionError):
        fail(tmp_path)
    with publishing(tmp_path, ENTRY):
        pass
    assert finished(tmp_path, ENTRY)


# Damage


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The folder of a finished entry with one file."""
    with publishing(tmp_path, ENTRY) as draft:
        (draft.folder / "rows.txt").write_text("rows")
    assert finished(tmp_path, ENTRY)
    return tmp_path / ENTRY.path


@pytest.mark.parametrize("text", [None, "row", "rows and more"], ids=["missing", "cut off", "swollen"])
@pytest.mark.parametrize("file", ["rows.txt", "spec.json"])
def test_an_entry_with_a_file_of_another_size_is_not_finished(made: Path, tmp_path: Path, file: str, text: str | None):
    (made / file).unlink() if text is None else (made / file).write_text(text)
    assert not finished(tmp_path, ENTRY)


def test_a_touched_entry_is_finished(made: Path, tmp_path: Path):
    os.utime(made / "rows.txt", (1, 1))
    assert finished(tmp_path, ENTRY)


def test_an_entry_that_lost_a_file_is_damaged_and_can_be_set_aside(made: Path, tmp_path: Path):
    assert not entries.damaged(tmp_path, ENTRY)
    (made / "rows.txt").unlink()
    assert entries.damaged(tmp_path, ENTRY)
    entries.set_aside(tmp_path, ENTRY)
    assert not entries.damaged(tmp_path, ENTRY)
    assert sorted(file.name for file in made.iterdir()) == ["manifest.json.damaged", "spec.json"]


SHAPES = [
    "",
    "{",
    "null",
    "[]",
    "{}",
    '{"files": {}, "sizes": {}}',
    '{"sizes": {"spec.json": 2}}',
    '{"files": 1, "sizes": 1}',
]


@pytest.mark.parametrize("text", SHAPES)
def test_a_manifest_that_no_job_has_written_makes_nothing_finished(tmp_path: Path, text: str):
    with publishing(tmp_path, ENTRY):
        pass
    (tmp_path / ENTRY.manifest).write_text(text, encoding="utf-8")
    assert not finished(tmp_path, ENTRY)
    assert entries.damaged(tmp_path, ENTRY)


@pytest.mark.parametrize("name", ["rows.txt", "manifest.json"])
def test_a_folder_or_a_lost_link_in_the_place_of_a_file_makes_nothing_finished(tmp_path: Path, name: str):
    with publishing(tmp_path, ENTRY) as draft:
        (draft.folder / "rows.txt").write_text("rows", encoding="utf-8")
    file = tmp_path / ENTRY.path / name
    file.unlink()
    file.symlink_to(file)
    assert not finished(tmp_path, ENTRY)
    file.unlink()
    file.mkdir()
    assert not finished(tmp_path, ENTRY)
    entries.set_aside(tmp_path, ENTRY)
    with publishing(tmp_path, ENTRY) as draft:
        (draft.folder / "rows.txt").write_text("rows", encoding="utf-8")
    assert finished(tmp_path, ENTRY)
