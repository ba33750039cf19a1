"""What a user can count on when the workflow runs."""

import hashlib
import json
import os
import re
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
import transformers
import yaml

from experiments import EXAMPLES, ROOT, WRITTEN, Attempt, Experiment, attempt, experiment
from xstilts import metrics, tasks
from xstilts.miniature import release as miniature_release
from xstilts.prediction import xtreme_files
from xstilts.sources import reading, release
from xstilts.steps.entry import Entry

HEADS = {
    "multitask": "AutoModel",
    "mnli": "AutoModelForSequenceClassification",
    "udpos": "AutoModelForTokenClassification",
    "squad_v1": "AutoModelForQuestionAnswering",
}
WORLD = Callable[[str], Path]


@pytest.fixture(scope="module")
def done(whole: Attempt) -> Experiment:
    """The whole experiment, after its run."""
    assert whole.status == 0, whole.printed
    return whole.experiment


@pytest.fixture(scope="module")
def page(whole: Attempt) -> dict:
    """The data embedded in the page of the whole experiment."""
    text = (whole.experiment.reports / "report.html").read_text(encoding="utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])


@pytest.fixture(scope="module")
def part(done: Experiment) -> Attempt:
    """Two of its cells as an experiment of their own, in the same store."""
    return attempt(experiment(done.folder, "part", ["none"], ["xnli", "tatoeba"]))


@pytest.fixture(scope="module")
def broken(world: WORLD) -> Attempt:
    """The same two cells from nothing, in another folder, where a test file has a label that is none."""
    mine = experiment(world("broken"), "part", ["none"], ["xnli", "tatoeba"])
    relabel(mine, "neutral", "netural")
    return attempt(mine)


@pytest.fixture(scope="module")
def repaired(broken: Attempt) -> Attempt:
    """The same command once more, when the label is right again."""
    relabel(broken.experiment, "netural", "neutral")
    return attempt(broken.experiment)


def xnli_test_file(mine: Experiment) -> Path:
    return mine.folder / "data" / "xnli" / "XNLI-1.0" / "xnli.test.tsv"


def relabel(mine: Experiment, old: str, new: str) -> None:
    """Change the first such label of the XNLI test file, which is that of an English example."""
    file = xnli_test_file(mine)
    file.write_text(file.read_text(encoding="utf-8").replace(f"en\t{old}", f"en\t{new}", 1), encoding="utf-8")


def jobs(printed: str) -> dict[str, int]:
    """The table of job counts that Snakemake prints."""
    table = re.search(r"^job +count\n[- ]+\n(.*?)^total", printed, re.MULTILINE | re.DOTALL)
    return {name: int(count) for name, count in map(str.split, table[1].splitlines())} if table else {}


def released(mine: Experiment, target: str, lang: str) -> pa.Table:
    """The examples of a test set, read from the files of its release."""
    task, folders = tasks.load(target), [mine.folder / "data" / target]
    if target == WRITTEN:
        folders = list(mine.results.glob(f"miniature/data~*/{target}"))
    found = release.locate(task, "test", lang, folders)
    assert found is not None
    return reading.read([found], task, lang, limit=EXAMPLES)


# Before and after


def test_a_dry_run_lists_exactly_the_jobs_of_the_grid(world: WORLD, whole: Attempt):
    grid = whole.experiment.config.grid
    planned = experiment(world("planned"), "whole", list(grid.intermediates), list(grid.targets))
    printed = planned.snakemake("--dry-run").stdout
    # BUCC and Tatoeba need the same vectors: of the encoder itself, and of the one that was trained on the mixture.
    steps = Counter(entry.step for entry in whole.entries.values())
    assert jobs(printed) == {"all": 1, **steps, "predict": steps["predict"] - 2}
    assert not planned.files()


OF_QUESTIONS = {"perturb_task", "probe"}
"""The rules of perturbed text and of forgetting, which the experiments on robustness and order run."""


def test_the_run_has_done_every_entry_with_every_rule(whole: Attempt):
    rules = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "workflow" / "rules").glob("*.smk"))
    assert whole.finished == whole.entries.keys()
    named = set(re.findall(r"^use rule job as (\w+) with:", rules, re.MULTILINE))
    assert {entry.step for entry in whole.entries.values()} == named - OF_QUESTIONS


