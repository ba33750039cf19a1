"""`verify` reads each byte again, and names each deviation with what to do."""

import errno
import json
import os
from pathlib import Path

import pytest
from fabricated import World, of_step

from xstilts.experiments import open_grid
from xstilts.fingerprints import spec
from xstilts.fingerprints.spec import FileHashes, _state
from xstilts.grid import Grid
from xstilts.inspection import verification
from xstilts.steps.entry import Entry
from xstilts.store.entries import finished, pending
from xstilts.store.weights import remove_weights

pytestmark = pytest.mark.thorough


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A finished experiment whose encoder and Tatoeba are there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toy").mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (tmp_path / "toy" / name).write_text("{}")
    (tmp_path / "data" / "tatoeba").mkdir(parents=True)
    for name in ("deu", "eng"):
        (tmp_path / "data" / "tatoeba" / f"tatoeba.deu-eng.{name}").write_text("one\n")
    made = World(tmp_path)
    made.finish(open_grid(made.config()).entries.values())
    return made


def exchange(world: World, path: str, text: str) -> None:
    """Give a file other bytes in such a way that no state tells: what is remembered is remembered of the new one."""
    file = (world.folder / path).resolve()
    memory = world.store / ".cache" / "sha256.json"
    before = FileHashes(Path("no memory")).of(file)
    file.write_text(text)
    known = json.loads(memory.read_text()) if memory.exists() else {}
    memory.write_text(json.dumps({**known, str(file): [_state(file.stat()), before]}))


def test_everything_is_read_and_found_in_order(world: World):
    run = world.run("verify", world.file())
    assert (run.returncode, run.stderr) == (0, "")
    entries = len(world.real().entries)
    assert run.stdout.splitlines() == [
        "5 input files read, 0 with differences",
        f"{entries} entries of the store read, 0 with differences",
    ]


@pytest.mark.parametrize(
    "path, steps",
    [
        ("data/tatoeba/tatoeba.deu-eng.deu", {"read_task", "encode_task", "predict", "score"}),
        ("toy/model.safetensors", {"train_stage", "predict", "score"}),
    ],
    ids=["a test file", "an encoder"],
)
def test_an_input_that_was_exchanged_unnoticed_is_named_with_the_results_that_stand_on_it(
    world: World, path: str, steps: set[str]
):
    exchange(world, path, "[]" if "toy" in path else "two\n")
    assert pending(world.store, open_grid(world.config())) == {}
    run = world.run("verify", world.file())
    assert run.returncode == 1
    assert f"{path} has different content, although its size and dates are unchanged" in run.stdout
    assert "5 input files read, 1 with differences" in run.stdout
    assert run.stderr.startswith("error: 1 difference.\n")
    # From now on it is seen.
    waiting = pending(world.store, open_grid(world.config()))
    assert {entry.step for entry in waiting.values()} >= steps
    doubtful = set(world.store.rglob("manifest.json")) - {
        world.store / entry.manifest for entry in open_grid(world.config()).entries.values()
    }
    assert f"{len(doubtful)} results are named after the recorded content" in run.stderr
    assert {line.strip() for line in run.stderr.splitlines()[2:]} == {str(file) for file in doubtful}
    assert world.run("verify", world.file()).returncode == 0


def spoil(file: Path) -> None:
    file.write_text(file.read_text().upper())


def below(grid: Grid, entry: Entry) -> list[Entry]:
    """An entry and all that is made from it, directly or not."""

    def rests(other: Entry) -> bool:
        return other.path == entry.path or any(map(rests, other.inputs.values()))

    return [other for other in grid.entries.values() if rests(other)]


DAMAGE = {
    "another byte": (spoil, "was changed"),
    "lost": (Path.unlink, "is missing"),
    "cut off": (lambda file: os.truncate(file, 3), "was changed"),
}


@pytest.mark.parametrize("harm, said", DAMAGE.values(), ids=DAMAGE.keys())
@pytest.mark.parametrize("step", ["read_task", "train_stage", "score", "tables"])
def test_a_file_of_a_result_that_is_not_as_it_was_written_is_named(world: World, step: str, harm, said: str):
    entry = of_step(open_grid(world.config()), step)[-1]
    file = world.store / entry.path / "content.txt"
    harm(file)
    run = world.run("verify", world.file())
    assert run.returncode == 1
    assert f"{file} {said}" in run.stdout
    assert "error: 1 difference." in run.stderr
    for listed in run.stderr.splitlines()[2:]:
        Path(listed.strip()).unlink()
    waiting = pending(world.store, open_grid(world.config()))
    # What was made from it is rebuilt too, or else the reports would be enough for Snakemake.
    assert entry.path in waiting
    assert {e.path for e in waiting.values()} == {e.path for e in below(open_grid(world.config()), entry)}


def test_a_manifest_that_was_cut_off_is_named(world: World):
    entry = of_step(open_grid(world.config()), "score")[0]
    os.truncate(world.store / entry.manifest, 20)
    run = world.run("verify", world.file())
    assert run.returncode == 1
    assert f"{world.store / entry.manifest} is truncated" in run.stdout


def test_what_the_disk_does_not_give_back_is_named(world: World, monkeypatch: pytest.MonkeyPatch):
    grid, error = open_grid(world.config()), os.strerror(errno.EIO)
    sha256, broken = spec.sha256, (world.folder / "toy" / "config.json", world.store / grid.tables.path / "content.txt")

    def read(path: Path) -> str:
        if path.resolve() in broken:
            raise OSError(errno.EIO, error, str(path))
        return sha256(path)

    monkeypatch.setattr(spec, "sha256", read)
    found = [*verification.inputs([grid]), *verification.entries(world.store, grid.entries.values())]
    problems = {file.resolve(): text for one in found for file, text in one.problems.items()}
    assert problems == dict.fromkeys(broken, f"cannot be read ({error})")


def test_weights_that_were_removed_and_what_is_not_made_yet_are_no_difference(world: World):
    grid = open_grid(world.config())
    remove_weights(world.store, of_step(grid, "train_stage")[0])
    (world.store / of_step(grid, "score")[0].manifest).unlink()
    run = world.run("verify", world.file())
    assert run.returncode == 0
    assert f"{len(grid.entries) - 1} entries of the store read" in run.stdout


def test_what_several_configurations_share_is_read_once_and_stores_are_read_one_at_a_time(world: World):
    other = world.file("other", experiment="other")
    run = world.run("verify", world.file(), other)
    assert run.returncode == 0
    assert "5 input files read" in run.stdout
    assert f"{len(world.real().entries)} entries of the store read" in run.stdout
    elsewhere = world.folder / "elsewhere.yaml"
    elsewhere.write_text("store: elsewhere\n")
    assert "error: the configurations have different stores" in world.run("verify", world.file(), elsewhere).stderr
    assert finished(world.store, world.real().tables)


def test_the_input_files_of_every_configuration_are_read(world: World):
    (world.folder / "data" / "tatoeba" / "tatoeba.rus-eng.rus").write_text("one\n")
    (world.folder / "data" / "tatoeba" / "tatoeba.rus-eng.eng").write_text("one\n")
    other = world.file("other", experiment="other", languages=["en", "de", "ru"])
    exchange(world, "data/tatoeba/tatoeba.rus-eng.rus", "two\n")
    run = world.run("verify", world.file(), other)
    assert run.returncode == 1
    assert "7 input files read, 1 with differences" in run.stdout
