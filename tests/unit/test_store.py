"""The store on disk: entries appear whole or not at all, and only what is missing is made."""

import errno
import hashlib
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from xstilts import store
from xstilts.config import Config, ConfigError, Encoder, parse
from xstilts.errors import UserError
from xstilts.grid import Entry, Grid
from xstilts.inspection.progress import holder, lock_file
from xstilts.store import FileIdentity, finished, pending, planned, publishing
from xstilts.tasks.base import Task
from xstilts.training.resume import exclusive

BESIDE = {"manifest.json", "spec.json"}
ENTRY = Entry("read_task", "data/xnli~0123", {"task": "xnli"}, {}, "data/xnli~0123/manifest.json")
CHECKPOINT = {
    "config.json": "{}",
    "model.safetensors": "weights",
    "tokenizer.json": "words",
    "tokenizer_config.json": "settings",
    "sentencepiece.bpe.model": "pieces",
}


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
    assert json.loads(found["spec.json"]) == ENTRY.spec
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
    seen, write = {}, store.write_json

    def watch(path: Path, value: object) -> None:
        seen[path.name] = finished(tmp_path, ENTRY), set(files(tmp_path / ENTRY.path))
        write(path, value)

    monkeypatch.setattr(store, "write_json", watch)
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


def test_the_state_and_the_lock_of_a_training_lie_on_the_disk_of_its_model(tmp_path: Path):
    (tmp_path / "other disk").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "other disk")
    state = store.scratch(tmp_path, ENTRY, store.TRAINING)
    for place in (state, lock_file(tmp_path, ENTRY)):
        assert place.parent.resolve().is_relative_to(tmp_path / "other disk")
    with exclusive(state):
        assert holder(lock_file(tmp_path, ENTRY)) == f"pid {os.getpid()} on {socket.gethostname()}"
    assert list((tmp_path / ENTRY.path).iterdir()) == []


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


NEEDY = Entry("encode_task", "features/xnli~0", {}, {"data": ENTRY}, "features/xnli~0/manifest.json")
"""What is made from the entry."""


@pytest.mark.parametrize("text", [None, "row", "rows and more"], ids=["missing", "cut off", "swollen"])
@pytest.mark.parametrize("file", ["rows.txt", "spec.json"])
def test_an_entry_with_a_file_of_another_size_is_not_finished(made: Path, tmp_path: Path, file: str, text: str | None):
    (made / file).unlink() if text is None else (made / file).write_text(text)
    assert not finished(tmp_path, ENTRY)


@pytest.mark.parametrize("text", ["", '{"files": {', "{}"], ids=["empty", "cut off", "of nothing"])
def test_a_manifest_that_lists_no_files_finishes_nothing(made: Path, tmp_path: Path, text: str):
    (made / "manifest.json").write_text(text)
    assert not finished(tmp_path, ENTRY)


def test_a_touched_entry_is_finished(made: Path, tmp_path: Path):
    os.utime(made / "rows.txt", (1, 1))
    assert finished(tmp_path, ENTRY)


def test_an_entry_that_lost_a_file_is_damaged_and_can_be_set_aside(made: Path, tmp_path: Path):
    assert not store.damaged(tmp_path, ENTRY)
    (made / "rows.txt").unlink()
    assert store.damaged(tmp_path, ENTRY)
    store.set_aside(tmp_path, ENTRY)
    assert not store.damaged(tmp_path, ENTRY)
    assert sorted(file.name for file in made.iterdir()) == ["manifest.json.damaged", "spec.json"]


def test_a_job_reads_files_that_are_as_they_were_written(made: Path, tmp_path: Path):
    store.require_intact(tmp_path, NEEDY)


def test_a_job_refuses_a_file_with_another_byte_and_says_what_to_delete(made: Path, tmp_path: Path):
    (made / "rows.txt").write_text("raws")
    assert finished(tmp_path, ENTRY)
    with pytest.raises(UserError, match=r"rows\.txt is not as it was written.* Delete \S+/manifest\.json and start"):
        store.require_intact(tmp_path, NEEDY)


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
    assert store.damaged(tmp_path, ENTRY)


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
    store.set_aside(tmp_path, ENTRY)
    with publishing(tmp_path, ENTRY) as draft:
        (draft.folder / "rows.txt").write_text("rows", encoding="utf-8")
    assert finished(tmp_path, ENTRY)


