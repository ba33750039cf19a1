"""How many jobs share a GPU follows from its memory and the encoders; what does not fit is refused before a run."""

import os
from pathlib import Path

import pytest

from xstilts.config import ConfigError
from xstilts.errors import UserError
from xstilts.runtime import sharing
from xstilts.runtime.sharing import Sharing
from xstilts.sources import shapes

BASE = shapes.KNOWN["FacebookAI/xlm-roberta-base"]
LARGE = shapes.KNOWN["FacebookAI/xlm-roberta-large"]
XL = shapes.KNOWN["facebook/xlm-roberta-xl"]
GB = 10**9
H200, A100, RTX, DISPLAY = 150 * GB, 86 * GB, 25 * GB, 4 * GB
TRAINING, PREDICTION = True, False


def machine(jobs: int | str = "auto", encoders: dict | None = None, cores: int = 64, **gpus: int) -> Sharing:
    """A machine with some GPUs and their memory; -1 is unknown."""
    known = {name: size for name, size in gpus.items() if size >= 0}
    return Sharing(jobs, tuple(gpus), known, {"large": LARGE} if encoders is None else encoders, cores)


# By the formula, 560 M parameters need 9.0 GB, 4,096 tokens in float32 at most 6.7 GB more, and CUDA 0.5 GB: 16 GB for
# each job, of which 85 % of the memory may be filled.
@pytest.mark.parametrize("memory, places", [(H200, 7), (A100, 4), (RTX, 1)])
def test_by_default_as_many_trainings_of_xlm_r_large_as_the_memory_holds(memory: int, places: int):
    assert machine(a=memory).places == {"a": places}


@pytest.mark.parametrize("cores, places", [(64, 7), (8, 4), (7, 3), (2, 1), (1, 1)])
def test_at_most_one_job_for_each_two_cores(cores: int, places: int):
    assert machine(a=H200, cores=cores).places == {"a": places}


def test_the_largest_encoder_decides_for_all():
    assert machine(encoders={"base": BASE, "large": LARGE}, a=A100).places == {"a": 4}
    assert machine(encoders={"base": BASE}, a=A100).places["a"] > 4


def test_each_gpu_has_places_by_its_own_memory():
    assert machine(a=A100, b=RTX).places == {"a": 4, "b": 1}


def test_a_gpu_of_unknown_memory_and_an_encoder_of_unknown_shape_are_not_shared():
    assert machine(a=-1, b=A100).places == {"a": 1, "b": 4}
    assert machine(encoders={"large": LARGE, "mine": None}, a=H200).places == {"a": 1}
    assert machine(encoders={"mine": None}, a=H200).places == {"a": 1}


def test_the_setting_decides_instead():
    assert machine(3, a=H200, b=-1).places == {"a": 3, "b": 3}


def test_a_training_on_several_gpus_counts_the_places_of_all():
    shared = machine(a=RTX, b=A100, c=H200)
    assert [shared.total(count) for count in (1, 2, 3)] == [7, 11, 12]
    # Snakemake offers 12, and the job itself says which GPUs are missing.
    assert shared.total(4) == 13


# Memory that does not suffice


def test_a_job_may_use_only_gpus_that_hold_it():
    # The weights of XL alone, 3.5 billion, take 14 GB in float32 and 7 GB in bfloat16; training takes 56 GB.
    shared = machine(encoders={"large": LARGE, "xl": XL}, a=H200, b=RTX)
    assert shared.holding("large", TRAINING) == shared.holding("xl", PREDICTION) == {"a": 1, "b": 1}
    assert shared.holding("xl", TRAINING) == {"a": 1}


def test_a_job_on_whole_gpus_may_use_those_that_hold_one_job():
    shared = machine(3, encoders={"large": LARGE}, a=RTX, b=H200)
    assert shared.holding("large", TRAINING) == {"b": 3}
    assert shared.holding("large", TRAINING, whole=True) == {"a": 3, "b": 3}


def test_unknown_sizes_exclude_no_gpu():
    shared = machine(encoders={"large": LARGE, "mine": None}, a=-1, b=DISPLAY)
    assert shared.holding("mine", TRAINING) == {"a": 1, "b": 1}
    assert shared.holding("large", TRAINING) == {"a": 1}


def test_a_gpu_that_holds_no_job_at_all_has_no_places():
    assert machine(a=A100, display=GB).places == {"a": 4}


def test_jobs_that_fit_are_accepted():
    machine(a=A100, display=GB).require([("large", TRAINING), ("large", PREDICTION)])
    machine(8, a=A100).require([("large", TRAINING)])
    machine(90, a=-1).require([("large", TRAINING)])
    machine(90, encoders={"mine": None}, a=H200).require([("mine", TRAINING)])
    machine(9).require([("large", TRAINING)])


def test_more_jobs_than_the_memory_holds_are_refused_with_what_fits():
    with pytest.raises(ConfigError) as refused:
        machine(9, a=A100).require([("large", PREDICTION), ("large", TRAINING)])
    assert str(refused.value) == (
        "config key 'jobs_per_gpu': GPU a with 86.0 GB holds at most 8 of the trainings of encoder 'large', which need "
        "9.9 GB or more; found 9; allowed: auto, a number up to 8."
    )


@pytest.mark.parametrize("jobs", [3, 9, 1000])
def test_the_number_that_fits_holds_for_all_jobs_and_all_gpus(jobs: int):
    with pytest.raises(
        ConfigError, match=r"GPU b with 25\.0 GB holds at most 2 of the trainings .*; allowed: auto, a number up to 2"
    ):
        machine(jobs, a=A100, b=RTX).require([("large", PREDICTION), ("large", TRAINING)])


def test_an_encoder_that_no_gpu_holds_is_refused():
    # 16 bytes for each of 3.48 billion parameters, 1.6 GB for 256 tokens, and CUDA.
    with pytest.raises(UserError) as refused:
        machine(encoders={"xl": XL}, a=RTX, b=DISPLAY).require([("xl", TRAINING)])
    assert str(refused.value) == (
        "no GPU of this machine holds the trainings of encoder 'xl', which need 57.8 GB or more: GPU a has 25.0 GB, "
        "GPU b has 4.0 GB. Remove the encoder from 'grid.encoders', or use a machine with a larger GPU."
    )


# Main memory


@pytest.mark.parametrize(
    "shape, made, expected",
    [
        # 12 bytes for each of 560 million parameters, and 4 GB.
        (LARGE, False, 10_719),
        (XL, False, 45_700),
        (BASE, False, 8_000),
        (None, True, 8_000),
        (None, False, 32_000),
    ],
)
def test_the_main_memory_of_a_training_holds_a_copy_of_its_state(shape, made, expected):
    assert sharing.training_mb(shape, made) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("limit, expected", [("2000000\n", 2), ("max\n", None), ("999999999999999999\n", None)])
def test_the_main_memory_is_that_of_the_machine_or_of_the_container(tmp_path: Path, monkeypatch, limit, expected):
    file = tmp_path / "memory.max"
    monkeypatch.setattr(sharing, "_LIMIT", file)
    machine_mb = sharing.main_memory_mb()
    assert machine_mb == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 10**6
    file.write_text(limit)
    assert sharing.main_memory_mb() == (expected or machine_mb)
