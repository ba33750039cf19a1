"""Tables of results, and their places in docs/performance.md."""

import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks.clock import Spent, middle

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
OURS = "ours"


@dataclass
class Section:
    """The results of a benchmark.

    Args:
        text: what is measured, in Markdown.
        tables: in Markdown.
        claims: one sentence for each headline.
        of_lengths: whether the results depend on the lengths of rows.
    """

    text: str
    tables: list[str] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)
    of_lengths: bool = True

    def __str__(self) -> str:
        return "\n\n".join([self.text, *self.tables, *self.claims])


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def compared(
    spent: Mapping[str, Sequence[Spent]], work: Mapping[str, int], unit: str, *, processor: bool = True
) -> str:
    """A table of medians: the rate of each program and its time as a multiple of ours.

    Args:
        work: the amount of work in one measurement, by program.
        unit: what the work is counted in.
        processor: whether seconds of the processor count, or of the clock, as on a GPU.
    """
    rows = []
    for name, one in _per_unit(spent, work).items():
        ratio = _of(one, processor) / _of(_per_unit(spent, work)[OURS], processor)
        rows.append([name, 1 / one.seconds, *([1e3 * one.processor] if processor else []), f"{ratio:.2f}"])
    return table(["", f"{unit}/s", *([f"processor ms / {unit[:-1]}"] if processor else []), "time / ours"], rows)


def better(
    spent: Mapping[str, Sequence[Spent]],
    work: Mapping[str, int],
    baselines: Iterable[str],
    what: str,
    *,
    processor: bool = True,
) -> str:
    """The headline: ours against the best of the baselines."""
    one = _per_unit(spent, work)
    best = min(baselines, key=lambda name: _of(one[name], processor))
    ratio = _of(one[best], processor) / _of(one[OURS], processor)
    return f"**{what}: {ratio:.2f} x the better baseline** ({best})."


def _per_unit(spent: Mapping[str, Sequence[Spent]], work: Mapping[str, int]) -> dict[str, Spent]:
    medians = {name: middle(found) for name, found in spent.items()}
    return {
        name: Spent(one.seconds / work[name], max(one.processor, 1e-9) / work[name]) for name, one in medians.items()
    }


def _of(spent: Spent, processor: bool) -> float:
    return spent.processor if processor else spent.seconds


def machine() -> str:
    """The machine and the versions of the libraries, in one line."""
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else _processor_name()
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "accelerate", "pyarrow"))
    return f"{device}, {os.cpu_count()} cores; Python {platform.python_version()}, {libraries}"


def _processor_name() -> str:
    info = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)$", info.read_text(), re.MULTILINE) if info.is_file() else None
    return found[1] if found else platform.machine()


def write(name: str, section: Section, conditions: str, page: Path = PAGE) -> None:
    """Replace the results of a benchmark in the documentation.

    Raises:
        ValueError: the page has no place for it.
    """
    begin, end = f"<!-- begin {name}: make bench ONLY={name} -->", f"<!-- end {name} -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, also, after = rest.partition(end)
    if not (found and also):
        raise ValueError(f"{page}: expected the lines {begin!r} and {end!r}")
    page.write_text(f"{before}{begin}\n\n{section}\n\n{conditions}\n\n{end}{after}", encoding="utf-8")
