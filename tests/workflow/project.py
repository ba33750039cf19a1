"""A copy of the project with a small experiment whose store is finished without a single job, to try edits on."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import yaml
from planning import apart, finish, jobs, plan
from snakemake.utils import update_config

from experiments import ROOT
from xstilts.config import Miniature
from xstilts.miniature import release

CONFIG = {
    "experiment": "matrix",
    "source": "release",
    "data": "data",
    "languages": ["en", "de", "zh"],
    "grid": {
        "encoders": ["toy"],
        "intermediates": ["none", "mnli", "hellaswag", "squad_v1/mnli", "mixed"],
        "targets": ["xnli", "udpos", "xquad", "bucc2018", "tatoeba"],
        "seeds": [1],
    },
    "stages": {
        "mixed": {"tasks": ["mnli", "hellaswag"], "sampling": {"strategy": "uniform"}},
        "udpos": {"warmup": 0.25, "weight_decay": 0.5},
    },
    "encoders": {"toy": {"path": "encoder", "retrieval": {"layer": 2}}},
}
ENCODER = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")


@dataclass(frozen=True)
class Project:
    """A folder with the project below `project`, and the experiment beside it: its file, data, encoder and results."""

    folder: Path

    @property
    def library(self) -> Path:
        """The package."""
        return self.folder / "project" / "workflow" / "xstilts"

    @property
    def file(self) -> Path:
        """The configuration."""
        return self.folder / "matrix.yaml"

    @property
    def results(self) -> Path:
        """The store."""
        return self.folder / "results"

    def configure(self, changes: dict) -> None:
        """Lay changes over the configuration."""
        config = yaml.safe_load(self.file.read_text(encoding="utf-8"))
        update_config(config, changes)
        self.file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")

    def plan(self, **versions: str) -> tuple[list[str], list[str]]:
        """The names, without fingerprints, of what a plan lists and of all entries.

        Args:
            versions: versions of libraries to believe in, instead of those that are installed.
        """
        pending, entries = apart(plan, self.folder, self.file.name, versions)
        return sorted(map(plain, pending)), sorted(map(plain, entries))

    def jobs(self) -> list[str]:
        """The names, without fingerprints, of the jobs that make what a plan lists."""
        return sorted(map(plain, apart(jobs, self.folder, self.file.name)))

    def finish(self) -> None:
        """Make everything that is pending, with a line of text for each result."""
        apart(finish, self.folder, self.file.name)

    def dry_run(self, *options: str) -> list[str]:
        """The names, without fingerprints, of what `snakemake -n` lists."""
        run = self.snakemake("--dry-run", *options)
        assert run.returncode == 0, run.stdout
        return sorted(plain(line.partition("entry=")[2]) for line in run.stdout.splitlines() if "wildcards:" in line)

    def snakemake(self, *options: str) -> subprocess.CompletedProcess:
        """Run the workflow; all that it prints is in `stdout`."""
        places = ["--snakefile", "project/Snakefile", "--configfile", self.file.name]
        command = [Path(sys.executable).parent / "snakemake", *places, "--cores", "2", *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.run(command, cwd=self.folder, text=True, check=False, **pipes)

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Time of change and content of every file of every entry, by its path below the store."""
        steps = ("miniature", "data", "features", "models", "cells", "experiments/*")
        found = (path for step in steps for path in self.results.glob(f"{step}/*~*/**/*") if path.is_file())
        return {str(path.relative_to(self.results)): (path.stat().st_mtime_ns, path.read_bytes()) for path in found}

    def restore(self, pristine: "Project") -> None:
        """Undo every edit; the results stay."""
        for name in ("project", "data", "encoder"):
            shutil.rmtree(self.folder / name)
            shutil.copytree(pristine.folder / name, self.folder / name, copy_function=shutil.copyfile)
        shutil.copyfile(pristine.file, self.file)

    def copy(self, folder: Path) -> "Project":
        """Everything, in another folder."""
        shutil.copytree(self.folder, folder, copy_function=shutil.copyfile)
        return Project(folder)


def write_project(folder: Path) -> Project:
    """A project with the library as it is here, the data of the miniature, and files in the place of an encoder."""
    project = Project(folder)
    for name in ("Snakefile", "config.yaml"):
        (folder / "project").mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, folder / "project" / name)
    for name in ("envs", "workflow"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / "project" / name, ignore=ignored, copy_function=shutil.copyfile)
    (folder / "project" / "profiles").symlink_to("workflow/profiles")
    release.write(folder / "data", Miniature(train=8, dev=4, test=4, pairs=4))
    (folder / "encoder").mkdir()
    for name in ENCODER:
        (folder / "encoder" / name).write_text("{}")
    project.file.write_text(yaml.safe_dump(CONFIG, sort_keys=False), encoding="utf-8")
    return project


def plain(path: str) -> str:
    """A name without its fingerprints."""
    return "/".join(part.partition("~")[0] for part in path.split("/"))


def among(names: Iterable[str], *patterns: str) -> list[str]:
    """The names that one of the patterns stands for; `*` is any text. Every pattern has to stand for one."""
    found = {pattern: [name for name in names if fnmatch(name, pattern)] for pattern in patterns}
    assert all(found.values()), found
    return sorted({name for matches in found.values() for name in matches})


# Edits

Edit = Callable[[Project], None]


def setting(**changes) -> Edit:
    """Other settings."""
    return lambda project: project.configure(changes)


def code(*modules: str) -> Edit:
    """Another line at the end of some modules of the library."""

    def edit(project: Project) -> None:
        for module in modules:
            file = project.library / f"{module}.py"
            file.write_text(f"{file.read_text(encoding='utf-8')}\n\nEDITED = True\n", encoding="utf-8")

    return edit


def source(module: str, change: Callable[[str], str]) -> Edit:
    """Another text of a module."""

    def edit(project: Project) -> None:
        file = project.library / f"{module}.py"
        before = file.read_text(encoding="utf-8")
        after = change(before)
        assert after != before
        file.write_text(after, encoding="utf-8")

    return edit


def content(path: str, old: bytes = b"\n", new: bytes = b" \n") -> Edit:
    """Another byte in a file of the data or the encoder."""

    def edit(project: Project) -> None:
        file = project.folder / path
        before = file.read_bytes()
        assert old in before
        file.write_bytes(before.replace(old, new, 1))

    return edit
