"""One run that needs every rule and every kind, and copies of the toy world for what is tried beside it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from generate import generate

from experiments import Attempt, attempt, experiment

TARGETS = ["xnli", "udpos", "xquad", "bucc2018", "tatoeba"]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes a folder with the toy world."""
    original = tmp_path_factory.mktemp("world")
    generate(original)
    return lambda name: shutil.copytree(original, tmp_path_factory.mktemp(name), dirs_exist_ok=True)


@pytest.fixture(scope="session")
def whole(world: Callable[[str], Path]) -> Attempt:
    """The run of an experiment with a target of every kind, without an intermediate and after a mixture."""
    return attempt(experiment(world("whole"), "whole", ["none", "multitask"], TARGETS))