def test_every_task_and_kind_is_read_trained_predicted_and_scored(whole: Attempt, rest: Attempt):
    assert rest.status == 0, rest.printed
    assert rest.finished == rest.entries.keys()
    used = {entry.about.task for run in (whole, rest) for entry in run.entries.values() if entry.step == "read_task"}
    assert {*used, *(part.name for part in tasks.load("anli_plus").pools)} == {*miniature_release.TASKS, "anli_plus"}
    kinds = {tasks.load(name).kind for name in used}
    assert kinds == {"classification", "multiple_choice", "tagging", "span", "retrieval", "masked_lm"}


def test_a_run_ends_with_scores_and_tables_and_prints_the_table(whole: Attempt, done: Experiment):
    tables = [f"tables/tiny{name}.{form}" for name in ("", ".paper", ".best") for form in ("csv", "md")]
    for name in ("scores.csv", "scores.parquet", "statistics.csv", *tables, "tables/tiny.paper.tex"):
        assert (done.reports / name).stat().st_size
    printed = " ".join(whole.printed.split())
    last = printed[printed.index("score of the baseline, and differences from it") :]
    words = (*done.config.grid.targets, *done.config.grid.intermediates, "mean")
    assert [word for word in words if word not in last] == []


def test_a_run_names_its_page(whole: Attempt):
    assert str(whole.experiment.reports.relative_to(whole.experiment.folder) / "report.html") in whole.printed


def test_the_page_has_every_cell_with_predictions(page: dict, whole: Attempt):
    cells = {(cell["intermediate"], cell["target"]): cell for cell in page["cells"]}
    assert set(cells) == {(cell.intermediate, cell.target) for cell in whole.experiment.grid().cells}
    assert all(cell["samples"] and cell["missing"] is None for cell in cells.values())


def test_the_page_tells_where_and_for_how_long_every_model_was_trained_and_on_what(page: dict):
    entries = page["entries"]
    computed = [entry for entry in entries if entry["step"] in ("train_stage", "predict")]
    assert computed
    assert all(entry["seconds"] > 0 and entry["device"] and entry["libraries"] for entry in computed)
    read = [file for entry in entries for file in entry["files"]]
    assert all(file["rows"] > 0 and file["read_from"] and len(file["sha256"]) == 64 for file in read)


def test_there_are_scores_of_every_cell_language_and_metric(done: Experiment):
    grid, expected = done.grid(), set()
    for cell in grid.cells:
        for name in (*metrics.load(tasks.load(cell.target).metric).NAMES, "main_score"):
            expected |= {(cell.intermediate, cell.target, lang, name) for lang in grid.languages(cell.target)}
    assert done.scores().keys() == expected
    assert pq.read_table(done.reports / "scores.parquet").num_rows == len(expected)


def test_predictions_lie_in_the_layout_of_xtreme_with_a_line_for_each_example(done: Experiment):
    words = {lang: sum(map(len, released(done, "udpos", lang)["words"].to_pylist())) for lang in ("en", "de")}
    expected = {
        "xnli": {"test-en.tsv": EXAMPLES, "test-de.tsv": EXAMPLES},
        # An empty line between two sentences.
        "udpos": {f"test-{lang}.tsv": count + EXAMPLES - 1 for lang, count in words.items()},
        # One question a line, between the braces of a JSON object.
        "xquad": {"test-en.json": EXAMPLES + 2, "test-de.json": EXAMPLES + 2},
        "tatoeba": {"test-de.tsv": EXAMPLES},
    }
    for cell in done.grid().cells:
        written = done.predictions(cell).iterdir()
        lines = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in written}
        # How many pairs are mined for BUCC depends on the model.
        assert lines == expected.get(cell.target, {"test-de.tsv": lines.get("test-de.tsv")})


def test_manifests_have_the_hashes_of_the_files_beside_them(whole: Attempt):
    contents = {path: content for path, (_, content) in whole.files.items()}
    manifests = [path for path in contents if path.endswith("/manifest.json")]
    assert manifests
    for path in manifests:
        for name, sha256 in json.loads(contents[path])["files"].items():
            assert hashlib.sha256(contents[f"{Path(path).parent}/{name}"]).hexdigest() == sha256


def test_a_second_run_does_nothing_and_takes_seconds(whole: Attempt, done: Experiment):
    files, before = done.files(), resource.getrusage(resource.RUSAGE_CHILDREN)
    again = done.snakemake()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (again.returncode, jobs(again.stdout)) == (0, {})
    assert "Nothing to be done" in again.stdout
    assert done.files() == files
    assert files.items() >= whole.files.items()
    # The time of the processor, so that other work on the machine does not count.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 10


