"""Any file gives a canonical table or an error that names the file, never another exception."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import MUTATIONS, mutated
from released import write
from test_task_table import TASKS
from valid_files import SEEDS, Seed

from xstilts import tasks
from xstilts.config import Miniature
from xstilts.errors import UserError
from xstilts.miniature import release as miniature
from xstilts.sources import formats, labels, reading, release
from xstilts.sources.columns import SCHEMAS
from xstilts.sources.release import Found

MODULES = (
    *("bitext", "ccg", "choices", "conllu", "nli", "pairs", "plain", "squad", "tagged"),
    *("hub.bitext", "hub.choices", "hub.pairs", "hub.questions", "hub.tagged"),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    """The files of the miniature."""
    folder = tmp_path_factory.mktemp("miniature")
    miniature.write(folder, Miniature(train=6, dev=3, test=3, pairs=2))
    return folder


@pytest.fixture(scope="module")
def seeds(world, tmp_path_factory) -> dict[str, list[tuple[Seed, Path, dict[str, bytes]]]]:
    """For each module of readers the seeds that it reads, each with its folder and the content of its files."""
    found = {}
    for chosen in SEEDS.values():
        whole = chosen.locate(world / chosen.what[0])
        own = chosen.files or {str(path.relative_to(whole.folder)): path.read_bytes() for path in whole.paths}
        folder = write(tmp_path_factory.mktemp("seed"), own)
        reader = chosen.locate(folder).layout.read
        found.setdefault(reader.__module__.removeprefix(f"{formats.__name__}."), []).append((chosen, folder, own))
    return found


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


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("profile", [None, pytest.param("long", marks=pytest.mark.slow)], ids=["quick", "long"])
def test_spoilt_files_are_read_or_refused(seeds, module, profile):
    @settings(settings.get_profile(profile) if profile else settings())
    @given(st.data(), MUTATIONS, st.sampled_from([None, None, 1, 2]))
    def check(data: st.DataObject, mutations: list, limit: int | None):
        chosen, folder, files = data.draw(st.sampled_from(seeds[module]))
        name = data.draw(st.sampled_from(sorted(files)))
        (folder / name).write_bytes(mutated(name, files[name], mutations))
        try:
            read(chosen.locate(folder), chosen.what[2], limit)
        except UserError as refusal:
            message = str(refusal)
        else:
            message = str(folder)
        finally:
            (folder / name).write_bytes(files[name])
        assert str(folder) in message

    check()


@pytest.mark.parametrize("module", MODULES)
def test_files_that_are_right_are_read(seeds, module):
    for chosen, folder, _ in seeds[module]:
        rows, _ = read(chosen.locate(folder), chosen.what[2], None)
        assert rows > 0


def test_every_reader_is_fuzzed(seeds):
    fuzzed = {chosen.locate(folder).layout.read for own in seeds.values() for chosen, folder, _ in own}
    known = list(map(tasks.load, TASKS))
    layouts = [one for task in known for of_split in task.splits.values() for one in of_split]
    layouts += [hub.layout for task in known for hub in task.hub]
    assert {layout.read for layout in layouts} == fuzzed
    assert set(MODULES) == set(seeds)