def test_a_note_that_is_not_in_a_manifest_is_asked_for_with_its_file_and_what_to_do(tmp_path: Path):
    with publishing(tmp_path, ENTRY) as draft:
        draft.notes["train.en"] = {"warning": "few"}
    assert store.noted(tmp_path, ENTRY.path, "train.en") == {"warning": "few"}
    for name in ("train.en", "dev.en"):
        with pytest.raises(
            UserError, match=rf"manifest\.json: found .* expected a note on '{name}' with 'rows'. Delete"
        ):
            store.noted(tmp_path, ENTRY.path, name, "rows")


# What is still to be made


@dataclass(frozen=True)
class Constant:
    """An identity in which nothing ever changes."""

    def code(self, *modules: str) -> str:
        return ""

    def split(self, task: Task, split: str, lang: str, config: Config) -> dict:
        return {}

    def encoder(self, name: str, encoder: Encoder) -> dict:
        return {}

    def tokenizer(self, name: str, encoder: Encoder) -> dict:
        return {}

    def longest(self, encoder: Encoder) -> int | None:
        return None


@pytest.fixture
def grid() -> Grid:
    """Two cells: XNLI without an intermediate and after SQuAD."""
    cells = {"encoders": ["toy"], "intermediates": ["none", "squad_v1"], "targets": ["xnli"]}
    return Grid(parse({"grid": cells, "encoders": {"toy": {"path": "toy"}}}), Constant())


@pytest.fixture
def full(grid: Grid, tmp_path: Path) -> Path:
    """A store in which every entry of the grid is finished."""
    for entry in grid.entries.values():
        with publishing(tmp_path, entry):
            pass
    return tmp_path


def lose(folder: Path, *entries: Entry) -> set[str]:
    """Delete manifests; return the paths of their entries."""
    for entry in entries:
        (folder / entry.manifest).unlink()
    return {entry.path for entry in entries}


def reports(grid: Grid) -> list[Entry]:
    return [entry for entry in grid.entries.values() if "experiment" in entry.about]


def test_everything_is_pending_in_an_empty_store(grid: Grid, tmp_path: Path):
    assert pending(tmp_path, grid) == grid.entries


def test_nothing_is_pending_in_a_full_store(grid: Grid, full: Path):
    assert pending(full, grid) == {}


def test_only_what_needs_a_lost_entry_is_pending_with_it(grid: Grid, full: Path):
    cell = grid.cells[1]
    lost = lose(full, cell.predictions, cell.scores, *reports(grid))
    assert pending(full, grid).keys() == lost


def test_an_entry_that_nothing_unfinished_needs_is_not_made_again(grid: Grid, full: Path):
    cell = grid.cells[1]
    lose(full, cell.predictions.inputs["model"], cell.predictions.inputs["features"])
    assert pending(full, grid) == {}
    wanted = lose(full, cell.scores, *reports(grid))
    assert pending(full, grid).keys() == wanted


def test_a_lost_model_is_made_again_from_what_is_there(grid: Grid, full: Path):
    cell = grid.cells[1]
    model = cell.predictions.inputs["model"]
    lost = lose(full, model, cell.predictions, cell.scores, *reports(grid))
    assert pending(full, grid).keys() == lost
    lost |= lose(full, model.inputs["parent"])
    assert pending(full, grid).keys() == lost


def test_a_job_finds_the_entry_that_it_was_started_for(grid: Grid):
    path = grid.cells[0].scores.path
    assert planned(grid, path) == grid.cells[0].scores


def test_a_job_for_a_name_that_stands_for_nothing_any_more_says_what_happened(grid: Grid):
    with pytest.raises(UserError, match=r"data/xnli~000 .* changed since the run was planned.* start snakemake again"):
        planned(grid, "data/xnli~000")


# What files stand for


def checkpoint(folder: Path, **changes: str) -> Encoder:
    """A folder with the files of an encoder; `changes` have the names of files up to the first dot."""
    folder.mkdir(parents=True)
    for name, text in CHECKPOINT.items():
        (folder / name).write_text(changes.get(name.partition(".")[0], text))
    return Encoder(path=folder)


def identity(folder: Path) -> FileIdentity:
    """An identity that remembers nothing."""
    return FileIdentity(folder / "no memory")


def test_an_encoder_that_was_moved_touched_or_documented_is_the_same(tmp_path: Path):
    here = identity(tmp_path)
    before = here.encoder("toy", checkpoint(tmp_path / "one"))
    shutil.move(tmp_path / "one", tmp_path / "two")
    (tmp_path / "two" / "README.md").write_text("what it is")
    for file in (tmp_path / "two").iterdir():
        os.utime(file, (1, 1))
    assert here.encoder("renamed", Encoder(path=tmp_path / "two")) == before


