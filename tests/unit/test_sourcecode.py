"""The code that a job reaches, and the parts of a module that its fingerprint covers."""

import ast
import hashlib
import json
from pathlib import Path

import pytest

from xstilts.errors import UserError
from xstilts.fingerprints import sameness, sourcecode, syntax
from xstilts.fingerprints.sameness import Record, Sameness
from xstilts.fingerprints.sourcecode import LOADERS, PACKAGE, ROOT, SourceCode

LIBRARY = ROOT / PACKAGE

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
    monkeypatch.setattr(sourcecode, "ROLES", {"any": ("{}",), "metric": ("metrics", "metrics.{}")})
    # What another test has parsed says nothing of how code is parsed.
    sourcecode._parsed.cache_clear()
    return folder


def source(memory: Path = Path("no memory.json"), *files: Path) -> SourceCode:
    return SourceCode(memory, Sameness(files))


def code(module: str) -> str:
    return source().fingerprint(f"any.{module}")


@pytest.mark.parametrize(
    "edited",
    [
        SOURCE.replace("A module.", "Another word."),
        SOURCE.replace('    """The area."""\n', ""),
        SOURCE.replace("import os\n", "import os  # why\n\n\n"),
        SOURCE.replace("width * height", "(width\n        * height)"),
        SOURCE.replace("(width: int, height: int) -> int", "(width, height: float)"),
        SOURCE.replace("    return", '    print("working", width)\n    return'),
        SOURCE.replace("    return", "    if TYPE_CHECKING:\n        import demo.other\n    return"),
    ],
    ids=["docstring", "docstring removed", "comment", "layout", "annotations", "a message", "what type checkers read"],
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


@pytest.mark.parametrize("suffix", [".css", ".csv", ".html", ".js"])
def test_a_file_beside_a_package_counts_by_its_name_and_its_bytes(package: Path, suffix: str):
    folder = package / "pages"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "module.py").write_text("")
    (folder / "folder.html").mkdir()
    seen, module = [code("pages")], code("pages.module")
    for name, text in (("one", "1"), ("one", "2"), ("two", "1")):
        for file in folder.glob(f"*{suffix}"):
            if file.is_file():
                file.unlink()
        (folder / f"{name}{suffix}").write_text(text)
        seen.append(code("pages"))
    assert len(set(seen)) == 4
    # A module in it has no part in what the package reads, and does not reach the package by lying in it.
    assert code("pages.module") == module


def sha(value: object) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


CONSTANTS = """x = [b"a", 1j, ..., None, True, u"t", 1, 1.0]"""
TREE = [
    "Module",
    {
        "body": [
            [
                "Assign",
                {
                    "targets": [["Name", {"id": "x"}]],
                    "value": [
                        "List",
                        {
                            "elts": [
                                ["Constant", {"value": {"bytes": "b'a'"}}],
                                ["Constant", {"value": {"complex": "1j"}}],
                                ["Constant", {"value": {"ellipsis": "Ellipsis"}}],
                                ["Constant", {}],
                                *(["Constant", {"value": value}] for value in (True, "t", 1, 1.0)),
                            ]
                        },
                    ],
                },
            ]
        ]
    },
]


def test_the_fingerprint_of_code_is_the_same_in_every_version_of_python_and_of_this_package(package: Path):
    """A name that changes without a reason makes users recompute all results."""
    (package / "shape.py").write_text(f'"""Words."""\nimport demo.other\n{CONSTANTS}\n')
    (package / "other.py").write_text("")
    imports = ["Import", {"names": [["alias", {"name": "demo.other"}]]}]
    tree = ["Module", {"body": [imports, *TREE[1]["body"]]}]
    assert code("shape") == sha({"other": sha(["Module", {}]), "shape": sha(tree)})


