"""The command line: `xstilts <command>` for users, and `python -m xstilts <job>` for the rules of the workflow."""

import argparse
import ast
import gc
import importlib
import os
import shlex
import signal
import sys
from pathlib import Path
from types import ModuleType

from xstilts.errors import UserError, nearest
from xstilts.runtime import cpu, streams, termination
from xstilts.runtime.devices import taken
from xstilts.steps import REPORTS, RESULTS
from xstilts.store import locks

JOBS = (*RESULTS, *REPORTS)
ON_DEVICE = ("train_stage", "predict", "probe", "calibrate")
COMMANDS = (
    "status",
    "plan",
    "calibrate",
    "show",
    "table",
    "submission",
    "export",
    "push",
    "adopt",
    "prune",
    "discard",
    "verify",
    "schema",
)


_DESCRIPTION = "Inspect experiments and publish their results. To run an experiment, use snakemake."


def parser(chosen: str) -> argparse.ArgumentParser:
    """The argument parser. Only the module of the chosen command is imported, and the help lists only user commands."""
    top = argparse.ArgumentParser(
        prog="xstilts",
        description=_DESCRIPTION,
        epilog="\n".join(["commands:", *(f"  {name:<11} {_summary(name)}" for name in COMMANDS)]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    help_ = "one of the commands below; `xstilts <command> --help` describes it"
    commands = top.add_subparsers(dest="command", required=True, metavar="command", help=help_)
    for name in COMMANDS:
        command = commands.add_parser(name, description=_summary(name))
        if name == chosen:
            _module(name).add_arguments(command)
    if chosen in JOBS:
        _add_job_arguments(commands.add_parser(chosen, description=_summary(chosen)), chosen)
    elif chosen not in COMMANDS and not chosen.startswith("-") and chosen:
        top.error(f"there is no command {chosen!r}.{nearest(chosen, COMMANDS)} `xstilts --help` lists all.")
    return top


def _add_job_arguments(job: argparse.ArgumentParser, name: str) -> None:
    job.add_argument("entry", help="path of the entry, relative to the store")
    job.add_argument("--config", type=Path, required=True, help="configuration file, JSON or YAML")
    job.add_argument("--log", type=Path, help="write the output to this file, preceded by the cause if the job fails")
    if name in ON_DEVICE:
        what = (
            "GPUs that the job may use, each with the number of jobs that share it; default: all visible ones, unshared"
        )
        job.add_argument("--places", type=_places, metavar="GPU:JOBS,...", help=what)
    if name == "predict":
        what = "the entry is a bundle: create these predictions of one model, which is loaded once, then its marker"
        job.add_argument("--predictions", nargs="+", metavar="ENTRY", help=what)
    if name == "train_stage":
        job.add_argument("--gpus", type=_count, default=1, help="number of GPUs for data-parallel training")


def _count(text: str) -> int:
    """Parse a positive integer."""
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return int(text)


def _places(text: str) -> dict[str, int]:
    """Parse the names of GPUs and their numbers of jobs, such as `0:4,1:2`."""
    return {name: _count(number) for name, _, number in (part.rpartition(":") for part in text.split(","))}


def main(note: str = "") -> int:
    """Run a command. A user error is printed as a message without traceback.

    Args:
        note: what the log says after the command.
    """
    streams.make_safe()
    termination.heed()
    cpu.limit_threads()
    log = None
    try:
        arguments = parser(next(iter(sys.argv[1:]), "")).parse_args()
        if path := getattr(arguments, "log", None):
            _redirect(path)
            log = path
            print(f"{shlex.join(['python', '-m', 'xstilts', *sys.argv[1:]])}{note}", flush=True)
        if arguments.command in COMMANDS:
            # End silently if the reader closes the pipe, as in `status | head`.
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        if arguments.command in ON_DEVICE:
            _run_on_device(arguments)
        else:
            _module(arguments.command).run(arguments)
    except (UserError, termination.Terminated) as error:
        termination.ignore()
        _fail(str(error), log)
        return 1
    except BaseException as error:
        if log:
            sys.excepthook(*sys.exc_info())
            _fail(f"{type(error).__name__}: {error}", log)
            return 1
        raise
    return 0


def _run_on_device(arguments: argparse.Namespace) -> None:
    """Run a job on GPUs, which are selected before the import: libraries of the module may initialise them."""
    with taken(getattr(arguments, "gpus", 1), places=getattr(arguments, "places", None)) as devices:
        module = _module(arguments.command)
        devices.limit_memory()
        module.run(arguments)


def _module(command: str) -> ModuleType:
    """Import the module of a command, with the garbage collector disabled to save time."""
    gc.disable()
    module = importlib.import_module(f"xstilts.{_package(command)}.{command}")
    gc.freeze()
    gc.enable()
    return module


def _package(command: str) -> str:
    return "jobs" if command in JOBS else "commands"


def _summary(name: str) -> str:
    """The first line of the docstring of a command, without importing its module."""
    source = Path(__file__).parent / _package(name) / f"{name}.py"
    return (ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or "").split("\n")[0]


def _redirect(log: Path) -> None:
    """Redirect the output of this process and its children to a file, which stays locked until they end."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as file:
        locks.mark(file)
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    streams.make_safe("utf-8")


def _fail(cause: str, log: Path | None) -> None:
    """Report the cause of a failure on standard error, or as the first line of the log."""
    if log is None:
        print(f"error: {cause}", file=sys.stderr)
        return
    sys.stdout.flush()
    sys.stderr.flush()
    log.write_text(f"error: {cause}\n\n{log.read_text(encoding='utf-8', errors='replace')}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
