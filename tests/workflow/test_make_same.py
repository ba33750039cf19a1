"""Two versions run one grid: an edit that changes nothing renames nothing, and one that was not seen gets no record."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments import ROOT

pytestmark = pytest.mark.slow

WHY = "a variable has another name"


class Project:
    """A repository with the project as it is here."""

    def __init__(self, folder: Path):
        self.folder = folder
        listed = self._git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
        for name in filter(None, listed):
            if (ROOT / name).is_symlink() or (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, folder / name, follow_symlinks=False)
        self._git(folder, "init", "--quiet")
        self._git(folder, "add", "--all")
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        self._git(folder, *who, "commit", "--quiet", "--message", "As it was.")

    def edit(self, module: str, old: str, new: str) -> None:
        """Change a piece of text, wherever it stands in a module."""
        file = self.folder / "workflow" / "xstilts" / f"{module}.py"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def same(self) -> dict[str, str]:
        """What `make same BASE=HEAD` says of each role."""
        run = self._python(self.folder, "tests/same", "HEAD", "--why", WHY)
        assert run.returncode == 0, run.stdout
        lines = run.stdout.split("\n\n")[0].splitlines()
        return dict(line.split(maxsplit=1) for line in lines if not line.startswith("Running "))

    def records(self) -> list[dict]:
        """The records that the commit does not have."""
        file = "workflow/xstilts/fingerprints/sameness.json"
        shipped = json.loads(self._git(self.folder, "show", f"HEAD:{file}"))["records"]
        found = json.loads((self.folder / file).read_text(encoding="utf-8"))["records"]
        return [record for record in found if record not in shipped]

    def dry_run(self) -> str:
        """What is to do, with the code as it is now, in the store that the first version has finished."""
        command = ("-m", "snakemake", "--dry-run", "--snakefile", str(self.folder / "Snakefile"))
        place = self.folder / "build" / "same" / "base" / "version"
        return self._python(place, *command, "--configfile", "tests/same/grid.yaml").stdout

    def _python(self, place: Path, *arguments: str) -> subprocess.CompletedProcess:
        environment = os.environ | {"PYTHONPATH": str(self.folder / "workflow")}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.run([sys.executable, *arguments], cwd=place, env=environment, text=True, check=False, **pipes)

    @staticmethod
    def _git(place: Path, *arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=place, stdout=subprocess.PIPE, text=True, check=True).stdout


def test_edits_get_the_records_that_two_runs_show(tmp_path: Path):
    project = Project(tmp_path)
    # The roles that reach the first of these modules are not those that reach the second.
    project.edit("training/batches", "group", "taken")
    project.edit("prediction/embed", "return states[:, 0]", "return states[:, 0, :]")
    said = project.same()
    assert said["job.train_stage"].startswith("record ")
    assert "embed.py:" in said["predictor.vectors"]
    assert "was not executed" in said["predictor.vectors"]
    others = said.keys() - {"job.train_stage", "predictor.vectors"}
    assert {said[role] for role in others} == {"same by name"}
    (record,) = project.records()
    assert (record["of"], record["why"]) == ("job.train_stage", WHY)
    assert "statements executed" in record["shown"]

    project.edit("prediction/embed", "return states[:, 0, :]", "return states[:, 0]")
    assert "Nothing to be done" in project.dry_run()

    # What computes in bfloat16 is executed by the grid, and does something else.
    project.edit("prediction/forward", "torch.bfloat16", "torch.float16")
    said = project.same()
    assert said["predictor.outputs"].startswith("no record")
    assert said["job.train_stage"].startswith("no record")
    assert project.records() == [record]
