"""The colours of the figures are distinguishable with colour blindness."""

from itertools import combinations

import numpy as np
import pytest

from xstilts.reporting.figures import style

SIGHTS = {
    "trichromat": np.eye(3),
    "protanope": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranope": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanope": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
"""How linear RGB is seen (Machado et al. 2009, table 1, severity 1)."""
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
APART = 10
"""A CIELAB distance that is seen at a glance; 2.3 is just noticeable."""


def lab(colour: str, sight: str) -> np.ndarray:
    """A colour as it is seen, in CIELAB."""
    rgb = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    x, y, z = np.cbrt(TO_XYZ @ np.clip(SIGHTS[sight] @ linear, 0, 1) / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one: str, other: str, sight: str) -> float:
    return float(np.linalg.norm(lab(one, sight) - lab(other, sight)))


@pytest.mark.parametrize("sight", SIGHTS)
def test_series_differ(sight: str):
    colours = [*style.SERIES, style.BASELINE, "#ffffff"]
    assert min(distance(*pair, sight) for pair in combinations(colours, 2)) > APART


@pytest.mark.parametrize("sight", SIGHTS)
def test_losses_differ_from_gains_and_a_missing_cell_from_both(sight: str):
    middle = len(style.LOSS_TO_GAIN) // 2
    for step in range(1, middle + 1):
        loss, gain = style.LOSS_TO_GAIN[middle - step], style.LOSS_TO_GAIN[middle + step]
        assert distance(loss, gain, sight) > APART
    assert min(distance(style.MISSING_FILL, colour, sight) for colour in style.LOSS_TO_GAIN) > APART / 2


@pytest.mark.parametrize("sight", SIGHTS)
def test_larger_changes_are_darker(sight: str):
    middle = len(style.LOSS_TO_GAIN) // 2
    losses, gains = style.LOSS_TO_GAIN[: middle + 1], style.LOSS_TO_GAIN[middle:][::-1]
    for half in (losses, gains):
        light = [lab(colour, sight)[0] for colour in half]
        assert light == sorted(light)


def test_no_two_of_twenty_names_look_alike():
    names = [f"stage {number}" for number in range(20)]
    scales = [scale.to_dict()["range"] for scale in style.series(names, baseline=names[0]).values()]
    assert len({str(look) for look in zip(*scales, strict=True)}) == len(names)
