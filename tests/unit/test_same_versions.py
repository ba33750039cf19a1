"""Prerequisites for comparing two versions; without them, no record is written."""

import runpy
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import comparing  # noqa: F401
import pytest
import runs
import versions

from xstilts.errors import UserError

RECORDS = "workflow/xstilts/fingerprints/sameness.json"


def git(root: Path, *arguments: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    run = subprocess.run(["git", *who, *arguments], cwd=root, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def commit(root: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "A change.")
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with the versions that are installed here, and records."""
    git(tmp_path, "init", "--quiet")
    pins = f"# A remark.\nnumpy=={version('numpy')}\nPyYAML=={version('pyyaml')} # another\n"
    commit(tmp_path, {versions.PINS: pins, RECORDS: "{}", versions.GRID: "experiment: same\n"})
    return tmp_path


def content(root: Path) -> dict[str, str]:
    files = (file for file in root.rglob("*") if file.is_file() and ".git" not in file.parts)
    return {str(file.relative_to(root)): file.read_text(encoding="utf-8") for file in files}


def test_another_copy_of_the_package_is_refused(tmp_path: Path):
    versions.require_package_of(versions.ROOT)
    with pytest.raises(UserError, match=rf"expected that in {tmp_path}/workflow"):
        versions.require_package_of(tmp_path)


def test_a_name_of_a_commit_stands_for_it(project: Path):
    head = git(project, "rev-parse", "HEAD")
    git(project, "tag", "v1")
    assert [versions.commit(project, name) for name in ("HEAD", "v1", head[:10])] == [head] * 3


@pytest.mark.parametrize("base", ["v9", "", "--all", "HEAD:envs"])
def test_what_is_no_commit_is_refused(project: Path, base: str):
    before = content(project)
    with pytest.raises(UserError, match="expected a commit") as error:
        versions.commit(project, base)
    assert repr(base) in str(error.value)
    assert content(project) == before


def test_a_commit_without_roles_is_refused(project: Path):
    git(project, "rm", "--quiet", RECORDS)
    git(project, "commit", "--quiet", "--message", "As it was.")
    with pytest.raises(UserError, match=r"HEAD, whose specs have no roles .* a later commit"):
        versions.commit(project, "HEAD")


def test_records_may_have_moved_with_the_package(project: Path):
    git(project, "rm", "--quiet", RECORDS)
    moved = commit(project, {"workflow/xstilts/elsewhere/sameness.json": "{}"})
    assert versions.commit(project, "HEAD") == moved


def test_every_pin_that_differs_is_named(project: Path):
    pins = (project / versions.PINS).read_text(encoding="utf-8")
    (project / versions.PINS).write_text(f"{pins.replace('numpy==', 'numpy==0')}scipy==1.0\n", encoding="utf-8")
    with pytest.raises(UserError) as error:
        versions.commit(project, "HEAD")
    installed = version("numpy")
    assert f"numpy {installed} → 0{installed}, scipy absent → 1.0; expected the same" in str(error.value)


def test_every_library_that_is_not_installed_as_pinned_is_named():
    pins = {"numpy": "0.1", "no-such-library": "2.0", "pyyaml": version("pyyaml")}
    with pytest.raises(UserError) as error:
        versions.require_environment(pins, pins, "HEAD")
    assert f"numpy {version('numpy')} (pinned: 0.1), no-such-library absent (pinned: 2.0)" in str(error.value)


def test_another_build_of_the_pinned_version_is_that_version(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(versions, "version", {"torch": "2.13.0+cpu", "numpy": "2.4.6"}.__getitem__)
    pins = {"torch": "2.13.0", "numpy": "2.4.6"}
    versions.require_environment(pins, pins, "HEAD")
    with pytest.raises(UserError, match=r"torch 2\.13\.0\+cpu \(pinned: 2\.13\.0\+cu1\)"):
        versions.require_environment(pins | {"torch": "2.13.0+cu1"}, pins | {"torch": "2.13.0+cu1"}, "HEAD")


def test_a_commit_is_unpacked_as_it_was_and_the_working_tree_as_it_is(project: Path, tmp_path_factory):
    before = commit(project, {".gitignore": "/results/\n", "old.py": "1", "edited.py": "1"})
    (project / "old.py").unlink()
    (project / "edited.py").write_text("2", encoding="utf-8")
    (project / "new.py").write_text("3", encoding="utf-8")
    (project / "results").mkdir()
    (project / "results" / "ignored").touch()
    (project / "link").symlink_to("envs")
    places = [tmp_path_factory.mktemp("versions") / name for name in ("base", "new")]
    stamps = [versions.unpack(project, version, place) for version, place in zip((before, None), places, strict=True)]
    base, new = map(content, places)
    assert {name: base.get(name) for name in ("old.py", "edited.py", "new.py")} == {
        "old.py": "1",
        "edited.py": "1",
        "new.py": None,
    }
    assert {name: new.get(name) for name in ("old.py", "edited.py", "new.py", "results/ignored")} == {
        "old.py": None,
        "edited.py": "2",
        "new.py": "3",
        "results/ignored": None,
    }
    assert (places[1] / "link").is_symlink()
    assert stamps[0] != stamps[1]
    assert versions.unpack(project, None, places[1]) == stamps[1]


def test_a_version_from_before_this_grid_gets_the_one_of_the_working_tree(project: Path, tmp_path_factory):
    git(project, "rm", "--quiet", versions.GRID)
    git(project, "commit", "--quiet", "--message", "As it was.")
    (project / versions.GRID).parent.mkdir(parents=True)
    (project / versions.GRID).write_text("experiment: now\n", encoding="utf-8")
    place = tmp_path_factory.mktemp("versions") / "base"
    versions.unpack(project, "HEAD", place)
    assert (place / versions.GRID).read_text(encoding="utf-8") == "experiment: now\n"


def test_a_run_is_used_again_until_a_file_other_than_the_records_differs(
    project: Path, tmp_path_factory, monkeypatch: pytest.MonkeyPatch
):
    started = []
    monkeypatch.setattr(runs, "_start", lambda version, *places: started.append(version.parent.name))
    build = tmp_path_factory.mktemp("build")

    def both() -> None:
        base = runs.run(project, "HEAD", build / "base")
        runs.run(project, None, build / "new", [], base.content)

    both()
    both()
    assert started == ["base", "new"]
    (project / RECORDS).write_text('{"known": {}}', encoding="utf-8")
    both()
    assert started == ["base", "new"]
    (project / "other.py").write_text("1", encoding="utf-8")
    both()
    assert started == ["base", "new", "new"]
    commit(project, {"more.py": "1"})
    both()
    assert started == ["base", "new", "new", "base", "new"]


def test_ctrl_c_ends_it_with_a_sentence(monkeypatch: pytest.MonkeyPatch):
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["same", "HEAD"])
    monkeypatch.setattr(versions, "commit", interrupted)
    with pytest.raises(SystemExit, match="No record was written"):
        runpy.run_path(str(Path(versions.__file__).with_name("__main__.py")), run_name="__main__")
