"""A version that changes no result, and has records that say so, lists nothing; what it really changes is listed."""

import json
from pathlib import Path

import pytest
from planning import apart, codes
from project import Project, code, source, write_project
from test_invalidation import MODELS, below
from test_invalidation import expected as listed_by

from xstilts.fingerprints import sameness
from xstilts.fingerprints.sameness import Record

SQUAD_SCORES = ("cells/*/xquad/*/scores",)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The experiment, and everything that it needs, finished."""
    project = write_project(tmp_path_factory.mktemp("pristine"))
    project.finish()
    return project


@pytest.fixture
def project(pristine: Project, tmp_path: Path) -> Project:
    """Another one, in which the edits are made."""
    return pristine.copy(tmp_path / "here")


def names(project: Project) -> dict[str, str]:
    """The fingerprints of all roles, as names have them, and of all modules, as their text is."""
    return apart(codes, project.folder, project.file.name)


def record(project: Project, before: dict[str, str], what: str = "") -> list[str]:
    """Record for all roles, or all modules, that another fingerprint than before stands for the same.

    Returns:
        What they are of.
    """
    now = names(project)
    changed = [
        of for of in now if of.startswith("module.") == (what == "modules") and before.get(of) not in (None, now[of])
    ]
    records = [Record(of, now[of], before[of], "it has another line", "by hand") for of in changed]
    sameness.add(project.library / "fingerprints" / sameness.FILE, records)
    return changed


def listed(project: Project) -> list[str]:
    """What a plan lists."""
    return project.plan()[0]


def expected(project: Project, *patterns: str) -> list[str]:
    return listed_by(project.plan()[1], patterns)


# An edit and its record


@pytest.mark.parametrize("what", ["modules", "roles"])
def test_an_edit_with_its_record_lists_nothing(project: Project, what: str):
    before = names(project)
    code("training/stage")(project)
    assert listed(project) == expected(project, *MODELS)
    assert record(project, before, what) == ["module.training.stage" if what == "modules" else "job.train_stage"]
    assert listed(project) == []


@pytest.mark.parametrize("first", ["modules", "roles"])
@pytest.mark.parametrize("second", ["modules", "roles"])
def test_a_second_edit_with_a_second_record_lists_nothing(project: Project, first: str, second: str):
    for what in (first, second):
        before = names(project)
        code("training/stage")(project)
        assert listed(project) == expected(project, *MODELS)
        record(project, before, what)
        assert listed(project) == []


@pytest.mark.parametrize("what", ["modules", "roles"])
def test_a_real_change_beside_a_record_lists_exactly_its_own_and_nothing_when_it_is_undone(project: Project, what: str):
    before = names(project)
    code("training/stage")(project)
    record(project, before, what)
    file = project.library / "metrics" / "squad.py"
    text = file.read_text(encoding="utf-8")
    code("metrics/squad")(project)
    assert listed(project) == expected(project, *SQUAD_SCORES)
    file.write_text(text, encoding="utf-8")
    assert listed(project) == []


def test_a_real_change_of_a_module_that_has_a_record_is_listed(project: Project):
    before = names(project)
    code("training/stage")(project)
    record(project, before)
    code("training/model")(project)
    assert listed(project) == expected(project, *MODELS)


def test_an_edit_that_is_undone_after_its_record_lists_nothing(project: Project, pristine: Project):
    before = names(project)
    code("training/stage")(project)
    record(project, before)
    place = Path("training", "stage.py")
    (project.library / place).write_bytes((pristine.library / place).read_bytes())
    assert listed(project) == []


# Files that move


def move(project: Project, old: str, new: str) -> None:
    """Give a module another name, in its package and wherever it is imported."""
    package, old, new = (*old.rpartition(".")[::2], new)
    for file in project.library.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        text = text.replace(f"xstilts.{package}.{old} import", f"xstilts.{package}.{new} import")
        file.write_text(text, encoding="utf-8")
    folder = project.library / package
    (folder / f"{old}.py").rename(folder / f"{new}.py")


def test_a_module_that_is_renamed_with_a_record_of_its_roles_lists_nothing(project: Project):
    before = names(project)
    move(project, "training.batches", "steps")
    assert listed(project) == expected(project, *MODELS)
    assert record(project, before, "roles") == ["job.train_stage"]
    assert listed(project) == []
    # What it is called now counts as it did.
    code("training/steps")(project)
    assert listed(project) == expected(project, *MODELS)


# Settings


def with_a_setting(project: Project) -> None:
    """Give recipes a setting whose neutral value does what was done before."""
    source("config/stages", lambda text: text.replace(RATE, f"{NOISE}    {RATE}"))(project)


RATE, NOISE = "learning_rate: Positive", "noise: Annotated[Fraction, InSpecs(neutral=0)] = 0.0\n"


def test_a_new_setting_lists_nothing_at_its_neutral_value_and_a_stage_where_it_has_another(project: Project):
    with_a_setting(project)
    assert listed(project) == []
    project.configure({"training": {"noise": 0.0}})
    assert listed(project) == []
    project.configure({"stages": {"udpos": {"noise": 0.5}}})
    assert listed(project) == expected(project, *below("udpos"))
    project.configure({"stages": {"udpos": {"noise": 0}}})
    assert listed(project) == []


def test_a_setting_that_is_renamed_and_keeps_its_name_in_specs_lists_nothing(project: Project):
    before = names(project)
    source("config/stages", lambda text: text.replace("max_grad_norm: Annotated", "clip_at: Annotated"))(project)
    source("training/loop", lambda text: text.replace(".max_grad_norm", ".clip_at"))(project)
    # The trainer reads it by its new name, which is a change of code, though of no result.
    assert record(project, before, "roles") == ["job.train_stage"]
    assert listed(project) == []
    project.configure({"stages": {"udpos": {"clip_at": 0.5}}})
    assert listed(project) == expected(project, *below("udpos"))


# Records that are none


def broken(records: list[dict], known: dict | None = None) -> str:
    return json.dumps({"known": known or {"job.score": ["a", "b", "c"]}, "records": records})


def said(new: str, old: str) -> dict[str, str]:
    return {"of": "job.score", "new": new, "old": old, "why": "", "shown": ""}


BROKEN = {
    "a cycle of job.score: a → b → a": broken([said("a", "b"), said("b", "a")]),
    "job.score a with two older equivalents": broken([said("a", "b"), said("a", "c")]),
    "a record of job.score with the fingerprint d": broken([said("a", "d")]),
    "a file that cannot be read": "{",
}


@pytest.mark.parametrize("place", ["project/workflow/xstilts/fingerprints", "results"], ids=["shipped", "of the store"])
@pytest.mark.parametrize(("problem", "text"), BROKEN.items(), ids=BROKEN.keys())
def test_records_that_are_none_are_refused_before_anything_has_another_name(
    project: Project, place: str, problem: str, text: str
):
    (project.folder / place / sameness.FILE).write_text(text, encoding="utf-8")
    run = project.snakemake("--dry-run")
    assert run.returncode != 0
    (message,) = [line for line in run.stdout.splitlines() if line.startswith("error:")]
    assert problem in message
    assert str(Path(place, sameness.FILE)) in message
