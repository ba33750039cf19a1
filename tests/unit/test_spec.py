"""What a fingerprint notices and what it does not."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from xstilts import sourcecode, spec
from xstilts.errors import UserError
from xstilts.sourcecode import LOADERS, PACKAGE, ROOT, SourceCode
from xstilts.steps import REPORTS, RESULTS

LIBRARY = ROOT / PACKAGE
NAMED = {"tasks", "kinds", "metrics", "prediction", "retrieval.predict"}
"""What the grid names besides the commands of jobs, packages for the modules in them."""

SOURCE = '''"""A module."""
import os
from demo.helper import double


def area(width: int, height: int) -> int:
    """The area."""
    return double(width * height) // 2
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "shape.py").write_text(SOURCE)
    (folder / "helper.py").write_text("def double(x):\n    return 2 * x\n")
    (folder / "other.py").write_text("A = 1\n")
    monkeypatch.setattr(sourcecode, "PACKAGE", "demo")
    monkeypatch.setattr(sourcecode, "ROOT", tmp_path)
    return folder


def code(*modules: str) -> str:
    return SourceCode(Path("no memory.json")).fingerprint(*modules)


@pytest.mark.parametrize(
    "edited",
    [
        SOURCE.replace("A module.", "Another word."),
        SOURCE.replace('    """The area."""\n', ""),
        SOURCE.replace("import os\n", "import os  # why\n\n\n"),
        SOURCE.replace("width * height", "(width\n        * height)"),
    ],
    ids=["docstring", "docstring removed", "comment", "layout"],
)
def test_words_and_layout_do_not_change_the_code_fingerprint(package: Path, edited: str):
    before = code("shape")
    (package / "shape.py").write_text(edited)
    assert code("shape") == before


def test_the_files_that_a_package_reads_count_with_it_and_other_files_do_not(package: Path):
    folder = package / "pages"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "page.html").write_text("<p>")
    before = code("pages")
    (folder / "notes.txt").write_text("A word.")
    assert code("pages") == before
    (folder / "page.html").write_text("<b>")
    assert code("pages") != before


def test_a_change_of_behaviour_changes_it(package: Path):
    before = code("shape")
    (package / "shape.py").write_text(SOURCE.replace("// 2", "// 3"))
    assert code("shape") != before


def test_a_change_in_an_imported_module_changes_it(package: Path):
    before = code("shape")
    (package / "helper.py").write_text("def double(x):\n    return x + x\n")
    assert code("shape") != before


def test_a_module_that_is_not_reached_does_not_count(package: Path):
    before = code("shape")
    (package / "other.py").write_text("A = 2\n")
    assert code("shape") == before


def test_an_import_for_type_checking_does_not_count(package: Path):
    (package / "shape.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import demo.other\n")
    before = code("shape")
    (package / "other.py").write_text("A = 2\n")
    assert code("shape") == before


@pytest.mark.parametrize(
    "text",
    [
        "from .helper import double\n",
        "from . import helper\n",
        "if TYPE_CHECKING:\n    pass\nelse:\n    import demo.helper\n",
    ],
    ids=["a relative import", "from the package itself", "where types are not checked"],
)
def test_an_import_counts_however_it_is_written(package: Path, text: str):
    (package / "shape.py").write_text(text)
    before = code("shape")
    (package / "helper.py").write_text("def double(x):\n    return x + x\n")
    assert code("shape") != before


def test_a_relative_import_in_a_package_counts(package: Path):
    for name, text in {"inner/__init__": "from .one import A\n", "inner/one": "from ..other import A\n"}.items():
        (package / name).parent.mkdir(exist_ok=True)
        (package / f"{name}.py").write_text(text)
    before = code("inner")
    (package / "other.py").write_text("A = 2\n")
    assert code("inner") != before


@pytest.mark.parametrize(
    "text",
    [
        "from importlib import import_module\nMODULE = import_module('demo.' + 'other')\n",
        "import importlib as it\nMODULE = it.import_module('demo.other')\n",
        "from importlib import import_module as load\n",
        "MODULE = __import__('demo.other')\n",
        "import runpy\nrunpy.run_path('other.py')\n",
    ],
)
def test_a_module_that_imports_by_name_is_refused_where_a_job_reaches_it(package: Path, text: str):
    (package / "helper.py").write_text(text)
    with pytest.raises(UserError, match=r"helper\.py imports modules by name \(\w+\).* an import statement, or add"):
        code("shape")
    assert code("other")


def package_modules() -> dict[str, Path]:
    """The modules of the real package, by their names below it."""
    files = {file.relative_to(LIBRARY).with_suffix(""): file for file in LIBRARY.rglob("*.py")}
    return {".".join(name.parts).removesuffix(".__init__"): file for name, file in files.items()}


def test_every_module_that_imports_by_name_is_declared_or_out_of_the_reach_of_jobs():
    importing = {name for name, file in package_modules().items() if sourcecode._parsed(file.read_bytes())[2]}
    assert importing == {*LOADERS, "__main__", "publication.licences"}
    known = SourceCode(Path("no memory.json"))
    starts = {f"commands.{step}" for step in (*RESULTS, *REPORTS)}
    starts |= {name for name in package_modules() if name in NAMED or name.partition(".")[0] in NAMED - {"prediction"}}
    reached = known.reached(f"{PACKAGE}.{name}" for name in starts)
    assert reached.isdisjoint({f"{PACKAGE}.__main__", f"{PACKAGE}.publication.licences"})


def test_every_file_beside_the_modules_counts_with_them_or_is_out_of_the_reach_of_jobs():
    beside = {file for file in LIBRARY.rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")}
    seen = {file.parent / name for file in beside for name in sourcecode._beside(_name_of(file.parent))}
    assert beside - seen == {LIBRARY / "publication" / "card.md"}


def _name_of(folder: Path) -> str:
    return ".".join(folder.relative_to(ROOT).parts)


def test_the_miniature_reaches_every_grammar_and_lexicon():
    languages = {f"{PACKAGE}.{name}" for name in package_modules() if name.startswith("miniature.languages.")}
    assert len(languages) == 15
    for step in ("write_miniature", "make_tokenizer", "pretrain_encoder"):
        assert languages <= SourceCode(Path("no memory.json")).reached([f"{PACKAGE}.commands.{step}"])


def test_a_metric_counts_for_what_names_it_and_not_for_what_only_uses_it(package: Path):
    (package / "metrics").mkdir()
    (package / "metrics" / "__init__.py").write_text("from demo.metrics.ratio import PERCENT\n")
    (package / "metrics" / "ratio.py").write_text("PERCENT = 100\n")
    (package / "shape.py").write_text("from demo import metrics\n")
    using, naming = code("shape"), code("shape", "metrics")
    (package / "metrics" / "ratio.py").write_text("PERCENT = 1\n")
    assert code("shape") == using
    assert code("shape", "metrics") != naming


def test_a_module_that_is_remembered_is_not_parsed_again(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first = SourceCode(tmp_path / "memory.json")
    known = first.fingerprint("shape")
    first.save()
    monkeypatch.setattr(sourcecode, "_parsed", lambda source: pytest.fail("it was parsed again"))
    assert SourceCode(tmp_path / "memory.json").fingerprint("shape") == known


def test_what_is_remembered_of_a_module_ends_with_its_text(package: Path, tmp_path: Path):
    first = SourceCode(tmp_path / "memory.json")
    before = first.fingerprint("shape")
    first.save()
    (package / "helper.py").write_text("def double(x):\n    return x + x\n")
    assert SourceCode(tmp_path / "memory.json").fingerprint("shape") == code("shape") != before


def test_settings_that_swap_their_values_are_noticed():
    assert spec.fingerprint({"a": 1, "b": 2}) != spec.fingerprint({"a": 2, "b": 1})


def test_the_order_of_keys_is_not_noticed():
    assert spec.fingerprint({"a": 1, "b": 2}) == spec.fingerprint({"b": 2, "a": 1})


# Files


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
        (-3600, -3600, True),
        (-3600, -10, False),
        (-10, -3600, False),
        (-3600, 1e9, True),
        (-3, 1e9, False),
        (3600, -1e9, False),
    ],
    ids=["long ago", "just dated", "just changed", "dated ahead", "dated ahead just now", "by a clock that is ahead"],
)
def test_only_what_was_changed_long_before_is_settled(changed: float, dated: float, remembered: bool):
    now = 1e9
    status = SimpleNamespace(st_ctime=now + changed, st_mtime=now + dated)
    assert spec._is_settled(status, now) == remembered


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


@pytest.mark.parametrize("text", BROKEN)
def test_a_memory_of_code_that_is_broken_is_as_good_as_none(package: Path, tmp_path: Path, text: str):
    right, broken = SourceCode(tmp_path / "right.json"), tmp_path / "broken.json"
    expected = right.fingerprint("shape")
    for key in right.known:
        broken.write_text(text.replace("key", key), encoding="utf-8")
        assert SourceCode(broken).fingerprint("shape") == expected


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
    program = "import sys, xstilts.store, xstilts.grid; print(sorted({'torch', 'transformers'} & set(sys.modules)))"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "workflow")}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
