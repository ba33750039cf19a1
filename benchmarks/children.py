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
        value: what the program returned.
        megabytes: its peak memory; 0 if it is unknown.
    """

    spent: Spent
    value: object
    megabytes: int = 0


def run(module: str, programs: str, name: str, setup: Setup) -> Ended:
    """Run one of the programs that a function of a module of this package returns."""
    arguments = [module, programs, name, str(setup.folder), str(setup.source.features or ""), str(int(setup.smoke))]
    ended = command([sys.executable, "-m", "benchmarks.children", *arguments])
    return Ended(ended.spent, **ended.value)


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
    return Ended(seconds, _value(printed))


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
    value = value if isinstance(value, (int, float)) else None
    print(json.dumps({"value": value, "megabytes": _peak()}))


def _peak() -> int:
    """The peak memory of this process in MB; that of `getrusage` includes the memory of the process that forked it."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
    return int(status["VmHWM"].split()[0]) // 1024


if __name__ == "__main__":
    main()
