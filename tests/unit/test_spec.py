"""What changes a fingerprint and what does not: settings, library versions, files."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest

from xstilts.fingerprints import spec


def test_settings_that_swap_their_values_are_noticed():
    assert spec.fingerprint({"a": 1, "b": 2}) != spec.fingerprint({"a": 2, "b": 1})


def test_the_order_of_keys_is_not_noticed():
    assert spec.fingerprint({"a": 1, "b": 2}) == spec.fingerprint({"b": 2, "a": 1})


def test_a_spec_is_json_without_blanks_with_sorted_keys_and_every_letter_as_it_is():
    assert spec.canonical({"b": [1, 2.5, None, True, "ü"], "a": {}}) == '{"a":{},"b":[1,2.5,null,true,"ü"]}'


def test_a_fingerprint_is_the_first_twelve_digits_of_the_sha256_of_that_text():
    # printf '%s' '{"a":{},"b":[1,2.5,null,true,"ü"]}' | sha256sum
    assert spec.fingerprint({"b": [1, 2.5, None, True, "ü"], "a": {}}) == "b05aa6cf133b"


def test_half_of_a_surrogate_pair_which_a_text_of_code_may_hold_has_a_fingerprint():
    # printf '"\xed\xa0\x80"' | sha256sum
    assert spec.fingerprint("\ud800") == "ee4a76500d4d"


# Libraries


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The libraries that are installed, and their versions."""
    versions: dict[str, str] = {}

    def version(name: str) -> str:
        if name not in versions:
            raise PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(spec, "version", version)
    spec.minor_version.cache_clear()
    yield versions
    spec.minor_version.cache_clear()


@pytest.mark.parametrize(
    "version, counted",
    [
        *[("2.13.1", "2.13"), ("2.13.2", "2.13"), ("2.13", "2.13"), ("2.13.0+cu130", "2.13"), ("2.14.0", "2.14")],
        *[("12.1.3", "12.1"), ("3", "3"), ("0.23.3rc1", "0.23")],
    ],
)
def test_a_library_counts_by_its_major_and_minor_version(installed: dict[str, str], version: str, counted: str):
    installed.update({"torch": version, "transformers": "5.23.0"})
    assert (spec.minor_version("torch"), spec.minor_version("transformers")) == (counted, "5.23")


def test_a_library_that_is_not_installed_is_absent(installed: dict[str, str]):
    installed["torch"] = "2.13.1"
    assert (spec.minor_version("seqeval"), spec.minor_version("torch")) == ("absent", "2.13")


# Files


