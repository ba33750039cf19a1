"""A fact about a language is in the specs of exactly the jobs that use it, so that a new row renames nothing."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from drawing import drawn
from grids import Words, assert_names_follow, changed
from invented_results import invented

from xstilts import languages, tasks
from xstilts.config import ConfigError, Miniature, parse
from xstilts.errors import UserError
from xstilts.fingerprints.sourcecode import PACKAGE, ROOT
from xstilts.grid import Grid
from xstilts.languages import LANGUAGES, Language
from xstilts.miniature import release
from xstilts.reporting.figures import TITLES
from xstilts.reporting.page import document
from xstilts.sources.formats import squad
from xstilts.sources.formats.hub import questions
from xstilts.task import Layout, Task
from xstilts.tasks import anli_plus

RAW = {
    "languages": ["de", "en", "ru", "sw"],
    "grid": {
        "encoders": ["made"],
        "intermediates": ["none", "hellaswag", "squad_v1"],
        "targets": ["xnli", "tydiqa", "tatoeba"],
    },
    "encoders": {"made": {"pretraining": {}}},
    "tasks": {"hellaswag": {"source": "miniature"}},
}
"""TyDiQA has English, Russian and Swahili of these languages, and its readers go by their names."""

SHOWN = ("figures", "page")
WELSH = Language("cy", "cym", "Welsh", "Indo-European", "Celtic", "Latn")


def grid(**more: object) -> Grid:
    made = Grid(parse(RAW | more), Words())
    _ = made.entries
    return made


@contextmanager
def table(rows: dict[str, Language]) -> Iterator[None]:
    """While these are the languages."""
    before = dict(LANGUAGES)
    LANGUAGES.clear()
    LANGUAGES.update(rows)
    try:
        yield
    finally:
        LANGUAGES.clear()
        LANGUAGES.update(before)


def edited(code: str, **facts: str) -> dict[str, Language]:
    return LANGUAGES | {code: replace(LANGUAGES[code], **facts)}


def decided(rows: dict[str, Language], **more: object) -> set[str]:
    """What says something else itself under these rows; what is made from it has another name, and nothing else."""
    before = grid(**more)
    with table(rows):
        after = grid(**more)
    assert_names_follow(before, after)
    return changed(before, after)


@pytest.mark.parametrize(
    ("code", "fact", "labels"),
    [
        ("de", "name", {"write_miniature", *SHOWN}),
        ("ru", "name", {"write_miniature", "read_task tydiqa.evaluate", *SHOWN}),
        ("sw", "name", {"read_task tydiqa.evaluate", *SHOWN}),
        ("en", "name", {"write_miniature", "read_task tydiqa.train", "read_task tydiqa.evaluate", *SHOWN}),
        ("zh", "name", {"write_miniature"}),
        ("fi", "name", set()),
        ("de", "iso3", {"write_miniature"}),
        ("sw", "iso3", set()),
        *((code, fact, set(SHOWN)) for code in ("de", "sw") for fact in ("family", "branch", "script")),
        *((code, fact, set()) for code in ("zh", "fi") for fact in ("family", "branch", "script")),
    ],
)
def test_another_fact_of_a_language_changes_what_uses_it_and_what_is_made_from_that(
    code: str, fact: str, labels: set[str]
):
    assert decided(edited(code, **{fact: "another"})) == labels


def test_distances_are_counted_from_english_where_it_is_not_shown_too():
    assert decided(edited("en", family="another"), languages=["de", "ru"]) == set(SHOWN)


@pytest.mark.parametrize("first", [True, False])
def test_a_row_more_changes_nothing(first: bool):
    row = {WELSH.code: WELSH}
    assert decided(row | LANGUAGES if first else LANGUAGES | row) == set()


def test_another_order_of_rows_changes_nothing():
    assert decided(dict(reversed(LANGUAGES.items()))) == set()


def test_a_spec_has_the_facts_of_its_own_languages_by_their_names():
    specs = {entry.step: entry.spec for entry in grid().entries.values()}
    english, german = specs["figures"]["languages"]["en"], specs["write_miniature"]["languages"]["de"]
    assert english == {"name": "English", "family": "Indo-European", "branch": "Germanic", "script": "Latn"}
    assert german == {"iso3": "deu", "name": "German"}
    assert specs["page"]["languages"].keys() == specs["figures"]["languages"].keys() == {"de", "en", "ru", "sw"}
    read = [entry for entry in grid().entries.values() if entry.step == "read_task"]
    data = {entry.about.task: entry.spec for entry in read if "evaluate" in entry.path}
    assert data["tydiqa"]["languages"] == {
        "en": {"name": "English"},
        "ru": {"name": "Russian"},
        "sw": {"name": "Swahili"},
    }
    assert "languages" not in data["xnli"]


def test_the_data_of_a_pool_depend_on_what_the_readers_of_its_parts_use(monkeypatch: pytest.MonkeyPatch):
    first, second, third = anli_plus.TASK.pools
    pools = (first, replace(second, language_facts=("iso3",)), third)
    monkeypatch.setattr(anli_plus, "TASK", replace(anli_plus.TASK, pools=pools))
    pooled = {"grid": RAW["grid"] | {"intermediates": ["anli_plus"], "targets": ["xnli"]}}
    assert decided(edited("en", iso3="another"), **pooled) == {"read_task anli_plus.train"}


# That nothing is used that no spec has.


USES = {
    "arms": "says which arms there are, and specs have their languages",
    "checks": "refuses what is not in the table",
    "coverage": "says which languages a task has, and specs have the languages",
    "grid": "puts facts into specs",
    "recipes": "says which languages a name stands for, and specs have the languages",
    "steps.specs": "puts facts into specs",
    "sources.release": "names of files, whose content or whose names stand in specs",
    "sources.formats.squad": "names, in the specs of the tasks that go by them",
    "miniature.release.bitext": "facts of the miniature's languages, in its spec",
    "miniature.release.questions": "facts of the miniature's languages, in its spec",
    "miniature.release.tagging": "facts of the miniature's languages, in its spec",
    "perturbations.scope": "scripts, and specs have the languages that are left",
    "target_checks": "rejects configurations",
    "reporting.typology": "facts of what figures and page show, in their specs",
    "reporting.source_tables": "facts of what tables of sources and the page show, in their specs",
    "reporting.figures.sources": "facts of what figures and page show, in their specs",
    "resources": "says which languages a group has, and specs have the languages",
    "reporting.figures.distance": "facts of what figures and page show, in their specs",
    "reporting.figures.languages": "facts of what figures and page show, in their specs",
    "reporting.page.document": "facts of what figures and page show, in their specs",
}
"""The modules that use the table, and where the values that decide a result stand."""


def imported(file: Path) -> set[str]:
    """All that a module imports, by its full name."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    whole = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    parts = {node for node in nodes if isinstance(node, ast.ImportFrom)}
    return (
        whole | {node.module for node in parts} | {f"{node.module}.{one.name}" for node in parts for one in node.names}
    )


