"""What `reproducible_cpu` restricts, and what manifests say of a CPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from xstilts.errors import UserError
from xstilts.runtime import cpu

INFO = """\
processor\t: 0
model name\t: CPU of one
flags\t\t: fpu sse2 {}

processor\t: 1
model name\t: CPU of two
flags\t\t: fpu
"""


@pytest.fixture
def info(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the system says of its processors; the environment is restored."""
    file = tmp_path / "cpuinfo"
    monkeypatch.setattr(cpu, "_INFO", file)
    monkeypatch.setattr(os, "environ", {"PATH": os.environ["PATH"]})
    return file


def test_jobs_are_restricted_to_avx2_and_then_to_one_thread(info: Path):
    info.write_text(INFO.format("avx avx2"), encoding="utf-8")
    cpu.limit_threads()
    assert not cpu.is_pinned()
    assert not {*cpu.THREADS} & os.environ.keys()
    cpu.pin()
    assert cpu.is_pinned()
    cpu.limit_threads()
    assert {os.environ[name] for name in cpu.THREADS} == {"1"}
    os.environ["MKL_CBWR"] = "COMPATIBLE"
    assert not cpu.is_pinned()


def test_a_processor_without_avx2_is_refused_by_name(info: Path):
    info.write_text(INFO.format("avx"), encoding="utf-8")
    with pytest.raises(UserError, match=r"^reproducible_cpu: the processor \(CPU of one\) has no AVX2, .* to false;"):
        cpu.pin()
    assert not cpu.is_pinned()


def test_a_system_that_does_not_describe_its_processor_is_refused(info: Path):
    with pytest.raises(UserError, match="has no AVX2"):
        cpu.pin()
    assert cpu.processor()


PROGRAM = """
import json, os
from xstilts.runtime import cpu
os.environ.update(json.loads(input()))
cpu.limit_threads()
print(json.dumps(cpu.computed()))
"""


@pytest.mark.skipif(torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512"), reason="needs AVX2")
@pytest.mark.parametrize("pinned", [True, False])
def test_torch_computes_with_what_the_manifest_says(pinned: bool):
    environment = os.environ | dict.fromkeys(cpu.THREADS, "2")
    command = [sys.executable, "-c", PROGRAM]
    variables = json.dumps(cpu._AVX2 if pinned else {})
    done = subprocess.run(command, input=variables, env=environment, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    instructions = "AVX2" if pinned else torch.backends.cpu.get_cpu_capability()
    assert found == {"processor": cpu.processor(), "instructions": instructions, "threads": 1 if pinned else 2}
