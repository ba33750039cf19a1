"""Reading a damaged store gives an answer or an error that names the file; no damaged entry counts as finished."""

import json
import os
import shutil
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
from fabricated import SETTINGS, World
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from xstilts import experiments
from xstilts.errors import UserError
from xstilts.grid import Grid
from xstilts.paths import MANIFEST, SPEC
from xstilts.steps.entry import Entry
from xstilts.store import drafts, jsonfiles, links
from xstilts.store.entries import finished

pytestmark = pytest.mark.thorough

SMALL = {"grid": {**SETTINGS["grid"], "intermediates": ["none", "mnli"], "targets": ["xnli", "tatoeba"]}}
SCORES = {"split": "test", "languages": {"en": {"n": 2, "scores": {"accuracy": 50.0}, "main_score": 50.0}}}
OUTSIDE = "outside"
TEXTS = [
    "",
    "{",
    "[]",
    "null",
    "0",
    '""',
    "{}",
    '{"files": {}, "sizes": {}}',
    '{"files": 1, "sizes": {"spec.json": 1}}',
]
NAMES = ["notes.txt", "x~0123456789ab", "x~0123456789ab\n", "~", "seed-1", "*", "a b", "ü", "\udcff", "-rf", MANIFEST]


@pytest.fixture(scope="module")
def finished_world(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Grid]:
    """A finished experiment as a command sees it, with what jobs that were killed have left."""
    with pytest.MonkeyPatch.context() as patch:
        world = World(tmp_path_factory.mktemp("world"))
        patch.chdir(world.folder)
        grid = experiments.open_grid(world.config(**SMALL))
        world.finish(grid.entries.values(), measured={"seconds": 1.0, "examples": 8, "device": "cpu"})
        for cell in grid.cells:
            with drafts.publishing(world.store, cell.scores) as draft:
                jsonfiles.write_json(draft.folder / "scores.json", SCORES)
        left = world.store / "experiments" / "mine" / "config.json"
        jsonfiles.write_json(left, grid.config.model_dump(mode="json", exclude_unset=True))
        yield world, grid


@contextmanager
def copied(world: World, place: Path) -> Iterator[Path]:
    """The store as it was, in the place that the configuration says."""
    shutil.rmtree(world.store, ignore_errors=True)
    shutil.copytree(place, world.store, symlinks=True)
    yield world.store


def remove(file: Path, data: st.DataObject) -> None:
    shutil.rmtree(file) if file.is_dir() and not file.is_symlink() else file.unlink()


def cut(file: Path, data: st.DataObject) -> None:
    if file.is_file():
        content = file.read_bytes()
        file.write_bytes(content[: data.draw(st.integers(0, max(0, len(content) - 1)))])


def swell(file: Path, data: st.DataObject) -> None:
    if file.is_file():
        file.write_bytes(file.read_bytes() + b"\0" * data.draw(st.integers(1, 9)))


def rot(file: Path, data: st.DataObject) -> None:
    """Zeros in the place of the second half."""
    if file.is_file():
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2].ljust(len(content), b"\0"))


def become_a_folder(file: Path, data: st.DataObject) -> None:
    remove(file, data)
    file.mkdir()
    if data.draw(st.booleans()):
        (file / "inside").write_text("x")


def become_a_link(file: Path, data: st.DataObject) -> None:
    remove(file, data)
    target = data.draw(st.sampled_from(["nowhere", file.name, "..", str(file.parent / OUTSIDE), "/dev/null"]))
    file.symlink_to(target)


def become_another_text(file: Path, data: st.DataObject) -> None:
    if file.is_file():
        file.write_text(data.draw(st.sampled_from(TEXTS)), encoding="utf-8")


def get_a_neighbour(file: Path, data: st.DataObject) -> None:
    place = file.parent / data.draw(st.sampled_from(NAMES))
    if not os.path.lexists(place):
        if data.draw(st.booleans()):
            place.mkdir()
            (place / MANIFEST).write_text(data.draw(st.sampled_from(TEXTS)), encoding="utf-8")
        else:
            place.write_text("mine", encoding="utf-8")