# The numbers


@pytest.mark.parametrize("intermediate", ["none", "multitask"])
@pytest.mark.parametrize("lang", ["en", "de"])
def test_plain_transformers_predicts_the_same_with_a_finished_checkpoint(
    done: Experiment, intermediate: str, lang: str
):
    (cell,) = (cell for cell in done.grid().cells if (cell.intermediate, cell.target) == (intermediate, "xnli"))
    folder = done.results / cell.predictions.inputs["model"].path
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    found = []
    for example in released(done, "xnli", lang).to_pylist():
        with torch.inference_mode():
            logits = model(**tokenizer(example["text_a"], example["text_b"], return_tensors="pt")).logits[0]
        found.append(model.config.id2label[int(logits.argmax())])
    assert found == (done.predictions(cell) / f"test-{lang}.tsv").read_text(encoding="utf-8").splitlines()


def test_every_model_is_a_checkpoint_that_loads_with_the_head_of_its_last_stage(whole: Attempt, done: Experiment):
    models = [path for path, entry in whole.entries.items() if entry.step == "train_stage"]
    stages = {path: path.split("/")[-2].partition("~")[0] for path in models}
    assert set(stages.values()) == HEADS.keys()
    for path, stage in stages.items():
        load = getattr(transformers, HEADS[stage]).from_pretrained
        missing = load(done.results / path, output_loading_info=True)[1]["missing_keys"]
        assert [key for key in missing if "pooler" not in key] == []


def test_scores_are_those_of_the_prediction_files_on_the_released_gold(done: Experiment):
    grid, expected = done.grid(), {}
    for cell in grid.cells:
        task = tasks.load(cell.target)
        metric, form = metrics.load(task.metric), xtreme_files.form_of(task.kind, task.metric)
        for lang in grid.languages(cell.target):
            file = done.predictions(cell) / xtreme_files.file_name(task.kind, "test", lang)
            units = metric.per_example(released(done, cell.target, lang), xtreme_files.read(file, form), lang)
            values = metrics.score(metric, units)
            for name, value in {**values, "main_score": metric.main_score(values)}.items():
                expected[cell.intermediate, cell.target, lang, name] = pytest.approx(value)
    assert done.scores() == expected


# Sharing, repeating, repairing


def test_an_experiment_in_the_same_store_makes_nothing_but_its_reports(part: Attempt):
    assert part.status == 0, part.printed
    reports = ["collect", "tables", "figures", "page"]
    assert jobs(part.printed) == dict.fromkeys(["all", *reports], 1) | {"statistics": 2}


def test_a_label_that_is_none_fails_the_job_that_reads_it_with_the_place_in_the_first_line_of_its_log(broken: Attempt):
    mine = broken.experiment
    (log,) = (mine.folder / "logs" / "data").glob("xnli.evaluate~*.log")
    lines = xnli_test_file(mine).read_text(encoding="utf-8").splitlines()
    number = 1 + next(number for number, line in enumerate(lines) if "netural" in line)
    error = f"error: {xnli_test_file(mine)}, line {number}: found the label 'netural'; expected one of"
    assert broken.status != 0
    assert log.read_text(encoding="utf-8").splitlines()[0].startswith(error)
    assert error in broken.printed


def test_what_does_not_need_the_broken_file_is_finished_and_nothing_else(broken: Attempt):
    def needs_it(entry: Entry) -> bool:
        return entry.path.startswith("data/xnli.evaluate~") or any(map(needs_it, entry.inputs.values()))

    assert broken.finished == {path for path, entry in broken.entries.items() if not needs_it(entry)}
    assert [path for path in broken.files if "/xnli" in path] == []
    assert any("/tatoeba~" in path for path in broken.finished)


def test_when_the_file_is_repaired_the_same_command_goes_on_where_it_stopped(broken: Attempt, repaired: Attempt):
    assert repaired.status == 0, repaired.printed
    assert repaired.finished == repaired.entries.keys()
    assert {path: repaired.files[path] for path in broken.files} == broken.files
    made = Counter(repaired.entries[path].step for path in repaired.finished - broken.finished)
    assert jobs(repaired.printed) == {"all": 1, **made}


def test_two_runs_from_nothing_give_the_same_scores_byte_for_byte(part: Attempt, repaired: Attempt):
    one, other = ((run.experiment.reports / "scores.csv").read_bytes() for run in (part, repaired))
    assert one == other


