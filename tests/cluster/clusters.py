"""A SLURM cluster on this machine, brought up and down by scripts that are no part of the repository."""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(os.environ.get("XSTILTS_SLURM", ROOT.parent / "shared" / "slurm"))
"""The folder of `start-slurm.sh`, `stop-slurm.sh` and `node.sh`."""


@dataclass(frozen=True)
class Cluster:
    """A cluster that runs.

    Args:
        folder: its daemons' own files.
    """

    folder: Path

    def tool(self, *command: str) -> str:
        """What a command of SLURM prints."""
        environment = os.environ | {"SLURM_CONF": str(self.folder / "etc/slurm.conf")}
        return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout

    def script(self, name: str, *arguments: str) -> None:
        """Run one of the scripts."""
        subprocess.run([SCRIPTS / name, *arguments], env=os.environ | {"SLURM_LAB": str(self.folder)}, check=True)

    def jobs(self, state: str) -> dict[str, str]:
        """The comments of the jobs in a state, which name rule and entry, by job number."""
        lines = self.tool("squeue", "--noheader", f"--states={state}", "--format=%A %k").splitlines()
        return dict(line.split(maxsplit=1) for line in lines)

    def node(self, job: str) -> str:
        """The node that a job runs on."""
        return self.tool("squeue", "--noheader", f"--jobs={job}", "--format=%N").strip()

    def begun(self, job: str) -> float:
        """When a job was started, the last time if it was requeued."""
        start = self.tool("squeue", "--noheader", f"--jobs={job}", "--format=%S").strip()
        return datetime.fromisoformat(start).timestamp()

    def restart_controller(self) -> None:
        """Let the controller die without warning, come back, and ask the nodes what they run."""
        pid = (self.folder / "run/slurmctld.pid").read_text().split()[0]
        os.kill(int(pid), signal.SIGKILL)
        self.script("start-slurm.sh")
        self.tool("scontrol", "reconfigure")


def missing() -> str | None:
    """Why there can be no cluster here."""
    if not (SCRIPTS / "start-slurm.sh").is_file():
        return f"no scripts in {SCRIPTS} that bring SLURM up: set XSTILTS_SLURM to their folder"
    if shutil.which("sbatch") is None:
        return "SLURM is not installed (no sbatch)"
    return None
