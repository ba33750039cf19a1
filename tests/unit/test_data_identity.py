"""The identity of the files of a split: their bytes and how they are read, or the pinned location."""

import hashlib
from pathlib import Path

import pytest

from xstilts import tasks
from xstilts.config import parse
from xstilts.fingerprints.spec import FileHashes
from xstilts.sources import files

ONE, TWO = "deu", "eng"
PATTERNS = ["tatoeba.{iso3}-eng.{iso3}", "tatoeba.{iso3}-eng.eng"]
SORTED = ["{lang}-en.{lang}", "{lang}-en.en"]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def write(folder: Path, names: tuple[str, str], *texts: str) -> Path:
    folder.mkdir(parents=True)
    for name, text in zip(names, texts, strict=True):
        (folder / name).write_text(text)
    return folder


def identity(folder: Path, name: str = "tatoeba", split: str = "test", lang: str = "de", **raw: object) -> dict:
    config = parse({"data": str(folder / "data"), **raw})
    return files.identity(tasks.load(name), split, lang, config, FileHashes(folder / "no memory"))


RELEASED, LAID_OUT = ("tatoeba.deu-eng.deu", "tatoeba.deu-eng.eng"), ("de-en.de", "de-en.en")


@pytest.mark.parametrize(("names", "layout"), [(RELEASED, PATTERNS), (LAID_OUT, SORTED)])
def test_files_are_their_layout_and_the_sha256_of_each_in_order(tmp_path: Path, names, layout):
    write(tmp_path / "data" / "tatoeba", names, ONE, TWO)
    assert identity(tmp_path) == {"layout": layout, "sha256": [sha(ONE), sha(TWO)]}


def test_files_are_the_same_wherever_they_lie(tmp_path: Path):
    write(tmp_path / "data" / "tatoeba", RELEASED, ONE, TWO)
    mine = write(tmp_path / "mine", RELEASED, ONE, TWO)
    assert identity(tmp_path) == identity(tmp_path, tasks={"tatoeba": {"folders": [str(mine)]}})
    swapped = write(tmp_path / "swapped", RELEASED, TWO, ONE)
    assert identity(tmp_path) != identity(tmp_path, tasks={"tatoeba": {"folders": [str(swapped)]}})


def test_where_there_are_no_files_it_is_said_what_was_looked_for(tmp_path: Path):
    write(tmp_path / "data" / "tatoeba", RELEASED, ONE, TWO)
    (tmp_path / "data" / "tatoeba" / RELEASED[0]).unlink()
    assert identity(tmp_path) == identity(tmp_path, lang="ru") == {"missing": [PATTERNS, SORTED]}


def test_what_is_on_the_hub_is_its_repository_its_commit_and_its_files(tmp_path: Path):
    assert identity(tmp_path, source="hub") == {
        "repository": "mteb/tatoeba-bitext-mining",
        "revision": "69e8f12da6e31d59addadda9a9c8a2e601a0e282",
        "files": ["test/deu-eng.jsonl.gz"],
    }
    assert identity(tmp_path, source="hub", lang="ru")["files"] == ["test/rus-eng.jsonl.gz"]


def test_what_is_in_an_archive_is_its_name_and_its_sha256(tmp_path: Path):
    found = identity(tmp_path, "bucc2018", "dev", source="hub")
    sha256 = "8e16ba8b02ef8d648b06adfbd6dfb188f43524e18f97b2b12a14a086caac62f3"
    assert found == {"archive": "bucc2018-de-en.sample", "sha256": sha256}


def test_what_is_made_here_has_another_entry_that_says_what_it_is(tmp_path: Path):
    assert identity(tmp_path, source="miniature") == {"source": "miniature"}


def test_a_task_that_pools_others_is_all_of_them(tmp_path: Path):
    found = identity(tmp_path, "anli_plus", "train", "en", source="hub")
    assert found.keys() == {"mnli", "snli", "anli"}
    for name, one in found.items():
        assert one == identity(tmp_path, name, "train", "en", source="hub")
    assert len({one["repository"] for one in found.values()}) == 3
