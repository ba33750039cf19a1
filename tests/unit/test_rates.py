"""The time of trainings and predictions that were never run follows from the shape of the encoder and the GPU."""

import pytest

from xstilts.errors import UserError
from xstilts.inspection import cards, rates
from xstilts.inspection.cards import CARDS
from xstilts.inspection.rates import Calibrated, Cost, Point, Published
from xstilts.sources.shapes import KNOWN

LARGE = KNOWN["FacebookAI/xlm-roberta-large"]
BF16 = Published(CARDS["h200"], LARGE, "bf16")
FP32 = Published(CARDS["h200"], LARGE, "fp32")


@pytest.mark.parametrize(
    "tokens, length, milliseconds, off",
    # Loops over ready batches on an H200; the first two were between 59 and 69 ms in no order of their sizes.
    [(30 * 48, 48, 69, 0.1), (16 * 229, 229, 59, 0.1), (128 * 128, 128, 101, 0.02)],
)
def test_a_training_step_takes_as_long_as_was_measured(tokens, length, milliseconds, off):
    assert 1000 * BF16.step(tokens, length).alone == pytest.approx(milliseconds, rel=off)


@pytest.mark.parametrize(
    "rate, length, layers, rows",
    [(BF16, 39.5, 24, 18_296), (BF16, 14.6, 24, 50_707), (FP32, 39.5, 24, 1_388), (FP32, 19.2, 24, 2_771)],
)
def test_a_prediction_has_the_rows_a_second_that_were_measured(rate, length, layers, rows):
    seconds = rate.forward(100_000 * length, length, layers).alone
    assert 100_000 / seconds == pytest.approx(rows, rel=0.05)


def test_mining_takes_as_long_as_was_measured():
    assert FP32.mining(400_000**2, 1024).alone == pytest.approx(20.2, rel=0.02)


def test_fewer_layers_take_less_time():
    whole, part = (BF16.forward(1e6, 20, layers).alone for layers in (24, 14))
    assert part / whole == pytest.approx(14 / 24)


def test_small_batches_wait_for_the_host_and_large_ones_for_the_gpu():
    small, large = BF16.step(500, 50), BF16.step(50_000, 50)
    assert small.alone == BF16.step(1000, 50).alone > 4 * small.busy
    assert large.alone == large.busy
    base = Published(CARDS["h200"], KNOWN["FacebookAI/xlm-roberta-base"], "bf16")
    assert base.step(500, 50).alone == pytest.approx(small.alone / 2)


def test_a_batch_beyond_the_memory_of_the_gpu_takes_several_launches():
    one = BF16.step(4000, 50)
    # An eighth of the memory holds 4,096 tokens; a twelfth (0.85 * 12.6 - 0.5 - 9.6 GB, 1.03 MB a token) holds 512.
    assert Published(CARDS["h200"], LARGE, "bf16", jobs=8).step(4000, 50) == one
    assert Published(CARDS["h200"], LARGE, "bf16", jobs=12).step(4000, 50).alone == pytest.approx(8 * one.alone)


def test_another_gpu_is_slower_by_its_published_speed():
    there = Published(CARDS["a100"], LARGE, "bf16").forward(1e7, 50, 24)
    assert there.alone / BF16.forward(1e7, 50, 24).alone == pytest.approx(989 / 312)


def test_a_gpu_without_bfloat16_computes_in_float32():
    assert Published(CARDS["v100"], LARGE, "bf16").forward(1e6, 50, 24) == Published(
        CARDS["v100"], LARGE, "fp32"
    ).forward(1e6, 50, 24)


def test_jobs_that_share_a_gpu_add_half_of_what_one_achieves_until_it_is_busy():
    cost = Cost(alone=60, busy=15)
    assert [cost.shared(jobs) for jobs in (1, 2, 3, 5, 100)] == [60, 40, 30, 20, 15]
    # Four to six jobs together are expected to achieve three times as much as one.
    assert sum(map(rates.together, (4, 5, 6))) / 3 == 3


def test_a_training_is_its_start_its_steps_its_evaluations_and_its_saving():
    cost = rates.training(BF16, LARGE, 1000, 1440, 45, 22_500)
    steps, evaluations = BF16.step(1440, 45), BF16.forward(22_500, 45, 24)
    assert cost.alone == pytest.approx(10 + 2.24 + 1000 * steps.alone + evaluations.alone, abs=0.01)
    assert cost.busy == pytest.approx(1000 * steps.busy + evaluations.busy)


# Calibrations


MEASURED = Calibrated(
    LARGE, [Point(1000, 0.060), Point(4000, 0.120)], [Point(1000, 0.010), Point(32_000, 0.080)], products=1e12
)


@pytest.mark.parametrize("tokens, seconds", [(10, 0.06), (1000, 0.06), (2500, 0.09), (4000, 0.12), (8000, 0.24)])
def test_a_step_between_measured_ones_takes_a_time_between_theirs(tokens, seconds):
    assert MEASURED.step(tokens, 50).alone == pytest.approx(seconds)


def test_measured_forward_passes_count_at_their_largest_batch():
    assert MEASURED.forward(400_000, 50, 24).alone == pytest.approx(1)
    assert MEASURED.forward(400_000, 50, 12).alone == pytest.approx(0.5)
    assert MEASURED.mining(1e9, 1000).alone == pytest.approx(2)


def test_a_measured_step_keeps_the_gpu_busy_for_three_forward_passes():
    assert MEASURED.step(1000, 50).busy == pytest.approx(3 * 1000 / 400_000)
    slow = Calibrated(LARGE, [Point(1000, 0.001)], [Point(1000, 0.001)], products=1)
    assert slow.step(1000, 50).busy == 0.001


# Names


@pytest.mark.parametrize(
    "device, name",
    [
        ("NVIDIA H200", "h200"),
        ("NVIDIA H100 80GB HBM3", "h100"),
        ("NVIDIA A100-SXM4-80GB", "a100"),
        ("NVIDIA A100-SXM4-40GB", "a100-40gb"),
        ("NVIDIA A10", "a10"),
        ("NVIDIA L4", "l4"),
        ("NVIDIA L40S", "l40s"),
        ("NVIDIA RTX A6000", "a6000"),
        ("NVIDIA GeForce RTX 4090", "rtx4090"),
        ("Tesla V100-SXM2-32GB", "v100"),
        ("Tesla T4", "t4"),
        ("NVIDIA RTX 6000 Ada Generation", None),
        ("NVIDIA L40", None),
        ("cpu", None),
    ],
)
def test_a_gpu_is_known_by_the_name_that_cuda_gives_it(device, name):
    card = cards.of_device(device)
    assert (card and card.name) == name


def test_an_unknown_gpu_is_refused_with_those_that_are_known():
    assert cards.named("H100") is CARDS["h100"]
    with pytest.raises(UserError) as raised:
        cards.named("rtx4080")
    assert "--card: found 'rtx4080'; expected one of h200, h100, " in str(raised.value)
    assert "Did you mean 'rtx4090'?" in str(raised.value)
    assert "xstilts calibrate" in str(raised.value)
