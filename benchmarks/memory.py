"""The memory of each program, in a process of its own; workers of loaders are other processes, so without them.

python -m benchmarks memory
"""

from benchmarks import children, encoding, mining, prediction, report, training, whole
from benchmarks.data import Setup

MEASURED = {
    "NLI training, evaluated and saved": (whole, "programs"),
    "prediction for XNLI": (prediction, "xnli"),
    "mining": (mining, "searches"),
    "encoding": (encoding, "programs"),
}
"""The module and the function whose programs are run."""


def run(setup: Setup) -> report.Section:
    """Run every program once."""
    rows = []
    for what, (module, programs) in MEASURED.items():
        for name in getattr(module, programs)(setup):
            if name.endswith(f"{max(training.WORKERS)} workers"):
                continue
            ended = children.run(module.__name__.rpartition(".")[2], programs, name, setup)
            rows.append([f"{what}: {name}", ended.megabytes, ended.spent.processor])
    text = "Peak memory of a process that runs one program once, with its imports, data and model."
    return report.Section(text, [report.table(["", "MB", "processor seconds"], rows)])
