"""The names of perturbations, the tasks and languages that they apply to, their specs, and the job."""

import json
import subprocess
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from perturbing import TEXTS, one, perturbed, table

from xstilts import paths, perturbations, tasks
from xstilts.fingerprints.sameness import Sameness
from xstilts.fingerprints.sourcecode import SourceCode
from xstilts.jobs import perturb_task
from xstilts.names import is_word
from xstilts.perturbations import scope
from xstilts.runtime.job import Job
from xstilts.steps import specs
from xstilts.steps.entry import EVALUATE, About, Entry

NAMES = ("typos0", "typos5", "typos10", "typos100", "word_order", "mixed_language")
NO_NAMES = (
    "typos",
    "typos101",
    "typos05",
    "typos-1",
    "typos1.5",
    "typos10 ",
    "Typos10",
    "typos١",
    "swaps",
    "word_order3",
    "",
)
SPLIT = "test"


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stands_for_a_form_and_a_rate(name: str):
    found = perturbations.load(name)
    assert f"{found.form}{'' if found.rate is None else found.rate}" == name
    assert perturbations.is_name(name)
    # Part of the names of targets.
    assert is_word(name)


@pytest.mark.parametrize("name", NO_NAMES)
def test_another_name_is_an_error_that_has_the_allowed_ones(name: str):
    assert not perturbations.is_name(name)
    with pytest.raises(ValueError, match=r"expected one of typosN, with N from 0 to 100 .* word_order; mixed_language"):
        perturbations.load(name)


def test_names_are_known_without_libraries():
    checked = "import sys; from xstilts.perturbations import is_name; is_name('typos5')"
    code = f"{checked}; print({{'pyarrow', 'regex', 'xstilts.sources'}} & {{*sys.modules}})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


APPLIES = {
    "typos10": "xnli pawsx udpos panx xquad mlqa tydiqa tatoeba copa anli ccg hellaswag",
    "word_order": "xnli pawsx udpos xquad mlqa tydiqa tatoeba copa anli ccg hellaswag",
    "mixed_language": "xnli pawsx xquad mlqa",
}
REASONS = {
    (
        "typos10",
        "bucc2018",
    ): "typos10 does not apply to bucc2018: its sentences are mined on both sides, and equal ones",
    ("typos10", "mlm"): "typos10 does not apply to mlm: tasks of the kind masked_lm are not evaluated",
    ("word_order", "bucc2018"): "word_order does not apply to bucc2018: its sentences are mined on both sides",
    ("word_order", "tlm"): "word_order does not apply to tlm: tasks of the kind masked_lm are not evaluated",
    ("word_order", "panx"): "word_order does not apply to panx: its tags mark spans of words",
    ("mixed_language", "tatoeba"): "have translations with the same id, as those of mlqa, pawsx, xnli, xquad have",
    ("mixed_language", "udpos"): "mixed_language does not apply to udpos",
    ("mixed_language", "tydiqa"): "mixed_language does not apply to tydiqa",
    ("mixed_language", "mnli"): "mixed_language does not apply to mnli",
}


@pytest.mark.parametrize(("name", "task"), [(name, task) for name, tasks in APPLIES.items() for task in tasks.split()])
def test_a_perturbation_applies_to_a_task(name: str, task: str):
    assert scope.refusal([name], tasks.load(task), tasks.load(task).languages) is None


@pytest.mark.parametrize(("name", "task"), REASONS)
def test_a_perturbation_does_not_apply_to_a_task_for_a_reason(name: str, task: str):
    assert REASONS[name, task] in scope.refusal([name], tasks.load(task), tasks.load(task).languages)


def test_words_have_no_other_order_where_no_spaces_separate_them():
    languages = ("zh", "en", "th", "ja", "ko", "my", "vi")
    assert scope.served(["word_order"], tasks.load("xquad"), languages) == ("en", "ko", "vi")
    assert scope.served(["word_order"], tasks.load("udpos"), languages) == languages
    assert scope.served(["typos10"], tasks.load("xquad"), languages) == languages
    reason = "word_order does not apply to xquad in zh, th: no language separates words by spaces"
    assert scope.refusal(["word_order"], tasks.load("xquad"), ["zh", "th"]) == reason


def test_a_mixture_needs_two_languages():
    assert scope.refusal(["mixed_language"], tasks.load("xnli"), ["de", "en"]) is None
    reason = "mixed_language does not apply to xnli in de: it mixes at least two languages"
    assert scope.refusal(["mixed_language"], tasks.load("xnli"), ["de"]) == reason


def test_several_perturbations_apply_where_each_does():
    languages = ("de", "th", "en")
    assert scope.served(["mixed_language", "word_order"], tasks.load("xquad"), languages) == ("de", "en")
    assert scope.refusal(["mixed_language", "typos10"], tasks.load("xquad"), ["de", "th"]) is None
    reason = "mixed_language does not apply to xquad in de, th: it mixes at least two languages"
    assert scope.refusal(["mixed_language", "word_order"], tasks.load("xquad"), ["de", "th"]) == reason
    assert scope.refusal(["typos10", "word_order"], tasks.load("panx"), ["de"]) is not None
    reason = "a target has one perturbation with typos, not typos10 and typos5"
    assert scope.refusal(["typos10", "typos5"], tasks.load("xquad"), languages) == reason


