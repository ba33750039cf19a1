"""The workflow as a module of another one, and started from other folders, where the package is not installed."""

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import snakemake
import yaml

from experiments import ROOT, Experiment, experiment
from xstilts import experiments
from xstilts.store.entries import finished

MODULE = """
configfile: "outer.yaml"


module xstilts:
    snakefile: {snakefile!r}
    config: {config}
    {more}


use rule * from xstilts as xstilts_*
"""
"""The other workflow, up to its own rules."""
SUMMARY = """

rule summary:
    default_target: True
    input:
        xstilts.RUN.targets,
    output:
        "summary.csv",
    shell:
        "cp results/experiments/inner/scores.csv {output}"
"""
HOOKS = """

onerror:
    xstilts.onerror()
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has the libraries, but not this package."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    libraries = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    # Unlike in a folder that Python itself knows, a `.pth` of an editable installation does not count there.
    (libraries / "libraries.pth").write_text(f"{Path(snakemake.__file__).parents[1]}\n", encoding="utf-8")
    python = folder / "bin" / "python"
    found = run([python, "-c", "import snakemake, xstilts"], folder)
    assert "No module named 'xstilts'" in found.stdout, "the package is installed beside its libraries"
    return python


def run(command: list[str | Path], folder: Path) -> subprocess.CompletedProcess:
    """What a command prints in a folder, with no path to the package in its environment."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.run(command, cwd=folder, env=variables, text=True, check=False, **pipes)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, in a folder whose name has blanks and letters of several scripts."""
    project = tmp_path_factory.mktemp("projects") / "Mein Projekt «ä» № 1"
    project.mkdir()
    for name in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / name, project)
    for name in ("envs", "workflow"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    (project / "profiles").symlink_to("workflow/profiles")
    return project


@dataclass(frozen=True)
class Outer:
    """Another workflow in a folder of its own, which uses this one as a module."""

    folder: Path
    python: Path

    def write(
        self, snakefile: Path, inner: dict, *, config: str = 'config["xstilts"]', more: str = "", rules: str = ""
    ):
        """Write it.

        Args:
            inner: the configuration of the module, below the key `xstilts` unless `config` says otherwise.
            config: what it hands on to the module.
            more: a line of the module.
            rules: its own part.
        """
        content = inner if config == "config" else {"a key of its own": 1, "xstilts": inner}
        (self.folder / "outer.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        text = MODULE.format(snakefile=str(snakefile), config=config, more=more) + rules
        (self.folder / "Snakefile").write_text(text, encoding="utf-8")

    def snakemake(self, *options: str) -> subprocess.CompletedProcess:
        """Run it."""
        return run([self.python, "-m", "snakemake", "--cores", "2", *options], self.folder)


@pytest.fixture
def outer(tmp_path: Path, python: Path) -> Outer:
    return Outer(tmp_path, python)


@pytest.fixture(scope="module")
def inner(world: Callable[[str], Path]) -> Experiment:
    """An experiment whose data lie in a folder of their own."""
    return experiment(world("inner"), "inner", ["none"], ["xnli", "tatoeba"])


def content(one: Experiment) -> dict:
    return yaml.safe_load(one.file.read_text(encoding="utf-8"))


def planned(printed: str) -> set[str]:
    """The entries whose jobs a dry run lists."""
    return {line.partition("entry=")[2] for line in printed.splitlines() if "wildcards:" in line}


# A run


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory, python: Path, project: Path, inner: Experiment) -> Outer:
    """The other workflow after its run."""
    outer = Outer(tmp_path_factory.mktemp("outer"), python)
    outer.write(project / "Snakefile", content(inner), rules=SUMMARY)
    done = outer.snakemake()
    assert done.returncode == 0, done.stdout
    return outer


def test_a_module_makes_all_entries_under_their_names(used: Outer, inner: Experiment):
    store = used.folder / "results"
    assert [path for path, entry in inner.grid().entries.items() if not finished(store, entry)] == []


def test_the_reports_are_shown_before_the_rules_of_the_other_workflow_read_them(used: Outer):
    shown = used.folder / "results" / "experiments" / "inner"
    assert {"scores.csv", "statistics.csv", "tables", "figures", "report.html"} <= {
        file.name for file in shown.iterdir()
    }
    assert (used.folder / "summary.csv").read_bytes() == (shown / "scores.csv").read_bytes()


def test_the_configuration_lies_where_jobs_and_where_commands_read_it(used: Outer):
    store = used.folder / "results"
    (of_jobs,) = (store / "configs").iterdir()
    assert of_jobs.name.startswith("inner-")
    of_commands = store / "experiments" / "inner" / "config.json"
    assert json.loads(of_jobs.read_bytes()) == json.loads(of_commands.read_bytes())


def test_a_second_run_of_a_module_does_nothing(used: Outer):
    again = used.snakemake()
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout


def test_the_shipped_configuration_lies_below_that_of_the_other_workflow(outer: Outer, inner: Experiment):
    # The recipe of MNLI, on which the model of XNLI is trained, is the shipped one then: two epochs, not three.
    less = {key: value for key, value in content(inner).items() if key not in ("training", "stages")}
    own = outer.folder / "own.yaml"
    own.write_text(yaml.safe_dump(less), encoding="utf-8")
    expected = experiments.open_grid(experiments.read(own)).entries.keys()
    assert expected != inner.grid().entries.keys()
    outer.write(ROOT / "Snakefile", less)
    assert planned(outer.snakemake("--dry-run").stdout) == expected


# Mistakes


def test_what_cannot_run_can_be_planned_and_is_refused_before_the_first_job(outer: Outer, inner: Experiment):
    outer.write(ROOT / "Snakefile", content(inner) | {"encoders": {"tiny": {"path": "nowhere"}}})
    plan = outer.snakemake("--dry-run")
    assert plan.returncode == 0, plan.stdout
    assert any(entry.startswith("models/tiny~") for entry in planned(plan.stdout))
    refused = outer.snakemake()
    assert refused.returncode != 0
    assert "error: config key 'encoders.tiny.path': no Hugging Face folder there" in refused.stdout
    assert "Traceback" not in refused.stdout
    assert not (outer.folder / "logs").exists()


@pytest.mark.parametrize("more", ['prefix: "below"', 'replace_prefix: {"results/": "below/"}'])
def test_files_that_snakemake_would_look_for_elsewhere_are_refused(outer: Outer, inner: Experiment, more: str):
    outer.write(ROOT / "Snakefile", content(inner), more=more)
    refused = outer.snakemake("--dry-run")
    assert refused.returncode != 0
    assert "error: `prefix:` or `replace_prefix:` of the module turns results/data into below/" in refused.stdout
    assert "set `store:` in the configuration of the module" in refused.stdout
    assert "Traceback" not in refused.stdout


def test_a_mistake_in_a_whole_configuration_that_is_handed_on_is_found_in_its_file(outer: Outer, inner: Experiment):
    mistaken = content(inner) | {"grid": content(inner)["grid"] | {"seeds": ["one"]}}
    outer.write(ROOT / "Snakefile", mistaken, config="config")
    refused = outer.snakemake("--dry-run")
    assert refused.returncode != 0
    assert "error: config key 'grid.seeds.0' (outer.yaml, line " in refused.stdout


def test_the_other_workflow_may_have_failures_told(outer: Outer, inner: Experiment):
    lost = {"data": "nowhere", "tasks": {}, "grid": content(inner)["grid"] | {"targets": ["tatoeba"]}}
    outer.write(ROOT / "Snakefile", content(inner) | lost, rules=HOOKS)
    failed = outer.snakemake("--until", "xstilts_read_task")
    assert failed.returncode != 0
    assert "1 job failed; missing cells as a result: 1 of 1" in failed.stdout
    assert "reading the evaluation data of tatoeba" in failed.stdout


# Other folders


@pytest.mark.parametrize("place", ["--snakefile from another folder", "--directory", "its own folder"])
def test_a_plan_is_the_same_from_everywhere(tmp_path: Path, python: Path, project: Path, inner: Experiment, place: str):
    options = ["--configfile", inner.file]
    if place == "--snakefile from another folder":
        folder = tmp_path
        options += ["--snakefile", os.path.relpath(project / "Snakefile", folder)]
    else:
        folder = project
        options += (
            ["--directory", tmp_path] if place == "--directory" else ["--config", f"store={tmp_path / 'results'}"]
        )
    plan = run([python, "-m", "snakemake", "--cores", "1", "--dry-run", *options], folder)
    assert plan.returncode == 0, plan.stdout
    assert planned(plan.stdout) == inner.grid().entries.keys()
    assert [file.name[:6] for file in (tmp_path / "results" / "configs").iterdir()] == ["inner-"]
