"""Whatever a file holds, it becomes a canonical table or an error that names the file: never anything else."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutations import MUTATIONS, mutated
from released import write
from valid_files import SEEDS

from xstilts import tasks
from xstilts.config import Miniature
from xstilts.errors import UserError
from xstilts.miniature import release as miniature
from xstilts.sources import labels, reading, release
from xstilts.sources.columns import SCHEMAS
from xstilts.sources.release import Found


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    """The files of the miniature."""
    folder = tmp_path_factory.mktemp("miniature")
    miniature.write(folder, Miniature(train=6, dev=3, test=3, pairs=2))
    return folder


@pytest.fixture
def seed(request, world, tmp_path_factory):
    """A seed, the folder of its files and their content."""
    chosen = SEEDS[request.param]
    files = chosen.files
    if not files:
        found = chosen.locate(world / chosen.what[0])
        files = {str(path.relative_to(found.folder)): path.read_bytes() for path in found.paths}
    return chosen, write(tmp_path_factory.mktemp("seed"), files), files


def read(found: Found, lang: str, limit: int | None) -> tuple[int, Counter]:
    """The number of rows, and of those left out; no field of a pair holds what separates fields."""
    left_out, task = Counter(), found.task
    table = reading.read([release.require_whole(found)], labels.listed(task, found), lang, limit, left_out)
    assert table.schema == SCHEMAS[task.kind]
    table.validate(full=True)
    if task.kind == "classification" and found.paths[0].suffix == ".tsv":
        texts = [text for column in ("text_a", "text_b") for text in table[column].to_pylist()]
        assert not any({"\t", "\n"} & {*text} for text in texts)
    return table.num_rows, left_out


@pytest.mark.parametrize("seed", SEEDS, indirect=True)
def test_spoilt_files_are_read_or_refused(seed):
    chosen, folder, files = seed

    @given(st.sampled_from(sorted(files)), MUTATIONS, st.sampled_from([None, None, 1, 2]))
    def check(name: str, mutations: list, limit: int | None):
        (folder / name).write_bytes(mutated(name, files[name], mutations))
        try:
            read(chosen.locate(folder), chosen.what[2], limit)
        except UserError as error:
            assert str(folder) in str(error)
        finally:
            (folder / name).write_bytes(files[name])

    check()


@pytest.mark.parametrize("seed", SEEDS, indirect=True)
def test_files_that_are_right_are_read(seed):
    chosen, folder, _ = seed
    rows, _ = read(chosen.locate(folder), chosen.what[2], None)
    assert rows > 0


def test_every_reader_is_fuzzed(world):
    found = {
        seed.locate(world / seed.what[0]).layout.read
        if not seed.files
        else next(layout.read for layout in _layouts(seed) if _has(layout, seed))
        for seed in SEEDS.values()
    }
    assert {layout.read for seed in SEEDS.values() for layout in _layouts(seed)} <= found


def _layouts(seed):
    task, split = tasks.load(seed.what[0]), seed.what[1]
    return [hub.layout for hub in task.hub if hub.split == split] if seed.on_hub else task.splits[split]


def _has(layout, seed) -> bool:
    from fnmatch import fnmatch

    names = release.file_names(layout, *seed.what[1:])
    return all(any(fnmatch(file, name) for file in seed.files) for name in names)