def test_two_runs_from_nothing_give_the_same_models_under_the_same_names(whole: Attempt, repaired: Attempt):
    weights = [path for path in repaired.files if path.endswith("/model.safetensors")]
    assert weights
    assert all(whole.files[path][1] == repaired.files[path][1] for path in weights)


# Mistakes


def test_a_mistake_in_the_configuration_ends_the_run_before_any_job_with_one_message(tmp_path: Path):
    run = experiment(tmp_path, "mistaken", ["mnlii"], ["xnli"]).snakemake()
    assert run.returncode != 0
    assert re.findall("^error: config key '(.*?)'", run.stdout, re.MULTILINE) == ["grid.intermediates"]
    assert "Traceback" not in run.stdout
    assert not (tmp_path / "results").exists()


def test_a_block_that_is_given_twice_ends_the_run_before_any_job_with_both_lines(tmp_path: Path):
    mine = experiment(tmp_path, "twice", ["none"], ["xnli"])
    lines = mine.file.read_text(encoding="utf-8").splitlines()
    first, again = lines.index("stages:") + 1, len(lines) + 1
    mine.file.write_text("\n".join([*lines, "stages: {xnli: {epochs: 9}}", ""]), encoding="utf-8")
    run = mine.snakemake("--dry-run")
    assert run.returncode != 0
    assert f"error: {mine.file}: duplicate key 'stages' in lines {first} and {again}," in run.stdout
    assert "Traceback" not in run.stdout


def test_an_encoder_that_is_not_there_ends_the_run_before_any_job_with_one_message(world: WORLD):
    mine = experiment(world("bare"), "bare", ["none"], ["tatoeba"])
    raw = yaml.safe_load(mine.file.read_text(encoding="utf-8"))
    raw["encoders"]["tiny"] = {"path": str(mine.folder / "nowhere")}
    mine.file.write_text(yaml.safe_dump(raw), encoding="utf-8")
    run = mine.snakemake()
    assert run.returncode != 0
    assert re.findall("error: config key '(.*?)'", run.stdout) == ["encoders.tiny.path"]
    assert "Traceback" not in run.stdout
    assert not mine.files()


def test_every_value_in_a_shell_line_of_a_rule_is_quoted():
    files = [ROOT / "Snakefile", *(ROOT / "workflow" / "rules").glob("*.smk")]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    shell = [line for line in lines if "python -m" in line or "--config" in line]
    values = [value for line in shell for value in re.findall(r"{(.*?)}", line)]
    assert len(values) == 5 + 2, "those of the rule that all others use, and of the two hooks"
    assert [value for value in values if not value.endswith(":q")] == []


def test_blanks_and_letters_of_all_kinds_may_stand_in_every_path(world: WORLD, monkeypatch: pytest.MonkeyPatch):
    mine = experiment(world("plain"), "blanks", ["none"], ["tatoeba"])
    raw = yaml.safe_load(mine.file.read_text(encoding="utf-8"))
    folder = mine.folder.rename(mine.folder.with_name("Mein Projekt «ä»"))
    monkeypatch.setenv("XSTILTS_PLACE", "my results; it's $HOME")
    raw |= {"store": "$XSTILTS_PLACE/большие файлы", "data": "data"}
    file = folder / "mein Versuch № 1.yaml"
    file.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    (folder / f"{mine.name}.yaml").unlink()
    command = [mine.command[0], "--snakefile", ROOT / "Snakefile", "--configfile", file.name, "--cores", "2"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    made = folder / "my results; it's $HOME" / "большие файлы" / "experiments" / mine.name
    assert (made / "scores.csv").is_file()
    assert {path.name for path in folder.iterdir()} - {".snakemake", "logs"} == {
        "data",
        file.name,
        made.parents[2].name,
    }
    status = [sys.executable, "-m", "xstilts", "status", file.name, "--directory", "."]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    shown = subprocess.run(status, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout
    assert "1 of 1 cells are done" in shown


def test_a_job_for_a_name_that_no_longer_stands_for_its_code_or_data_is_refused(done: Experiment):
    command = [sys.executable, "-m", "xstilts", "read_task", "data/x~000", "--config", done.reports / "config.json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    job = subprocess.run(command, cwd=done.folder, env=environment, capture_output=True, text=True, check=False)
    assert job.returncode == 1
    assert job.stderr.startswith("error: data/x~000 is no longer part of this experiment: ")
