"""The precision that a word of the configuration stands for on a device, and how float32 matrices are multiplied."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from xstilts.errors import UserError
from xstilts.models import precision

CPU, GPU = torch.device("cpu"), torch.device("cuda")
MATMUL, CONVOLUTION = torch.backends.cuda.matmul, torch.backends.cudnn.conv
H100, V100 = ("NVIDIA H100 80GB HBM3", True), ("Tesla V100-SXM2-16GB", False)
STATES = Path("models/x/.training")


@pytest.fixture
def pretend(monkeypatch):
    """Pretend that the current GPU is one with this name, and with or without bfloat16 in hardware."""

    def pretend(name: str, hardware: bool) -> None:
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device=None: name)
        # A V100 and a T4 support bfloat16 by emulation, as PyTorch counts.
        supported = lambda including_emulation=True: including_emulation or hardware  # noqa: E731
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)

    return pretend


@pytest.fixture(autouse=True)
def unchanged() -> Iterator[None]:
    before = MATMUL.fp32_precision, CONVOLUTION.fp32_precision
    yield
    MATMUL.fp32_precision, CONVOLUTION.fp32_precision = before


@pytest.mark.parametrize(
    ("word", "device", "gpu", "expected"),
    [
        ("mixed", GPU, H100, "bf16"),
        ("mixed", GPU, V100, "fp32"),
        ("mixed", CPU, H100, "fp32"),
        ("fp32", GPU, H100, "fp32"),
        ("fp32", GPU, V100, "fp32"),
        ("fp32", CPU, H100, "fp32"),
        ("bf16", GPU, H100, "bf16"),
        ("bf16", CPU, V100, "bf16"),
    ],
)
def test_a_word_stands_for_what_the_device_computes_in(pretend, word, device, gpu, expected):
    pretend(*gpu)
    assert precision.resolved(word, device) == expected
    assert precision.resolved(expected, device) == expected


def test_bf16_is_refused_on_a_gpu_that_only_emulates_it(pretend):
    pretend(*V100)
    with pytest.raises(UserError, match=r"'bf16': Tesla V100.* does not compute in bfloat16.*'precision: mixed'"):
        precision.resolved("bf16", GPU)


@pytest.mark.parametrize(
    ("computed", "word", "device", "gpu"),
    [
        ("bf16", "mixed", GPU, H100),
        ("bf16", "bf16", CPU, V100),
        ("fp32", "mixed", GPU, H100),
        ("fp32", "mixed", CPU, V100),
    ],
)
def test_a_training_continues_in_the_precision_of_its_state(pretend, computed, word, device, gpu):
    pretend(*gpu)
    assert precision.resumed(computed, word, device, STATES) == computed


@pytest.mark.parametrize(("device", "gpu"), [(GPU, V100), (CPU, H100)])
def test_a_state_in_bfloat16_is_refused_where_mixed_is_float32(pretend, device, gpu):
    pretend(*gpu)
    with pytest.raises(UserError, match=rf"{STATES}: .* begun in bfloat16.*GPU with bfloat16, or delete this folder"):
        precision.resumed("bf16", "mixed", device, STATES)


@pytest.mark.parametrize(("word", "expected"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_autocast_computes_products_in_the_precision(word, expected):
    ones = torch.ones(2, 2)
    with precision.autocast(CPU, word):
        assert (ones @ ones).dtype == expected


@pytest.mark.parametrize(("word", "expected"), [("fp32", "ieee"), ("bf16", "tf32")])
def test_tf32_is_allowed_in_mixed_precision_only(word, expected):
    precision.allow_tf32(word, GPU)
    assert (MATMUL.fp32_precision, CONVOLUTION.fp32_precision) == (expected, expected)


def test_a_cpu_keeps_its_settings():
    before = MATMUL.fp32_precision, CONVOLUTION.fp32_precision
    precision.allow_tf32("bf16", CPU)
    assert (MATMUL.fp32_precision, CONVOLUTION.fp32_precision) == before


@pytest.mark.parametrize("word", ["fp32", "bf16"])
def test_exact_products_are_exact_whatever_was_chosen_before_which_returns(word):
    precision.allow_tf32(word, GPU)
    before = MATMUL.fp32_precision
    during = []

    @precision.exact_float32_matmul()
    def fail() -> None:
        during.append(MATMUL.fp32_precision)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert during == ["ieee"]
    assert MATMUL.fp32_precision == before
