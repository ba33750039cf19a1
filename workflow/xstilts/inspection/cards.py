"""Published figures of common GPUs, from which the duration of jobs is estimated where none was measured."""

from dataclasses import dataclass

from xstilts.errors import UserError, nearest


@dataclass(frozen=True)
class Card:
    """A GPU.

    Args:
        name: the name for the command line.
        device: a part of the name that CUDA gives it.
        memory: its memory in bytes.
        bandwidth: bytes that it reads or writes per second.
        fp32: floating point operations per second in float32, without tensor cores.
        bf16: floating point operations per second of dense matrix products in bfloat16, summed in float32; None if it
            has no bfloat16.
    """

    name: str
    device: str
    memory: int
    bandwidth: float
    fp32: float
    bf16: float | None


def _card(name: str, device: str, mebibytes: int, bandwidth: float, fp32: float, bf16: float | None) -> Card:
    """A GPU, from figures in MiB (as `nvidia-smi` prints it), TB/s and TFLOP/s."""
    return Card(name, device, mebibytes * 2**20, bandwidth * 1e12, fp32 * 1e12, bf16 * 1e12 if bf16 else None)


CARDS = {
    card.name: card
    for card in (
        _card("h200", "H200", 143_771, 4.8, 67, 989),
        _card("h100", "H100", 81_559, 3.35, 67, 989),
        _card("a100-40gb", "A100-SXM4-40GB", 40_960, 1.56, 19.5, 312),
        _card("a100", "A100", 81_920, 2.04, 19.5, 312),
        _card("l40s", "L40S", 46_068, 0.86, 91.6, 362),
        _card("a6000", "RTX A6000", 49_140, 0.77, 38.7, 155),
        _card("rtx4090", "RTX 4090", 24_564, 1.01, 82.6, 165),
        _card("rtx3090", "RTX 3090", 24_576, 0.94, 35.6, 71),
        _card("a10", "A10", 23_028, 0.6, 31.2, 125),
        _card("l4", "L4", 23_034, 0.3, 30.3, 121),
        _card("v100", "V100", 32_768, 0.9, 15.7, None),
        _card("t4", "T4", 15_360, 0.32, 8.1, None),
    )
}
"""The known GPUs by name. Where the name of a device contains several, the first one counts."""

MEASURED = "h200"
"""The GPU on which the rates of `xstilts.inspection.rates` were measured."""


def named(name: str) -> Card:
    """The GPU with a name of the command line, in any case.

    Raises:
        UserError: there is none.
    """
    if card := CARDS.get(name.lower()):
        return card
    raise UserError(
        f"--card: found {name!r}; expected one of {', '.join(CARDS)}.{nearest(name.lower(), CARDS)} For another GPU, "
        "measure its speed with `xstilts calibrate` on a machine that has it."
    )


def of_device(device: str) -> Card | None:
    """The GPU that CUDA calls by a name; None if it is unknown."""
    words = device.replace("-", " ").split()
    return next((card for card in CARDS.values() if _is_part(card.device.replace("-", " ").split(), words)), None)


def _is_part(part: list[str], words: list[str]) -> bool:
    return any(words[start : start + len(part)] == part for start in range(len(words)))
