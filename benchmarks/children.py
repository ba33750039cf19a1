"""Programs in a process of their own: their time from the start to the end, and their memory."""

import json
import os
import subprocess
import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from benchmarks.clock import Spent
from benchmarks.data import Setup, Source

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Ended:
    """A process that has ended.

    Args:
        spent: its time.
        megabytes: its peak memory.
        value: what the program returned.
    """

    spent: Spent
    megabytes: int
    value: object


def run(module: str, programs: str, name: str, setup: Setup) -> Ended:
    """Run one of the programs that a function of a module of this package returns."""
    arguments = [module, programs, name, str(setup.folder), str(setup.source.features or ""), str(int(setup.smoke))]
    return command([sys.executable, "-m", "benchmarks.children", *arguments])


def command(words: list[str], **environment: str) -> Ended:
    """Run a command; its value is the last line of its output, if that is JSON."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "workflow")])
    begin = time.perf_counter()
    process = subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path, **environment}
    )
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)}: exit status {process.returncode}\n{printed}")
    seconds = Spent(time.perf_counter() - begin, used.ru_utime + used.ru_stime)
    return Ended(seconds, used.ru_maxrss // 1024, _value(printed))


def _value(printed: str) -> object:
    try:
        return json.loads(printed.splitlines()[-1])
    except (ValueError, IndexError):
        return None


def main() -> None:
    """Run a program and print what it returns."""
    module, programs, name, folder, features, smoke = sys.argv[1:]
    import torch

    torch.set_num_threads(1)
    setup = Setup(Source(Path(features) if features else None), Path(folder), bool(int(smoke)))
    with redirect_stdout(sys.stderr):
        value = getattr(import_module(f"benchmarks.{module}"), programs)(setup)[name]()
    print(json.dumps(value if isinstance(value, (int, float)) else None))


if __name__ == "__main__":
    main()