@pytest.mark.parametrize("file", ["config", "model", "tokenizer", "tokenizer_config", "sentencepiece"])
def test_an_encoder_with_another_byte_is_another(tmp_path: Path, file: str):
    here = identity(tmp_path)
    one, other = checkpoint(tmp_path / "one"), checkpoint(tmp_path / "other", **{file: "!"})
    assert here.encoder("toy", one) != here.encoder("toy", other)


def test_encoders_of_two_sizes_may_have_the_same_tokenizer(tmp_path: Path):
    here = identity(tmp_path)
    sizes = ('{"model_type": "bert", "hidden_size": 768}', '{"hidden_size": 1024, "model_type": "bert"}')
    base, large = (checkpoint(tmp_path / size, config=size, model=size) for size in sizes)
    assert here.tokenizer("base", base) == here.tokenizer("large", large)


@pytest.mark.parametrize("file", ["tokenizer", "tokenizer_config", "sentencepiece"])
def test_a_tokenizer_with_another_byte_is_another(tmp_path: Path, file: str):
    here = identity(tmp_path)
    one, other = checkpoint(tmp_path / "one"), checkpoint(tmp_path / "other", **{file: "!"})
    assert here.tokenizer("toy", one) != here.tokenizer("toy", other)


@pytest.mark.parametrize("key", ["tokenizer_class", "model_type"])
def test_a_tokenizer_of_another_class_is_another(tmp_path: Path, key: str):
    here = identity(tmp_path)
    one, other = (checkpoint(tmp_path / name, config=json.dumps({key: name})) for name in ("one", "other"))
    assert here.tokenizer("toy", one) != here.tokenizer("toy", other)


VOCABULARIES = (
    *("spiece.model", "spm.model", "source.spm", "tokenizer.model", "tekken.json", "byte_vocab.bin", "emoji.json"),
    *("vocab.txt", "vocab.json", "merges.txt", "chat_template.jinja", "tokenization_own.py", "dict.tsv", "bpe.codes"),
)
NO_TOKENIZER = (
    *("README.md", "LICENSE.txt", "logo.png", ".gitattributes", ".DS_Store", "1_Pooling/config.json", "onnx/vocab.txt"),
    *("model.safetensors", "model-00001-of-00002.safetensors", "model.safetensors.index.json", "heads.safetensors"),
    *("pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack", "model.onnx"),
    *("training_args.bin", "optimizer.pt", "generation_config.json", "training.json", "manifest.json", "spec.json"),
    *("modules.json", "sentence_bert_config.json"),
)


def with_file(folder: Path, name: str, text: str) -> Encoder:
    """An encoder of which one file has this text."""
    encoder = checkpoint(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return encoder


@pytest.mark.parametrize("name", VOCABULARIES)
def test_whatever_may_be_a_vocabulary_counts(tmp_path: Path, name: str):
    here = identity(tmp_path)
    found = [here.tokenizer("toy", with_file(tmp_path / text, name, text)) for text in ("one", "other")]
    assert found[0] != found[1]
    assert here.encoder("toy", Encoder(path=tmp_path / "one")) != here.encoder("toy", Encoder(path=tmp_path / "other"))


@pytest.mark.parametrize("name", NO_TOKENIZER)
def test_weights_documentation_and_what_is_said_of_the_model_alone_do_not(tmp_path: Path, name: str):
    here = identity(tmp_path)
    found = [here.tokenizer("toy", with_file(tmp_path / text, name, text)) for text in ("one", "other")]
    assert found[0] == found[1]


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_config_that_is_no_json_object_is_named(tmp_path: Path, text: str):
    with pytest.raises(UserError, match=r"toy/config\.json: .*JSON"):
        identity(tmp_path).tokenizer("toy", checkpoint(tmp_path / "toy", config=text))


def test_a_repository_of_the_hub_is_its_commit(tmp_path: Path):
    here, commits = identity(tmp_path), ("a" * 40, "b" * 40)
    one, other = (Encoder(repository="x/y", revision=commit) for commit in commits)
    assert here.encoder("toy", one) == here.encoder("again", one) != here.encoder("toy", other)


def test_a_run_is_refused_without_its_encoder_but_a_plan_is_not(tmp_path: Path):
    toy = {"grid": {"encoders": ["toy"], "targets": ["tatoeba"]}, "encoders": {"toy": {"path": str(tmp_path / "toy")}}}
    config = parse({**toy, "store": str(tmp_path / "results"), "data": str(tmp_path / "data")})
    assert store.open_grid(config).cells
    with pytest.raises(ConfigError, match=r"'encoders\.toy\.path'.*found '.*/toy'"):
        store.require_encoders(config)
    checkpoint(tmp_path / "toy")
    store.require_encoders(config)
