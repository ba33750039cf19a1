"""Which roles get a record, and its content."""

import json
from pathlib import Path

import comparing  # noqa: F401
import pytest
import verdicts
import yaml
from records import written
from runs import Entry
from test_task_table import TASKS
from verdicts import Verdict, roles
from versions import GRID, ROOT

from xstilts.config import parse
from xstilts.errors import UserError
from xstilts.grid import Grid

SHOWN = Verdict("kind.span", "0a", "1a", shown="3 files of 2 entries equal; 1 changed statements executed")
FAILED = Verdict("task.mnli", "0b", "1b", problem="workflow/x.py:3 (new) was not executed")
NAMED = Verdict("metric.pos", "0c", "0c")
OTHER = Verdict("metric.bucc", "0e", "1e", problem="cells/x/scores.json differs", differs=True)
UNUSED = Verdict("metric.none", None, "0d", problem="no entry of the grid has it")
EVERY = [SHOWN, FAILED, NAMED, OTHER, UNUSED]
BY = "make same BASE=0123456789ab"


class Done:
    """A run whose entries are given; `path~fingerprint` → roles, fingerprint and files of each."""

    def __init__(self, entries: dict[str, tuple[dict, dict]]):
        self.entries = [
            Entry(path, code, {role: set() for role in code}, files) for path, (code, files) in entries.items()
        ]

    def of(self, role: str) -> dict[str, Entry]:
        return {entry.place: entry for entry in self.entries if role in entry.code}

    def fingerprint(self, role: str) -> str | None:
        return next((entry.code[role] for entry in self.entries if role in entry.code), None)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project without records."""
    file(tmp_path).parent.mkdir(parents=True)
    file(tmp_path).write_text('{"known": {}, "records": []}', encoding="utf-8")
    return tmp_path


def file(project: Path) -> Path:
    return project / "workflow" / "xstilts" / "fingerprints" / "sameness.json"


def test_a_role_that_did_the_same_gets_a_record_and_others_get_none(project: Path):
    written(project, EVERY, BY, "a variable has another name", [])
    assert json.loads(file(project).read_text(encoding="utf-8")) == {
        "known": {"kind.span": ["0a", "1a"]},
        "records": [
            {
                "of": "kind.span",
                "new": "1a",
                "old": "0a",
                "why": "a variable has another name",
                "shown": "make same BASE=0123456789ab: 3 files of 2 entries equal; 1 changed statements executed",
            }
        ],
    }


def test_a_second_run_writes_nothing(project: Path):
    assert len(written(project, EVERY, BY, "a reason", ["task.mnli"])) == 2
    before = file(project).read_bytes()
    assert written(project, EVERY, BY, "another reason", ["task.mnli"]) == []
    assert file(project).read_bytes() == before


def test_a_role_that_a_person_explains_gets_a_record_that_says_so(project: Path):
    (_, record) = written(project, EVERY, BY, "only a message", ["task.mnli"])
    assert (record.of, record.new, record.old, record.why) == ("task.mnli", "1b", "0b", "only a message")
    assert record.shown == "by hand, not run: workflow/x.py:3 (new) was not executed"


@pytest.mark.parametrize("role", ["kind.span", "metric.pos", "metric.none", "job.nothing"])
def test_only_a_role_that_got_no_record_can_be_explained(project: Path, role: str):
    before = file(project).read_bytes()
    with pytest.raises(UserError, match=f"'{role}'; expected a role that got no record .*\\(task.mnli\\)"):
        written(project, EVERY, BY, "a reason", [role])
    assert file(project).read_bytes() == before


def test_a_role_whose_files_differ_cannot_be_explained(project: Path):
    before = file(project).read_bytes()
    with pytest.raises(UserError, match=r"'metric\.bucc', of which cells/x/scores\.json differs; expected"):
        written(project, EVERY, BY, "a reason", ["task.mnli", "metric.bucc"])
    assert file(project).read_bytes() == before


def test_records_that_would_contradict_others_are_not_written(project: Path):
    written(project, [SHOWN], BY, "a reason", [])
    before = file(project).read_bytes()
    for other in (Verdict("kind.span", "0z", "1a"), Verdict("kind.span", "1a", "0a")):
        with pytest.raises(UserError, match=r"of kind\.span|kind\.span 1a"):
            written(project, [other], BY, "a reason", [])
        assert file(project).read_bytes() == before


def found(base: dict, new: dict, now: dict, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The problem of each role of two runs whose changed statements were all executed."""
    monkeypatch.setattr(Done, "package", None, raising=False)
    monkeypatch.setattr(Done, "modules", lambda self, role: set(), raising=False)
    monkeypatch.setattr(Done, "evidence", lambda self, role: None, raising=False)
    monkeypatch.setattr(verdicts, "Comparison", lambda *packages: None)
    monkeypatch.setattr(verdicts, "unshown", lambda *arguments: ("", 7))
    return {one.role: one.problem or one.shown for one in verdicts.verdicts(Done(base), Done(new), now)}


def test_every_file_of_every_entry_has_to_be_equal(monkeypatch: pytest.MonkeyPatch):
    same, other = {"a.json": "11", "b.json": "22"}, {"a.json": "11", "b.json": "33"}
    base = {"data/x~01": ({"job.a": "0", "task.x": "0"}, same), "data/y~02": ({"job.a": "0", "task.y": "0"}, same)}
    new = {"data/x~03": ({"job.a": "0", "task.x": "0"}, same), "data/y~04": ({"job.a": "0", "task.y": "0"}, other)}
    assert found(base, new, {"job.a": "1", "task.x": "1", "task.y": "1"}, monkeypatch) == {
        "job.a": "data/y~04/b.json differs",
        "task.x": "2 files of 1 entries equal; 7 changed statements executed",
        "task.y": "data/y~04/b.json differs",
    }


def test_neither_run_has_an_entry_or_a_file_that_the_other_lacks(monkeypatch: pytest.MonkeyPatch):
    code, now = {"job.a": "0"}, {"job.a": "1"}
    one, two = {"x~01": (code, {"a": "1"})}, {"x~01": (code, {"a": "1"}), "y~01": (code, {"a": "1"})}
    assert found(one, two, now, monkeypatch) == {"job.a": "the base run has no y~"}
    assert found(two, one, now, monkeypatch) == {"job.a": "the new run has no y~"}
    assert found(one, {"x~01": (code, {"a": "1", "b": "1"})}, now, monkeypatch) == {"job.a": "x~01/b differs"}


def test_a_role_without_an_entry_gets_no_record(monkeypatch: pytest.MonkeyPatch):
    entries = {"x~01": ({"job.a": "0"}, {"a": "1"})}
    assert found(entries, entries, {"job.a": "0", "job.b": "1"}, monkeypatch)["job.b"] == "no entry of the grid has it"


def test_the_grid_has_every_role():
    raw = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    config = parse({**raw, **yaml.safe_load((ROOT / GRID).read_text(encoding="utf-8"))})
    grid = Grid(config, Anything())
    named = {role for entry in grid.entries.values() for role in entry.spec["code"]}
    assert named == roles(TASKS)
    assert {f"task.{name}" for name in TASKS} < named


class Anything:
    """Files and code that are what they are."""

    def __getattr__(self, name: str):
        return {
            "longest": lambda *arguments: None,
            "modules": lambda *arguments: {},
            "code": lambda role: role,
            "library": lambda name: "1",
        }.get(name, lambda *arguments: {"of": str(arguments[:-1])})
