"""Run the benchmarks and write their results to docs/performance.md: `make bench`, `make bench ONLY=mining`."""

import argparse
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import report
from benchmarks.data import Setup, Source

NAMES = ("training", "whole", "loop", "prediction", "mining", "encoding", "start", "grid", "memory")


def main() -> None:
    """Run the benchmarks that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of: {', '.join(NAMES)}")
    parser.add_argument("--features", type=Path, help="a folder with features of real tasks, whose lengths are used")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, to test the benchmarks")
    parser.add_argument("--page", type=Path, default=report.PAGE, help="the file for the results")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"no benchmark is named {', '.join(sorted(unknown))}; choose from {', '.join(NAMES)}")
    if arguments.features and not arguments.features.is_dir():
        parser.error(f"--features {arguments.features}: there is no such folder")
    for name in arguments.names or NAMES:
        print(f"{name} ...", flush=True)
        with TemporaryDirectory() as folder:
            setup = Setup(Source(arguments.features), Path(folder), arguments.smoke)
            section = import_module(f"benchmarks.{name}").run(setup)
        print(section, flush=True)
        lengths = f" {setup.source.said()}" if section.of_lengths else ""
        report.write(name, section, f"{report.machine()}.{lengths}", arguments.page)


if __name__ == "__main__":
    main()