def lose_a_note(file: Path, data: st.DataObject) -> None:
    if file.name in (MANIFEST, SPEC, "config.json") and file.is_file():
        try:
            content = json.loads(file.read_bytes())
        except ValueError:
            return
        if isinstance(content, dict) and content:
            key = data.draw(st.sampled_from(sorted(content)))
            change = data.draw(st.sampled_from([None, 0, [], {}, "text", "remove"]))
            content |= {key: change}
            if change == "remove":
                del content[key]
            file.write_text(json.dumps(content), encoding="utf-8")


LOOKS = (
    ("status",),
    ("status", "--json"),
    ("plan",),
    ("prune",),
    ("prune", "--experiments"),
    ("adopt", "--because", "nothing"),
    ("table",),
)
"""Commands that change nothing."""

DAMAGES: list[Callable[[Path, st.DataObject], None]] = [
    remove,
    cut,
    swell,
    rot,
    become_a_folder,
    become_a_link,
    become_another_text,
    get_a_neighbour,
    lose_a_note,
]


def state(folder: Path) -> dict[str, object]:
    """Everything below a folder: the content of files, the targets of links."""
    found: dict[str, object] = {}
    for place in folder.rglob("*"):
        name = str(place.relative_to(folder))
        if place.is_symlink():
            found[name] = place.readlink()
        elif place.is_file():
            found[name] = place.read_bytes()
    return found


def asked(command: str, *arguments: str) -> str | None:
    """A command in this process; the mistake that it ends with."""
    module, parser = import_module(f"xstilts.commands.{command}"), ArgumentParser()
    module.add_arguments(parser)
    try:
        with redirect_stdout(StringIO()):
            module.run(parser.parse_args([*arguments, "--directory", "."]))
    except UserError as error:
        return str(error)
    return None


def as_written(store: Path, entry: Entry, pristine: dict[str, object]) -> bool:
    """Whether all that an entry consists of is there with its size, going by what was written."""
    prefix = f"{entry.path}/"
    own = {name: content for name, content in pristine.items() if name.startswith(prefix)}
    manifest = json.loads(own[f"{prefix}{MANIFEST}"])
    for name in manifest["files"]:
        file = store / entry.path / name
        if not file.is_file() or file.stat().st_size != len(own[f"{prefix}{name}"]):
            return False
    return True


# A store takes minutes to shrink, and four damages are few enough to read.
@settings(phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(data=st.data())
def test_a_damaged_store_is_looked_at_without_an_error_and_counts_no_damage(finished_world, tmp_path_factory, data):
    world, grid = finished_world
    pristine = tmp_path_factory.getbasetemp() / "pristine"
    if not pristine.exists():
        shutil.copytree(world.store, pristine, symlinks=True)
    was = state(pristine)
    with copied(world, pristine) as store, pytest.MonkeyPatch.context() as patch:
        patch.chdir(world.folder)
        for _ in range(data.draw(st.integers(1, 4))):
            places = sorted((*store.rglob("*"), *store.glob(".cache/*")), key=str)
            if places:
                data.draw(st.sampled_from(DAMAGES))(data.draw(st.sampled_from(places)), data)
        for entry in grid.entries.values():
            if finished(store, entry):
                assert as_written(store, entry, was), entry.path
        before = state(store)
        file = str(world.file(**SMALL))
        for command, *options in data.draw(st.lists(st.sampled_from(LOOKS), min_size=2, max_size=2, unique=True)):
            if (mistake := asked(command, file, *options)) is not None:
                assert str(store) in mistake or "'mine'" in mistake
        assert {name: text for name, text in state(store).items() if ".cache/" not in name} == {
            name: text for name, text in before.items() if ".cache/" not in name
        }
        links.show(store, grid)
