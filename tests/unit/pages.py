"""The document of a page with invented results, of any size."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pandas as pd
from invented_results import invented

from xstilts.config import GridSettings
from xstilts.languages import LANGUAGES
from xstilts.reporting.experiment_results import Results
from xstilts.reporting.page import document, samples


def large(intermediates: list[str], targets: list[str], metrics: list[str]) -> Results:
    """Results with three seeds in which every target has the forty languages of PAN-X and several metrics."""
    one = invented(tuple(intermediates), ("panx",), languages=tuple(LANGUAGES))
    grid = GridSettings(**{**one.grid.model_dump(), "targets": targets})
    parts = [one.scores.assign(target=target, metric=metric) for target, metric in product(targets, metrics)]
    statistics = pd.concat([one.statistics.assign(target=target) for target in targets])
    return replace(one, scores=pd.concat(parts), statistics=statistics, grid=grid)


def page_of(found: Results, *, count: int = 4, text: str = "A short text.") -> dict:
    """The document of results, with invented entries and predictions."""
    numbers = document.of_results(found)
    entries, cells = _entries(found.grid), []
    for number, (encoder, intermediate, target) in enumerate(product(*(numbers["names"][n] for n in _CELL))):
        if not found.grid.has(intermediate, target):
            continue
        lost = found.statistics.query("encoder == @encoder and intermediate == @intermediate and target == @target")
        cells.append(
            {
                "encoder": encoder,
                "intermediate": intermediate,
                "target": target,
                "split": "test",
                "missing": "no gold labels in the last language" if lost["value"].isna().any() else None,
                "runs": [{"seed": seed, "scores": 4} for seed in found.grid.seeds],
                "samples": [_sample(numbers["names"]["language"][1:], number + i, text) for i in range(count)],
            }
        )
    return {
        "experiment": "invented",
        **numbers,
        "cells": cells,
        "entries": entries,
        "sampling": {"count": samples.COUNT, "length": len(text), "seed": found.grid.seeds[0]},
        "versions": {"xstilts": "0", "commit": "not a git checkout"},
        "records": [{"of": "job.train_stage", "why": "a <better> message"}],
        "warnings": ["xnli test: a row too many (en)"],
        "known_text": "",
    }


_CELL = ("encoder", "intermediate", "target")


def _sample(languages: list[str], number: int, text: str) -> dict:
    right = number % 2 == 0
    tags = ["house/NOUN", "burns/VERB"]
    return {
        "language": languages[number % len(languages)],
        "id": f"example-{number}",
        "right": right,
        "texts": [["first text", text], ["second text", text]],
        "gold": tags if number % 3 == 0 else "entailment",
        "predicted": (tags if right else ["house/NOUN", "burns/NOUN"]) if number % 3 == 0 else "neutral",
    }


def _entries(grid: GridSettings) -> list[dict]:
    def entry(step: str, path: str, made_from: dict, **more: object) -> dict:
        code = {f"job.{step}": "0" * 12, "task.xquad": "1" * 12}
        common = {"settings": {}, "libraries": {"torch": "2.13"}, "code": code, "files": []}
        common |= dict.fromkeys(("seconds", "device", "precision"))
        return {"step": step, "path": path, **common, "from": made_from, **more}

    fp = "~0123456789ab"
    file = {"name": "test.de", "rows": 1190, "read_from": ["data/xquad.de.json"], "sha256": "f" * 64}
    file |= {"warning": None, "left_out": {"in another language": 10}}
    return [
        entry("read_task", f"data/xquad.evaluate{fp}", {}, files=[{**file, "name": f"test.{c}"} for c in LANGUAGES]),
        entry("encode_task", f"features/tokenizer{fp}/xquad.evaluate{fp}", {"data": 0}, settings={"max_length": 384}),
        entry(
            "train_stage",
            f"models/toy{fp}/squad_v1{fp}/seed-1",
            {"data.squad_v1": 0},
            settings={"learning_rate": 1e-5, "tasks": ["squad_v1"], "dev_examples": None},
            seconds=5400.0,
            device="a GPU",
            precision="bf16",
        ),
        entry("predict", f"cells/toy{fp}/squad_v1{fp}/xquad{fp}/seed-1", {"model": 2, "features": 1, "data": 0}),
        entry("score", f"cells/toy{fp}/squad_v1{fp}/xquad{fp}/seed-1/scores{fp}", {"predictions": 3, "data": 0}),
    ]


def mapped(value: object, change: Callable[[str], str]) -> object:
    """A value of JSON with all of its texts changed; keys stay."""
    if isinstance(value, dict):
        return {key: mapped(part, change) for key, part in value.items()}
    if isinstance(value, list):
        return [mapped(part, change) for part in value]
    return change(value) if isinstance(value, str) else value