def test_the_sha256_of_a_file_is_that_of_all_its_bytes(tmp_path: Path):
    # The vectors of FIPS 180-2: "abc", and a million times "a".
    for content, expected in (
        (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (b"a" * 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ):
        (tmp_path / "data").write_bytes(content)
        assert spec.sha256(tmp_path / "data") == expected


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A file."""
    (tmp_path / "data").write_text("one")
    return tmp_path / "data"


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """However young a file is, it counts as settled."""
    monkeypatch.setattr(spec, "SETTLED", -1.0)


@pytest.fixture
def look(tmp_path: Path) -> Callable[[Path], str]:
    """The sha256 of a file by what is remembered from one look to the next."""

    def hashed(file: Path) -> str:
        hashes = spec.FileHashes(tmp_path / "memory.json")
        found = hashes.of(file)
        hashes.save()
        return found

    return hashed


ONE, TWO = (hashlib.sha256(text).hexdigest() for text in (b"one", b"two"))


def in_place(file: Path) -> None:
    file.write_text("two")


def by_another_file(file: Path) -> None:
    file.with_name("other").write_text("two")
    file.with_name("other").replace(file)


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("write", [in_place, by_another_file])
def test_other_bytes_of_the_same_size_and_date_are_noticed(
    data: Path, look: Callable[[Path], str], write: Callable[[Path], None]
):
    os.utime(data, (1, 1))
    assert look(data) == ONE
    # No clock of a file system has smaller steps.
    time.sleep(0.05)
    write(data)
    os.utime(data, (1, 1))
    assert look(data) == TWO


@pytest.mark.usefixtures("settled")
def test_two_files_that_exchange_their_names_and_agree_in_size_and_dates_are_noticed(
    data: Path, look: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
):
    other = data.with_name("other")
    other.write_text("two")
    state = spec._state
    monkeypatch.setattr(spec, "_state", lambda status: [status.st_size, 1, 1, state(status)[3]])
    assert (look(data), look(other)) == (ONE, TWO)
    data.rename(data.with_name("third"))
    other.rename(data)
    assert look(data) == TWO


def test_a_file_that_was_just_changed_is_not_remembered_as_its_clock_may_not_tell_the_next_change(
    data: Path, look: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
):
    """On a file system whose clock stands still as long as the test runs."""
    monkeypatch.setattr(spec, "_state", lambda status: [status.st_size, 1, 1, 1])
    assert look(data) == ONE
    in_place(data)
    assert look(data) == TWO
    assert not (data.parent / "memory.json").exists()


@pytest.mark.parametrize(
    "changed, dated, remembered",
    [
        (-61, -61, True),
        (-60, -61, False),
        (-61, -60, False),
        (-61, 60, False),
        (-61, 61, True),
        (-3600, -3600, True),
        (-3600, -10, False),
        (-10, -3600, False),
        (-3600, 1e9, True),
        (-3, 1e9, False),
        (3600, -1e9, False),
    ],
    ids=[
        *("a minute ago", "changed within it", "dated within it", "dated within the next", "dated after it"),
        "long ago",
        "just dated",
        "just changed",
        "dated ahead",
        "dated ahead just now",
        "by a clock that is ahead",
    ],
)
def test_only_what_was_changed_long_before_is_settled(changed: float, dated: float, remembered: bool):
    now = 1e9
    status = SimpleNamespace(st_ctime=now + changed, st_mtime=now + dated)
    assert spec.is_settled(status, now) == remembered


@pytest.mark.parametrize("field", ["st_size", "st_mtime_ns", "st_ctime_ns", "st_ino"])
def test_a_file_is_hashed_anew_after_any_change_of_its_state(field: str):
    status = {"st_size": 1, "st_mtime_ns": 2, "st_ctime_ns": 3, "st_ino": 4}
    before, after = (spec._state(SimpleNamespace(**one)) for one in (status, {**status, field: 5}))
    assert before != after


def test_a_file_that_changes_while_it_is_read_is_not_remembered(
    data: Path, look: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(spec, "SETTLED", -1.0)
    sha256 = spec.sha256

    def slow(path: Path) -> str:
        found = sha256(path)
        path.write_text("three")
        return found

    monkeypatch.setattr(spec, "sha256", slow)
    look(data)
    monkeypatch.setattr(spec, "sha256", sha256)
    assert look(data) == hashlib.sha256(b"three").hexdigest()


def test_one_look_reads_a_young_file_once(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    hashes = spec.FileHashes(tmp_path / "memory.json")
    assert hashes.of(data) == ONE
    monkeypatch.setattr(spec, "sha256", lambda path: pytest.fail(f"{path} was read again"))
    assert hashes.of(data) == ONE


@pytest.mark.usefixtures("settled")
def test_a_touched_file_keeps_its_hash(data: Path, look: Callable[[Path], str]):
    assert look(data) == ONE
    os.utime(data, (1, 1))
    assert look(data) == ONE


@pytest.mark.usefixtures("settled")
def test_a_known_file_is_not_read_again(data: Path, look: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch):
    assert look(data) == ONE
    monkeypatch.setattr(spec, "sha256", lambda path: pytest.fail(f"{path} was read again"))
    assert look(data) == ONE


@pytest.mark.usefixtures("settled")
def test_a_file_is_remembered_by_its_place_however_one_gets_there(data: Path, look, monkeypatch: pytest.MonkeyPatch):
    (data.parent / "link").symlink_to(data)
    assert look(data.parent / "link") == ONE
    monkeypatch.setattr(spec, "sha256", lambda path: pytest.fail(f"{path} was read again"))
    monkeypatch.chdir(data.parent)
    assert look(Path("data")) == ONE
    assert json.loads((data.parent / "memory.json").read_text()).keys() == {str(data.resolve())}


@pytest.mark.usefixtures("settled")
def test_a_file_that_is_forgotten_is_read_again(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    hashes = spec.FileHashes(tmp_path / "memory.json")
    hashes.of(data)
    hashes.save()
    hashes.forget(data)
    hashes.save()
    monkeypatch.setattr(spec, "sha256", lambda path: TWO)
    assert spec.FileHashes(tmp_path / "memory.json").of(data) == TWO
    hashes.forget(tmp_path / "never seen")


def test_what_was_said_of_each_file_is_kept_until_the_look_ends(data: Path, tmp_path: Path):
    hashes = spec.FileHashes(tmp_path / "memory.json")
    hashes.of(data)
    assert hashes.answers == {data: ONE}
    in_place(data)
    os.utime(data, (1, 1))
    hashes.of(data)
    assert hashes.answers == {data: TWO}


# What is remembered


UNFIT = {
    "no list": "a" * 64,
    "too short": [["state"]],
    "too long": [["state"], "a" * 64, 1],
    "a hash that is none": [["state"], "a" * 63],
    "a hash that is too long": [["state"], "a" * 65],
    "no text": [["state"], ["a"] * 64],
}


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("remembered", UNFIT.values(), ids=UNFIT.keys())
def test_what_cannot_be_a_hash_is_not_believed_though_the_file_is_as_it_was(
    data: Path, look: Callable[[Path], str], remembered: object
):
    state = spec._state(data.stat())
    value = [state, *remembered[1:]] if isinstance(remembered, list) else remembered
    (data.parent / "memory.json").write_text(json.dumps({str(data): value, "other": [state, TWO]}))
    assert look(data) == ONE
    assert json.loads((data.parent / "memory.json").read_text()) == {str(data): [state, ONE], "other": [state, TWO]}


def test_a_hash_that_is_remembered_is_believed_while_the_file_is_as_it_was(data: Path, look: Callable[[Path], str]):
    (data.parent / "memory.json").write_text(json.dumps({str(data): [spec._state(data.stat()), TWO]}))
    assert look(data) == TWO


def test_a_memory_is_written_whole_or_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "deep" / "down" / "memory.json"
    memory = spec.Memory(file)
    memory.learn("key", ["ü"])
    memory.save()
    assert json.loads(file.read_text(encoding="utf-8")) == {"key": ["ü"]}

    def fail(self: Path, target: Path) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Path, "replace", fail)
    memory.learn("key", ["other"])
    memory.save()
    assert json.loads(file.read_text(encoding="utf-8")) == {"key": ["ü"]}
    assert list(file.parent.iterdir()) == [file]


def test_a_memory_is_written_beside_its_place_under_a_name_of_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    moved: list[tuple[str, str]] = []
    replace = Path.replace
    monkeypatch.setattr(
        Path, "replace", lambda self, target: (moved.append((str(self), str(target))), replace(self, target))
    )
    memory = spec.Memory(tmp_path / "memory.json")
    memory.learn("key", [1])
    memory.save()
    assert moved == [(str(tmp_path / f".memory.json.{os.getpid()}"), str(tmp_path / "memory.json"))]


def test_a_memory_that_learnt_nothing_new_writes_nothing(tmp_path: Path):
    memory = spec.Memory(tmp_path / "memory.json")
    memory.save()
    assert not memory.file.exists()
    assert memory.learn("key", [1]) == [1]
    memory.save()
    memory.file.unlink()
    memory.save()
    assert not memory.file.exists()
    assert memory.known == {"key": [1]}


BROKEN = ["", "{", "\0\0", "[]", "null", '{"key": 1}', '{"key": [1]}', '{"key": [[1, 2], 3]}', '{"key": ["a", [1]]}']


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("text", BROKEN)
def test_a_memory_that_is_broken_is_as_good_as_none(tmp_path: Path, text: str):
    file, memory = tmp_path / "data.txt", tmp_path / "memory.json"
    file.write_text("content", encoding="utf-8")
    memory.write_text(text.replace("key", str(file)), encoding="utf-8")
    hashes = spec.FileHashes(memory)
    assert hashes.of(file) == spec.sha256(file)
    hashes.save()
    assert json.loads(memory.read_text(encoding="utf-8"))[str(file)][1] == spec.sha256(file)


def test_a_memory_in_whose_place_a_folder_stands_is_as_good_as_none(tmp_path: Path):
    file, memory = tmp_path / "data.txt", tmp_path / "memory.json"
    file.write_text("content", encoding="utf-8")
    memory.mkdir()
    hashes = spec.FileHashes(memory)
    assert hashes.of(file) == spec.sha256(file)
    hashes.save()


def test_where_nothing_can_be_remembered_it_is_worked_out_again(tmp_path: Path):
    file, folder = tmp_path / "data", tmp_path / "no folder"
    file.write_text("one")
    folder.write_text("a file stands in its place")
    for _ in range(2):
        hashes = spec.FileHashes(folder / "memory.json")
        assert hashes.of(file) == spec.sha256(file)
        hashes.save()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "no folder"]


def test_planning_imports_neither_torch_nor_transformers():
    program = (
        "import sys, xstilts.store.entries, xstilts.grid; print(sorted({'torch', 'transformers'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "workflow")}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