def test_every_module_that_uses_the_table_is_known():
    files = {file for file in (ROOT / PACKAGE).rglob("*.py") if languages.__name__ in imported(file)}
    names = {".".join(file.relative_to(ROOT / PACKAGE).with_suffix("").parts) for file in files}
    assert names == USES.keys()


BY_NAME = (squad.of_language, questions.tydiqa)
"""The readers that tell the languages of a file by their names."""


def layouts(task: Task) -> list[Layout]:
    return [*(one for split in task.splits.values() for one in split), *(copy.layout for copy in task.hub)]


@pytest.mark.parametrize("name", tasks.names())
def test_a_task_says_that_its_readers_go_by_names_of_languages(name: str):
    task = tasks.load(name)
    assert task.language_facts == (("name",) if any(one.read in BY_NAME for one in layouts(task)) else ())


@pytest.mark.parametrize("name", tasks.names())
def test_files_in_an_archive_which_its_sha256_stands_for_are_not_found_by_names_of_languages(name: str):
    task = tasks.load(name)
    patterns = [pattern for split in task.archives for one in task.splits[split] for pattern in one.patterns]
    assert not [pattern for pattern in patterns if "{iso3}" in pattern or "{name}" in pattern]


def test_the_miniature_is_written_with_the_names_of_its_own_languages(tmp_path: Path):
    own = {
        code: Language(code, f"{code}x", f"Name-{code}", *"???") for code in ("en", "de", "es", "ru", "tr", "hi", "zh")
    }
    with table(own):
        release.write(tmp_path, Miniature(train=4, dev=2, test=2, pairs=2))
    assert (tmp_path / "tatoeba/tatoeba.trx-eng.eng").is_file()
    assert (tmp_path / "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-name-ru.json").is_file()


def test_figures_and_page_use_the_facts_of_their_specs_alone():
    results = invented(languages=("de", "ru", "sw"))
    before = [drawn(results, name) for name in TITLES], document.of_results(results)
    with table({code: replace(LANGUAGES[code], iso3="?") for code in ("sw", "en", "ru", "de")}):
        assert ([drawn(results, name) for name in TITLES], document.of_results(results)) == before


def test_a_fact_of_an_unknown_language_is_refused_by_its_code():
    with pytest.raises(UserError, match="unknown language 'xx'; the languages are af, "):
        languages.facts(["de", "xx"], "name")


def test_a_target_in_a_language_without_a_row_is_refused():
    problem = "'grid.targets': its languages fi, sw are missing from workflow/xstilts/languages.py; add them; found"
    rows = {code: one for code, one in LANGUAGES.items() if code not in ("fi", "sw")}
    with table(rows), pytest.raises(ConfigError, match=problem):
        grid(grid=RAW["grid"] | {"targets": ["tydiqa"]}, languages=["en", "sw", "fi"])
    with table(rows):
        grid(grid=RAW["grid"] | {"targets": ["tydiqa"]}, languages=["en", "de"])
