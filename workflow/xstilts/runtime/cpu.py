"""The instruction set and the number of threads of a CPU, on which the last bits of results depend.

Kernels for AVX2 and AVX512, and sums over one or several threads, add numbers in different orders. Libraries read these
variables when they are imported.
"""

import os
import platform
from pathlib import Path

from xstilts.errors import UserError

THREADS = (
    "OMP_NUM_THREADS",
    "GOTO_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
"""The variables for the number of threads; Snakemake sets them to that of a job."""

_AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_CBWR": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}
"""The variables of torch, oneDNN, MKL and OpenBLAS for the instruction set."""

_INFO = Path("/proc/cpuinfo")


def pin() -> None:
    """Restrict the jobs of this process to AVX2 and one thread.

    Raises:
        UserError: the processor has no AVX2.
    """
    if "avx2" not in _entry("flags").split():
        raise UserError(
            f"reproducible_cpu: the processor ({processor()}) has no AVX2, the instruction set to which it restricts "
            "jobs. Set reproducible_cpu to false; scores will differ a little from those of other machines."
        )
    os.environ |= _AVX2


def is_pinned() -> bool:
    """Whether this process and its jobs are restricted to AVX2."""
    return _AVX2.items() <= os.environ.items()


def limit_threads() -> None:
    """Use one thread if the instruction set is restricted. Must be called before libraries are imported."""
    if is_pinned():
        os.environ |= dict.fromkeys(THREADS, "1")


def computed() -> dict[str, str | int]:
    """The processor, the instruction set and the number of threads with which torch computes, for the manifest."""
    import torch

    instructions = torch.backends.cpu.get_cpu_capability()
    return {"processor": processor(), "instructions": instructions, "threads": torch.get_num_threads()}


def processor() -> str:
    """The name of the processor."""
    return _entry("model name") or platform.processor() or platform.machine()


def _entry(name: str) -> str:
    """What Linux says of the first processor; empty on other systems."""
    lines = _INFO.read_text(encoding="utf-8").splitlines() if _INFO.exists() else []
    entries = dict(line.partition(":")[::2] for line in reversed(lines))
    return next((value.strip() for key, value in entries.items() if key.strip() == name), "")
