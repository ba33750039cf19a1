"""The complete spec of each step. A change here would rename, and recompute, all results without need.

Fingerprints in paths are left out, names of roles replace code fingerprints, and each library has the version 7.8.9.
"""

import json
from dataclasses import asdict
from typing import NamedTuple

import pytest
from grids import Words, assert_names_follow, changed, fingerprints, without_fingerprints

from xstilts.config import parse
from xstilts.fingerprints import spec
from xstilts.grid import Grid
from xstilts.steps.entry import Entry

RAW = {
    "experiment": "mine",
    "languages": ["de", "en"],
    "limit": {"dev": 70, "test": 60},
    "grid": {
        "encoders": ["made"],
        "intermediates": ["none", "mixed"],
        "targets": ["xquad", "bucc2018"],
        "seeds": [1, 2],
    },
    # In float32, as when specs of retrieval had no precision.
    "encoders": {"made": {"pretraining": {"layers": 2}, "retrieval": {"layer": 1, "precision": "fp32"}}},
    "training": {"precision": "fp32"},
    "stages": {"mixed": {"tasks": ["hellaswag", "squad_v1"], "gpus": 2}, "squad_v1": {"precision": "bf16"}},
    "tasks": {"hellaswag": {"source": "miniature", "limit": {"train": 80}}},
}


class Expected(NamedTuple):
    """The expected content of an entry."""

    spec: dict
    inputs: dict[str, str] = {}  # noqa: RUF012
    about: dict = {}  # noqa: RUF012


def roles(names: str) -> dict[str, str]:
    """Code fingerprints by role; each fingerprint is the name of its role."""
    return {name: name for name in names.split()}


RECIPE = {
    "languages": ["en"],
    "learning_rate": 1e-05,
    "epochs": 3.0,
    "batch_size": 32,
    "warmup": 0.1,
    "weight_decay": 0.01,
    "adam_epsilon": 1e-08,
    "max_gradient_norm": 1.0,
    "evaluate_every": 1000,
    "patience": 30,
    "dev_examples": 500,
    "precision": "fp32",
}
SAMPLING = {"strategy": "proportional", "temperature": 1.0, "cap": None}
WINDOWS = {"max_length": 256, "doc_stride": 128, "max_query_length": 64}
PRETRAINING = {
    **{"seed": 1, "sentences": 4000, "hidden_size": 64, "layers": 2, "heads": 4, "max_length": 256, "batches": 800},
    **{"steps": 4200, "tokens": 1500, "learning_rate": 0.005, "warmup": 0.1, "masked": 0.15},
}
TOKENS, TRAINS, PREDICTS, DRAWS = (
    dict.fromkeys(names.split(), "7.8")
    for names in (
        "transformers tokenizers",
        "torch transformers accelerate",
        "torch transformers",
        "altair vl-convert-python",
    )
)
CELLS = [
    ["made", "none", "xquad", 1, "cells/made/squad_v1/xquad/seed-1/scores"],
    ["made", "none", "xquad", 2, "cells/made/squad_v1/xquad/seed-2/scores"],
    ["made", "none", "bucc2018", 1, "cells/made/bucc2018/untrained/scores"],
    ["made", "none", "bucc2018", 2, "cells/made/bucc2018/untrained/scores"],
    ["made", "mixed", "xquad", 1, "cells/made/mixed/squad_v1/xquad/seed-1/scores"],
    ["made", "mixed", "xquad", 2, "cells/made/mixed/squad_v1/xquad/seed-2/scores"],
    ["made", "mixed", "bucc2018", 1, "cells/made/mixed/bucc2018/seed-1/scores"],
    ["made", "mixed", "bucc2018", 2, "cells/made/mixed/bucc2018/seed-2/scores"],
]
TRAININGS = [
    ["made", "squad_v1", 1, "models/made/squad_v1/seed-1"],
    ["made", "squad_v1", 2, "models/made/squad_v1/seed-2"],
    ["made", "mixed", 1, "models/made/mixed/seed-1"],
    ["made", "mixed/squad_v1", 1, "models/made/mixed/squad_v1/seed-1"],
    ["made", "mixed", 2, "models/made/mixed/seed-2"],
    ["made", "mixed/squad_v1", 2, "models/made/mixed/squad_v1/seed-2"],
]
STATISTICS = {target: f"experiments/mine/statistics.{target}" for target in ("xquad", "bucc2018")}
MADE_FROM = {"scores": "experiments/mine/collect", "statistics": STATISTICS}
NUMBERS = {
    "scores": "experiments/mine/collect",
    **{f"statistics.{target}": path for target, path in STATISTICS.items()},
}
ALL_SCORES = {path: path for *_, path in CELLS}
XQUAD, BUCC = "features/tokenizer/xquad.evaluate", "features/tokenizer/bucc2018.evaluate"
MINE = {"experiment": "mine"}
SHOWN = {
    path: path
    for *_, seed, scores in CELLS
    if seed == 1
    for path in (
        scores,
        scores.removesuffix("/scores"),
        f"data/{'xquad' if 'xquad' in scores else 'bucc2018'}.evaluate",
    )
}
MINIATURE = {
    code: {"iso3": iso3, "name": name}
    for code, iso3, name in (
        *(("en", "eng", "English"), ("de", "deu", "German"), ("es", "spa", "Spanish"), ("ru", "rus", "Russian")),
        *(("tr", "tur", "Turkish"), ("hi", "hin", "Hindi"), ("zh", "cmn", "Chinese")),
    )
}
EVALUATED = {
    code: {"name": name, "family": "Indo-European", "branch": "Germanic", "script": "Latn"}
    for code, name in (("de", "German"), ("en", "English"))
}
ORIGINS = {"encoder": "miniature/made", "tokenizer": "miniature/tokenizer"}

