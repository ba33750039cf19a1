"""A file is read once between two boots, and never taken for unchanged when it is not."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from xstilts.fingerprints import spec
from xstilts.fingerprints.spec import sha256
from xstilts.steps.entry import Entry
from xstilts.store import entries, verified
from xstilts.store.drafts import publishing

TEXT, OTHER = "unchanged", "different"
assert len(TEXT) == len(OTHER)


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of this boot in a cache folder of the test, in which files of any age are remembered."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(verified, "BOOT", tmp_path / "boot")
    monkeypatch.setattr(spec, "SETTLED", -1.0)
    (tmp_path / "boot").write_text("one\n")
    return tmp_path / "cache" / "xstilts" / "verified" / "one"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "weights"
    written.write_text(TEXT)
    return written


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list:
    """A list that has one more item for each file that is read."""
    found, digest = [], hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *given: found.append(given) or digest(*given))
    return found


SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()


def test_an_unchanged_file_is_read_once(memory: Path, file: Path, reads: list):
    assert [verified.is_unchanged(file, SHA256) for _ in range(3)] == [True] * 3
    assert len(reads) == 1
    assert len(memory.read_text().splitlines()) == 1


def overwrite(file: Path) -> None:
    file.write_text(OTHER)


def overwrite_and_date_back(file: Path) -> None:
    status = file.stat()
    overwrite(file)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace_with_the_same_date(file: Path) -> None:
    status, beside = file.stat(), file.with_name("beside")
    beside.write_text(OTHER)
    os.utime(beside, ns=(status.st_atime_ns, status.st_mtime_ns))
    beside.replace(file)


def truncate(file: Path) -> None:
    os.truncate(file, 1)


@pytest.mark.parametrize("change", [overwrite, overwrite_and_date_back, replace_with_the_same_date, truncate])
def test_a_file_that_was_changed_after_it_was_remembered_is_noticed(
    memory: Path, file: Path, change: Callable[[Path], None]
):
    assert verified.is_unchanged(file, SHA256)
    change(file)
    assert not verified.is_unchanged(file, SHA256)


def test_another_expected_hash_is_not_that_which_was_verified(memory: Path, file: Path):
    assert verified.is_unchanged(file, SHA256)
    assert not verified.is_unchanged(file, hashlib.sha256(OTHER.encode()).hexdigest())


def test_a_file_that_differs_is_not_remembered(memory: Path, file: Path):
    file.write_text(OTHER)
    assert not verified.is_unchanged(file, SHA256)
    assert not memory.exists()


def test_a_file_that_was_changed_a_moment_ago_is_not_remembered(
    memory: Path, file: Path, reads: list, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(memory.parents[2]))
    monkeypatch.setattr(verified, "BOOT", file.with_name("boot"))
    assert spec.SETTLED > 2
    for seconds in (0, 2, 1000):
        # The time of the change of the inode cannot be set back.
        os.utime(file, (time.time() - seconds,) * 2)
        assert verified.is_unchanged(file, SHA256)
    assert not memory.exists()


def test_a_file_that_is_changed_while_it_is_read_is_not_remembered(
    memory: Path, file: Path, monkeypatch: pytest.MonkeyPatch
):
    digest = hashlib.file_digest

    def read(*given: object) -> object:
        found = digest(*given)
        overwrite(file)
        return found

    monkeypatch.setattr(hashlib, "file_digest", read)
    assert verified.is_unchanged(file, SHA256)
    assert not memory.exists()


def test_nothing_is_remembered_after_the_next_boot(memory: Path, file: Path, reads: list):
    assert verified.is_unchanged(file, SHA256)
    verified.BOOT.write_text("two\n")
    assert verified.is_unchanged(file, SHA256)
    assert len(reads) == 2


def no_boot(memory: Path) -> None:
    verified.BOOT.unlink()


def nothing(memory: Path) -> None:
    memory.unlink()


def rubbish(memory: Path) -> None:
    memory.write_bytes(b"\xff\x00")


def a_folder(memory: Path) -> None:
    memory.unlink()
    memory.mkdir()


@pytest.mark.parametrize("lose", [no_boot, nothing, rubbish, a_folder])
def test_without_a_memory_a_file_is_read_again(memory: Path, file: Path, reads: list, lose: Callable[[Path], None]):
    assert verified.is_unchanged(file, SHA256)
    lose(memory)
    assert verified.is_unchanged(file, SHA256)
    assert len(reads) == 2


def test_a_line_that_was_cut_off_does_no_harm(memory: Path, file: Path, reads: list):
    memory.parent.mkdir(parents=True)
    memory.write_text("0" * 30)
    for _ in range(3):
        assert verified.is_unchanged(file, SHA256)
    assert len(reads) == 2


APPEND = "import sys; from pathlib import Path; from xstilts.store import verified\n"
APPEND += "for n in range(200): verified._remember(Path(sys.argv[1]), sys.argv[2] * 64)"


def test_jobs_that_remember_at_the_same_time_lose_nothing(memory: Path):
    jobs = [subprocess.Popen([sys.executable, "-c", APPEND, str(memory), letter]) for letter in "abc"]
    assert [job.wait() for job in jobs] == [0, 0, 0]
    assert sorted(memory.read_text().splitlines()) == ["a" * 64] * 200 + ["b" * 64] * 200 + ["c" * 64] * 200


def test_the_inputs_of_a_second_job_are_not_read_and_a_verification_reads_all(
    memory: Path, tmp_path: Path, reads: list
):
    source = Entry("read_task", "data/xnli~0", {}, {}, "data/xnli~0/manifest.json")
    with publishing(tmp_path, source) as draft:
        (draft.folder / "content").write_text(TEXT)
    job = Entry("encode_task", "features/x~0", {}, {"data": source}, "")
    entries.require_intact(tmp_path, job)
    before = len(reads)
    entries.require_intact(tmp_path, job)
    assert len(reads) == before
    assert list(entries.altered(tmp_path, source)) == []
    assert len(reads) == before + len(list((tmp_path / source.path).iterdir())) - 1
    assert sha256(tmp_path / source.path / "content") == SHA256