def test_the_files_of_a_package_are_in_its_fingerprint_by_their_sha256(package: Path):
    folder = package / "pages"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "a.css").write_bytes(b"abc")
    # FIPS 180-2.
    files = {"a.css": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
    assert code("pages") == sha({"pages": sha({"code": sha(["Module", {}]), "files": files})})


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


@pytest.mark.parametrize(
    "text",
    [
        "import demo.other",
        "import os, demo.other as o",
        "from demo import other",
        "from demo.other import A",
        "from demo.other import *",
        "def f():\n    import demo.other",
        "class C:\n    def f(self):\n        if self:\n            from demo.other import A",
        "try:\n    import demo.other\nexcept ImportError:\n    pass",
        "import typing\nif typing.TYPE_CHECKING:\n    import demo.other",
        "if True:\n    import demo.other",
        "if TYPE_CHECKING:\n    pass\nelse:\n    import demo.other",
        "if TYPE_CHECKING:\n    import demo.helper\nelif True:\n    import demo.other",
    ],
)
def test_an_import_counts_wherever_it_stands(package: Path, text: str):
    (package / "shape.py").write_text(text)
    reached = source().reached(["shape"])
    assert reached == {"shape", "other"}


def test_what_is_imported_may_import_in_circles(package: Path):
    (package / "other.py").write_text("import demo.shape\nimport elsewhere.demo.other\n")
    (package / "shape.py").write_text("import demo.other\nimport demo.nowhere\nimport demonic\n")
    assert source().reached(["other"]) == {"shape", "other"}


def test_a_module_counts_where_a_folder_of_its_name_was_left_behind(package: Path):
    """As by git, of a package that became a module: what is compiled is not its own to remove."""
    (package / "helper" / "__pycache__").mkdir(parents=True)
    (package / "helper" / "__pycache__" / "__init__.cpython-311.pyc").write_bytes(b"")
    before = code("shape")
    assert source().reached(["shape"]) == {"shape", "helper"}
    (package / "helper.py").write_text("def double(x):\n    return x + x\n")
    assert code("shape") != before


def test_the_packages_above_an_import_count_but_the_whole_package_does_not(package: Path):
    for name in ("inner/__init__", "inner/deep/__init__", "inner/deep/one", "inner/two"):
        (package / name).parent.mkdir(exist_ok=True)
        (package / f"{name}.py").write_text("")
    (package / "shape.py").write_text("import demo.inner.deep.one\n")
    reached = {"inner", "inner.deep", "inner.deep.one"}
    assert source().reached(["shape"]) == reached | {"shape"}


@pytest.mark.parametrize(
    "module, text, reached",
    [
        ("inner.one", "from . import two", {"inner", "inner.two"}),
        ("inner.one", "from .two import A", {"inner", "inner.two"}),
        ("inner.one", "from .. import other", {"other"}),
        ("inner.one", "from ..other import A", {"other"}),
        ("inner", "from . import two", {"inner.two"}),
        ("inner", "from .two import A", {"inner.two"}),
        ("inner", "from .. import other", {"other"}),
        ("inner.deep.one", "from ...other import A", {"other"}),
        ("inner.deep.one", "from .. import two", {"inner", "inner.two"}),
        ("shape", "from .inner import two", {"inner", "inner.two"}),
    ],
)
def test_a_relative_import_is_relative_to_its_package(package: Path, module: str, text: str, reached: set[str]):
    for name in ("inner/__init__", "inner/deep/__init__", "inner/deep/one", "inner/one", "inner/two"):
        (package / name).parent.mkdir(exist_ok=True)
        (package / f"{name}.py").write_text("")
    path = package.joinpath(*module.split("."))
    (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).write_text(text)
    found = source().reached([module])
    assert found == {module, *reached}


def test_a_module_counts_unless_its_full_name_is_listed(package: Path):
    for name in ("jobs/train", "runtime/job", "sources/hub", "sources/formats", "run", "runs", "run_/run"):
        (package / name).parent.mkdir(exist_ok=True)
        (package / f"{name}.py").write_text("")
    for name in ("jobs", "runtime", "sources", "run_", "hub"):
        (package / name).mkdir(exist_ok=True)
        (package / name / "__init__.py").write_text("")
    # A module that moves into a package of which something is listed does not fall silent.
    (package / "runtime" / "shape.py").write_text("")
    names = ("run", "runs", "runtime.job", "runtime.shape", "sources.hub", "sources.formats", "hub", "run_.run")
    (package / "jobs" / "train.py").write_text("".join(f"import demo.{name}\n" for name in names))
    assert source().reached(["jobs.train"]) == {
        *("jobs.train", "runs", "runtime.shape", "sources", "sources.formats", "hub", "run_", "run_.run")
    }


def test_an_import_for_type_checking_does_not_count(package: Path):
    (package / "shape.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import demo.other\n")
    before = code("shape")
    (package / "other.py").write_text("A = 2\n")
    assert code("shape") == before


@pytest.mark.parametrize(
    "text",
    [
        "from importlib import import_module\nMODULE = import_module('demo.' + 'other')\n",
        "import importlib as it\nMODULE = it.import_module('demo.other')\n",
        "from importlib import import_module as load\n",
        "MODULE = __import__('demo.other')\n",
        "import runpy\nrunpy.run_path('other.py')\n",
        "SPEC.loader.exec_module(module)\n",
        "SPEC.loader.load_module('other')\n",
        "from pkgutil import resolve_name\n",
        "from runpy import run_module as go\n",
    ],
)
def test_a_module_that_imports_by_name_is_refused_where_a_job_reaches_it(package: Path, text: str):
    (package / "helper.py").write_text(text)
    with pytest.raises(UserError) as error:
        code("shape")
    (importer,) = set(syntax.importers(ast.parse(text)))
    assert str(error.value) == (
        f"{package / 'helper.py'} imports modules by name ({importer}), which are in no fingerprint: an edit of them "
        "would not invalidate any result. Use an import statement, or add the module to LOADERS of "
        "xstilts.fingerprints.sourcecode and give the modules that it loads a role in the grid."
    )
    assert code("other")


def test_all_ways_in_which_a_module_imports_by_name_are_told(package: Path):
    (package / "other.py").write_text("import runpy\nrunpy.run_path('x')\n__import__('y')\n__import__('z')\n")
    with pytest.raises(UserError, match=r"by name \(__import__, run_path\), which"):
        code("other")


BY_NAME = {"tasks", "kinds", "metrics", "perturbations", "jobs.predict", "training.objectives"}


@pytest.mark.parametrize("module", sorted(BY_NAME))
def test_a_module_whose_imports_the_grid_names_is_accepted(package: Path, module: str):
    place = package.joinpath(*module.split(".")).with_suffix(".py")
    place.parent.mkdir(exist_ok=True)
    place.write_text("from importlib import import_module\n")
    assert code(module)


def package_modules() -> dict[str, Path]:
    """The modules of the real package, by their names below it."""
    files = {file.relative_to(LIBRARY).with_suffix(""): file for file in LIBRARY.rglob("*.py")}
    return {".".join(name.parts).removesuffix(".__init__"): file for name, file in files.items()}


OUT_OF_REACH = {"cli", "__main__", "runtime.forkserver"}
"""The modules that import by name and that no job reaches."""


def test_every_module_that_imports_by_name_is_declared_or_out_of_the_reach_of_jobs():
    importing = {name for name, file in package_modules().items() if [*syntax.importers(ast.parse(file.read_bytes()))]}
    assert importing == BY_NAME | OUT_OF_REACH
    assert set(LOADERS) == importing - OUT_OF_REACH


def test_every_file_beside_the_modules_counts_with_them_or_is_out_of_the_reach_of_jobs():
    beside = {file for file in LIBRARY.rglob("*") if file.is_file() and not {".py", ".pyc"} & {*file.suffixes}}
    seen = {file.parent / name for file in beside for name in sourcecode._beside(_name_of(file.parent))}
    silent = ("publication/card.md", "fingerprints/sameness.json", "config.yaml", "py.typed")
    assert beside - seen == {LIBRARY / name for name in silent}


def _name_of(folder: Path) -> str:
    return ".".join(folder.relative_to(LIBRARY).parts)


def test_a_metric_counts_for_what_names_it_and_not_for_what_only_uses_it(package: Path):
    (package / "metrics").mkdir()
    (package / "metrics" / "__init__.py").write_text("")
    (package / "metrics" / "accuracy.py").write_text("from demo.metrics.ratio import PERCENT\n")
    (package / "metrics" / "ratio.py").write_text("PERCENT = 100\n")
    (package / "shape.py").write_text("from demo import metrics\nfrom demo.metrics import ratio")
    using, naming = code("shape"), source().fingerprint("metric.accuracy")
    (package / "metrics" / "ratio.py").write_text("PERCENT = 1\n")
    assert code("shape") == using
    assert source().fingerprint("metric.accuracy") != naming


def test_a_role_begins_with_the_modules_that_do_its_work():
    roles = {
        "job.score": {"jobs.score"},
        "task.mnli": {"tasks.mnli"},
        "kind.span": {"kinds.span"},
        "metric.pos": {"metrics", "metrics.pos"},
        "benchmark.xtreme": {"metrics.xtreme"},
        "objective.fgm": {"training.objectives.fgm", "training.objectives.accumulation"},
        "predictor.outputs": {"prediction.forward"},
        "predictor.vectors": {"prediction.retrieval"},
    }
    assert {role: set(sourcecode.starts(role)) for role in roles} == roles
    assert all(set(SourceCode(Path("no memory.json"), Sameness(())).modules(role)) > set() for role in roles)


def test_records_name_code_as_it_was_first_module_by_module_and_then_the_role(package: Path, tmp_path: Path):
    file, first = tmp_path / "records.json", code("shape")
    (package / "helper.py").write_text("def double(x):\n    return x + x\n")
    modules = [source().modules("any.shape")["helper"], sha(ast_of_helper())]
    sameness.add(file, [Record("module.helper", *modules, "", "")])
    assert source(Path("no memory.json"), file).fingerprint("any.shape") == first
    sameness.add(file, [Record("any.shape", first, "0123456789ab", "", "")])
    assert source(Path("no memory.json"), file).fingerprint("any.shape") == "0123456789ab"
    # What a manifest tells is how the code is now.
    assert source(Path("no memory.json"), file).modules("any.shape")["helper"] == modules[0]


def ast_of_helper() -> object:
    """What counts of the helper as the package is made."""
    return syntax.serialised(syntax.essential(ast.parse("def double(x):\n    return 2 * x\n")))


def test_a_module_that_is_remembered_is_not_parsed_again(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first = source(tmp_path / "memory.json")
    known = first.fingerprint("any.shape")
    first.save()
    monkeypatch.setattr(sourcecode, "_parsed", lambda source: pytest.fail("it was parsed again"))
    assert source(tmp_path / "memory.json").fingerprint("any.shape") == known


def test_what_is_remembered_ends_with_the_way_in_which_code_is_read(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first = source(tmp_path / "memory.json")
    first.fingerprint("any.shape")
    first.save()
    monkeypatch.setattr(sourcecode, "_own_hash", lambda: "another")
    monkeypatch.setattr(sourcecode, "_parsed", lambda source: ["anew", [], []])
    second = source(tmp_path / "memory.json")
    assert second.fingerprint("any.shape") == sha({"shape": "anew"})
    assert second.known.keys() > first.known.keys()


def test_a_module_is_read_once_in_one_look(package: Path):
    here = source()
    before = here.fingerprint("any.shape")
    (package / "helper.py").write_text("def double(x):\n    return x + x\n")
    assert here.fingerprint("any.shape") == before != code("shape")


def test_what_is_remembered_of_a_module_ends_with_its_text(package: Path, tmp_path: Path):
    first = source(tmp_path / "memory.json")
    before = first.fingerprint("any.shape")
    first.save()
    (package / "helper.py").write_text("def double(x):\n    return x + x\n")
    assert source(tmp_path / "memory.json").fingerprint("any.shape") == code("shape") != before


BROKEN = ["", "{", "[]", "null", '{"key": 1}', '{"key": ["other", []]}', '{"key": ["other", [], [], []]}']
BROKEN += ['{"key": [1, [], []]}', '{"key": ["other", [1], []]}', '{"key": ["other", [], [1]]}']
BROKEN += ['{"key": ["other", "ab", []]}', '{"key": ["other", [], "ab"]}']


@pytest.mark.parametrize("text", BROKEN)
def test_a_memory_of_code_that_is_broken_is_as_good_as_none(package: Path, tmp_path: Path, text: str):
    right, broken = source(tmp_path / "right.json"), tmp_path / "broken.json"
    expected = right.fingerprint("any.shape")
    for key in right.known:
        broken.write_text(text.replace("key", key), encoding="utf-8")
        assert source(broken).fingerprint("any.shape") == expected