SPECS: dict[str, Expected] = {
    "miniature/data": Expected(
        {
            "step": "write_miniature",
            "settings": {"seed": 1, "train": 2000, "dev": 150, "test": 150, "pairs": 100},
            "languages": MINIATURE,
            "code": roles("job.write_miniature"),
        }
    ),
    "miniature/tokenizer": Expected(
        {
            "step": "make_tokenizer",
            "settings": {"seed": 1, "sentences": 4000, "max_length": 256},
            "code": roles("job.make_tokenizer"),
            "libraries": TOKENS,
        },
        {},
        {"encoder": "made"},
    ),
    "miniature/made": Expected(
        {
            "step": "pretrain_encoder",
            "settings": PRETRAINING,
            "code": roles("job.pretrain_encoder"),
            "libraries": TOKENS | PREDICTS,
            "tokenizer": "miniature/tokenizer",
        },
        {"tokenizer": "miniature/tokenizer"},
        {"encoder": "made"},
    ),
    "data/hellaswag.train": Expected(
        {
            "step": "read_task",
            "task": "hellaswag",
            "files": {f"{split}.en": {"content": f"hellaswag {split} en"} for split in ("train", "dev")},
            "limit": {"train": 80, "dev": 70},
            "code": roles("job.read_task task.hellaswag"),
            "miniature": "miniature/data",
        },
        {"miniature": "miniature/data"},
        {"task": "hellaswag", "role": "train"},
    ),
    "data/xquad.evaluate": Expected(
        {
            "step": "read_task",
            "task": "xquad",
            "files": {f"test.{lang}": {"content": f"xquad test {lang}"} for lang in ("de", "en")},
            "limit": {"test": 60},
            "code": roles("job.read_task task.xquad"),
        },
        {},
        {"task": "xquad", "role": "evaluate"},
    ),
    # A threshold is tuned on dev. BUCC has no English of its own: the other side of every pair is.
    "data/bucc2018.evaluate": Expected(
        {
            "step": "read_task",
            "task": "bucc2018",
            "files": {f"{split}.de": {"content": f"bucc2018 {split} de"} for split in ("dev", "test")},
            "limit": {"dev": 70, "test": 60},
            "code": roles("job.read_task task.bucc2018"),
        },
        {},
        {"task": "bucc2018", "role": "evaluate"},
    ),
    XQUAD: Expected(
        {
            "step": "encode_task",
            "data": "data/xquad.evaluate",
            "settings": WINDOWS,
            "code": roles("job.encode_task kind.span"),
            "libraries": TOKENS,
        },
        {"data": "data/xquad.evaluate", "tokenizer": "miniature/tokenizer"},
        {"task": "xquad", "role": "evaluate", "encoder": "made"},
    ),
    BUCC: Expected(
        {
            "step": "encode_task",
            "data": "data/bucc2018.evaluate",
            "settings": {"max_length": 256},
            "code": roles("job.encode_task kind.retrieval"),
            "libraries": TOKENS,
        },
        {"data": "data/bucc2018.evaluate", "tokenizer": "miniature/tokenizer"},
        {"task": "bucc2018", "role": "evaluate", "encoder": "made"},
    ),
    "models/made/mixed/seed-2": Expected(
        {
            "step": "train_stage",
            "stage": {**RECIPE, "tasks": ["hellaswag", "squad_v1"], "sampling": SAMPLING},
            "features": {name: f"features/tokenizer/{name}.train" for name in ("hellaswag", "squad_v1")},
            "code": roles("job.train_stage kind.multiple_choice kind.span task.hellaswag task.squad_v1"),
            "libraries": TRAINS,
        },
        {
            **{f"features.{name}": f"features/tokenizer/{name}.train" for name in ("hellaswag", "squad_v1")},
            **{f"data.{name}": f"data/{name}.train" for name in ("hellaswag", "squad_v1")},
            "encoder": "miniature/made",
        },
        {"encoder": "made", "stages": ("mixed",), "seed": 2},
    ),
    "models/made/mixed/squad_v1/seed-2": Expected(
        {
            "step": "train_stage",
            "stage": {**RECIPE, "precision": "bf16", "tasks": ["squad_v1"]},
            "features": {"squad_v1": "features/tokenizer/squad_v1.train"},
            "code": roles("job.train_stage kind.span task.squad_v1"),
            "libraries": TRAINS,
        },
        {
            "features.squad_v1": "features/tokenizer/squad_v1.train",
            "data.squad_v1": "data/squad_v1.train",
            "parent": "models/made/mixed/seed-2",
        },
        {"encoder": "made", "stages": ("mixed", "squad_v1"), "seed": 2},
    ),
    "cells/made/mixed/squad_v1/xquad/seed-2": Expected(
        {
            "step": "predict",
            "features": XQUAD,
            "split": "test",
            "options": {"precision": "bf16"},
            "weights": "bf16",
            "code": roles("job.predict kind.span predictor.outputs task.xquad"),
            "libraries": PREDICTS,
        },
        {"features": XQUAD, "data": "data/xquad.evaluate", "model": "models/made/mixed/squad_v1/seed-2"},
        {"encoder": "made", "stages": ("mixed", "squad_v1"), "task": "xquad", "role": "evaluate", "seed": 2},
    ),
    "cells/made/bucc2018/untrained": Expected(
        {
            "step": "predict",
            "features": BUCC,
            "split": "test",
            "options": {"layer": 1, "pooling": "mean"},
            "code": roles("job.predict kind.retrieval predictor.vectors task.bucc2018"),
            "libraries": PREDICTS,
        },
        {"features": BUCC, "data": "data/bucc2018.evaluate", "encoder": "miniature/made"},
        {"encoder": "made", "task": "bucc2018", "role": "evaluate"},
    ),
    "cells/made/bucc2018/untrained/scores": Expected(
        {
            "step": "score",
            "data": "data/bucc2018.evaluate",
            "code": roles("job.score metric.bucc"),
            "libraries": {"seqeval": "7.8"},
        },
        {"predictions": "cells/made/bucc2018/untrained", "data": "data/bucc2018.evaluate"},
        {"encoder": "made", "task": "bucc2018", "role": "evaluate"},
    ),
    "experiments/mine/collect": Expected(
        {"step": "collect", "cells": CELLS, "code": roles("job.collect"), "trainings": TRAININGS}, ALL_SCORES, MINE
    ),
    **{
        STATISTICS[target]: Expected(
            {
                "step": "statistics",
                "cells": [cell for cell in CELLS if cell[2] == target],
                "code": roles(f"job.statistics metric.{metric}"),
                "settings": {"over_seeds": "median", "samples": 10_000},
            },
            {path: path for _, _, name, _, path in CELLS if name == target},
            MINE | {"task": target},
        )
        for target, metric in (("xquad", "squad"), ("bucc2018", "bucc"))
    },
    "experiments/mine/tables": Expected(
        {"step": "tables", "cells": CELLS, "code": roles("job.tables benchmark.xtreme"), **MADE_FROM}, NUMBERS, MINE
    ),
    "experiments/mine/figures": Expected(
        {
            "step": "figures",
            "cells": CELLS,
            "code": roles("job.figures"),
            "languages": EVALUATED,
            "libraries": DRAWS,
            **MADE_FROM,
        },
        NUMBERS,
        MINE,
    ),
    "experiments/mine/page": Expected(
        {
            "step": "page",
            "cells": CELLS,
            "code": roles("job.page"),
            "languages": EVALUATED,
            "libraries": DRAWS,
            **MADE_FROM,
        },
        NUMBERS | SHOWN,
        MINE,
    ),
}


