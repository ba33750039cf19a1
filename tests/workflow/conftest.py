"""Two runs that need every rule, kind and task, and copies of the miniature world for what is tried beside it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments import SIZES, Attempt, attempt, experiment
from xstilts.miniature import release

TARGETS = ["xnli", "udpos", "xquad", "bucc2018", "tatoeba"]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes a folder with the files of the miniature world."""
    original = tmp_path_factory.mktemp("world")
    release.write(original / "data", SIZES)
    return lambda name: shutil.copytree(original, tmp_path_factory.mktemp(name), dirs_exist_ok=True)


@pytest.fixture(scope="session")
def whole(world: Callable[[str], Path]) -> Attempt:
    """The run of an experiment with a target of every kind, without an intermediate and after a mixture."""
    return attempt(experiment(world("whole"), "whole", ["none", "multitask"], TARGETS))


@pytest.fixture(scope="session")
def rest(whole: Attempt) -> Attempt:
    """In the same store, the tasks that the whole experiment does without."""
    return attempt(experiment(whole.experiment.folder, "rest", ["every_task"], ["pawsx", "panx", "mlqa", "tydiqa"]))