def test_a_spec_has_what_decides_the_text_and_nothing_else():
    assert specs.perturb_task("typos10", SPLIT, ["de", "th"], "data/xquad.evaluate~0") == {
        "perturbation": "typos10",
        "split": SPLIT,
        "languages": {"de": {"script": "Latn"}, "th": {"script": "Thai"}},
        "data": "data/xquad.evaluate~0",
    }
    assert specs.perturb_task("word_order", SPLIT, ["de"], "data/xquad.evaluate~0") == {
        "perturbation": "word_order",
        "split": SPLIT,
        "languages": {"de": {}},
        "data": "data/xquad.evaluate~0",
    }
    assert perturbations.load("typos10").libraries == ("regex",)
    assert perturbations.load("mixed_language").libraries == ()


def test_the_words_of_a_second_text_are_counted_in_its_own_language():
    examples = {lang: table("classification", *[TEXTS[lang]] * 40) for lang in ("en", "zh")}
    mixed = {lang: found.table for lang, found in perturbed("mixed_language", "xnli", **examples).items()}
    found = perturbed("typos20", "xnli", **mixed)["en"]
    # Without spaces, words are counted by clusters.
    assert found.notes["words"] == 40 * (len(TEXTS["en"].split()) + len(TEXTS["zh"]) / 2)
    assert found.table["text_b_language"].to_pylist() == ["zh"] * 40
    assert len(set(found.table["text_b"].to_pylist())) > 30


@pytest.mark.parametrize("name", ["typos10", "word_order", "mixed_language"])
def test_the_code_of_a_form_is_in_its_role_alone(name: str):
    code, form = SourceCode(Path("no memory.json"), Sameness(())), perturbations.load(name).form
    reached = set(code.modules(perturbations.load(name).role))
    assert {module for module in reached if module.startswith("perturbations.")} >= {f"perturbations.{form}"}
    assert not reached & {"perturbations.names", "perturbations.scope"}
    assert "regex" not in {*perturbations.load(name).libraries} or "perturbations.clusters" in reached
    assert not any(f"perturbations.{form}" in code.modules(f"job.{step}") for step in ("perturb_task", "encode_task"))


def made(tmp_path: Path, name: str, tables: dict[str, pa.Table], served: tuple[str, ...] = ()) -> tuple[Path, Path]:
    """The folders of the clean and the perturbed examples of XNLI."""
    files = {f"{SPLIT}.{lang}": {} for lang in tables}
    about = About(task="xnli", role=EVALUATE)
    clean = Entry("read_task", "data/clean", {"files": {**files, "dev.en": {}}}, {}, "data/clean/manifest.json", about)
    (tmp_path / clean.path).mkdir(parents=True)
    for lang, examples in tables.items():
        pq.write_table(examples, tmp_path / clean.path / f"{SPLIT}.{lang}.parquet")
    spec = specs.perturb_task(name, SPLIT, served or tables, clean.path)
    about = replace(about, perturbations=(name,))
    entry = Entry("perturb_task", "data/made", spec, {"data": clean}, f"data/made/{paths.MANIFEST}", about)
    job = Job(SimpleNamespace(store=tmp_path), None, entry)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(perturb_task.job, "of", lambda arguments: job)
        perturb_task.run(Namespace())
    return tmp_path / clean.path, tmp_path / entry.path


def test_the_job_writes_the_perturbed_examples_and_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture):
    examples = {lang: table("classification", TEXTS[lang], "-", TEXTS["en"]) for lang in ("de", "th", "zh")}
    clean, folder = made(tmp_path, "typos30", examples, served=("de", "th"))
    assert {file.name for file in folder.iterdir()} == {
        "manifest.json",
        "spec.json",
        "test.de.parquet",
        "test.th.parquet",
    }
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for lang in ("de", "th"):
        expected = perturbed("typos30", "xnli", **{lang: examples[lang]})[lang]
        assert pq.read_table(folder / f"test.{lang}.parquet").equals(expected.table)
        assert manifest[f"test.{lang}"] == {**expected.notes, "read_from": [str(clean / f"test.{lang}.parquet")]}
    assert "test.de: 2 of 3 rows changed" in capsys.readouterr().out


def test_at_rate_0_the_job_writes_the_same_bytes(tmp_path: Path):
    # Examples are read in batches.
    rows = table("classification", *(f"row {number}" for number in range(25_000)))
    examples = pa.concat_tables(rows.slice(first, 10_000) for first in (0, 10_000, 20_000))
    assert examples["id"].num_chunks == 3
    clean, folder = made(tmp_path, "typos0", {"en": examples})
    assert (folder / "test.en.parquet").read_bytes() == (clean / "test.en.parquet").read_bytes()


def test_the_job_mixes_all_languages_of_the_target(tmp_path: Path):
    examples = {lang: table("classification", *TEXTS.values()) for lang in ("de", "th", "zh")}
    _, folder = made(tmp_path, "mixed_language", examples)
    expected = perturbed("mixed_language", "xnli", **examples)
    for lang in examples:
        assert pq.read_table(folder / f"test.{lang}.parquet").equals(expected[lang].table)
    assert not one("typos10", "xnli", "de", examples["de"]).equals(expected["de"].table)