def grid(others: str = "7.8.9", **versions: str) -> Grid:
    """The grid, while libraries have these versions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spec, "version", lambda name: versions.get(name.replace("-", "_"), others))
        spec.minor_version.cache_clear()
        made = Grid(parse(RAW), Words())
        _ = made.entries
    spec.minor_version.cache_clear()
    return made


@pytest.fixture
def before() -> Grid:
    # Made for each test, so that a mutation tool sees which tests it concerns.
    return grid()


@pytest.fixture
def entries(before: Grid) -> dict[str, Entry]:
    """The entries by their paths without fingerprints."""
    found = {without_fingerprints(path): entry for path, entry in before.entries.items()}
    assert len(found) == len(before.entries) == 37
    return found


def plain(value: object) -> object:
    return json.loads(without_fingerprints(json.dumps(value)))


@pytest.mark.parametrize("path", SPECS)
def test_a_spec_says_all_that_decides_a_result_by_the_names_that_it_always_had(entries: dict[str, Entry], path: str):
    entry, expected = entries[path], SPECS[path]
    assert plain(entry.spec) == expected.spec
    assert entry.step == expected.spec["step"]


def origin(entry: Entry) -> str:
    """The fingerprint with which a path begins that is named after an encoder or its tokenizer."""
    folder, first, *_ = entry.path.split("/")
    return first.partition("~")[2] if folder in ("features", "models", "cells") else ""


@pytest.mark.parametrize("path", SPECS)
def test_an_entry_is_made_from_what_its_job_opens_and_says_what_the_job_asks(entries: dict[str, Entry], path: str):
    entry, expected = entries[path], SPECS[path]
    assert {without_fingerprints(role): without_fingerprints(one.path) for role, one in entry.inputs.items()} == {
        **expected.inputs
    }
    said = {name: value for name, value in asdict(entry.about).items() if value}
    assert said.pop("origin", "") == origin(entry)
    assert said == expected.about
    assert entry.manifest == f"{entry.path}/manifest.json"


def test_the_last_fingerprint_of_a_path_is_that_of_its_spec_and_the_first_that_of_the_encoder(
    entries: dict[str, Entry],
):
    made = {role: spec.fingerprint({role: entries[path].path}) for role, path in ORIGINS.items()}
    roots = {"features": made["tokenizer"], "models": made["encoder"], "cells": made["encoder"]}
    for path, entry in entries.items():
        found = [one.removeprefix("~") for one in fingerprints(entry)]
        assert found[-1] == spec.fingerprint(entry.spec)
        assert found[0] == roots.get(path.partition("/")[0], found[0])


LIBRARIES = {
    "torch": "pretrain_encoder train_stage predict",
    "transformers": "make_tokenizer pretrain_encoder encode_task train_stage predict",
    "tokenizers": "make_tokenizer pretrain_encoder encode_task",
    "accelerate": "train_stage",
    "seqeval": "score",
    "altair": "figures page",
    "vl-convert-python": "figures page",
}
"""The steps whose specs name a library."""


@pytest.mark.parametrize("library", LIBRARIES)
def test_another_minor_version_of_a_library_makes_anew_what_it_decides_and_a_patch_nothing(before: Grid, library: str):
    name = library.replace("-", "_")
    steps = {one.partition(" ")[0] for one in changed(before, grid(**{name: "7.9.0"}))}
    assert steps == set(LIBRARIES[library].split())
    assert not changed(before, grid(**{name: "7.8.10"}))
    assert_names_follow(before, grid(**{name: "8.8.9"}))


def test_the_versions_of_all_other_libraries_are_in_no_spec(before: Grid):
    here = {name.replace("-", "_"): "7.8.9" for name in LIBRARIES}
    assert not changed(before, grid(others="8.9.10", **here))


def test_a_training_is_called_as_an_intermediate_is_written(before: Grid):
    assert {stages for _, stages, _, _ in before.models} == {"squad_v1", "mixed", "mixed/squad_v1"}
