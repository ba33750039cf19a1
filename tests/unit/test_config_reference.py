"""docs/config.md describes every setting of the typed configuration, with its type and default."""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_core import to_jsonable_python

from xstilts.config import (
    Config,
    Encoder,
    GridSettings,
    Limit,
    Miniature,
    Pretraining,
    Report,
    Retrieval,
    Sequences,
    Source,
    Stage,
    TaskSettings,
    Training,
)
from xstilts.config.forgetting import Forgetting
from xstilts.config.local import Local
from xstilts.config.objectives import Fgm, FreeLB, Noise, Pgd, RDrop, Smart
from xstilts.config.settings import Settings
from xstilts.config.stages import RelativeSteps, Sampling

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "config.md").read_text(encoding="utf-8")

BLOCKS: list[tuple[str, type[Settings], str]] = [
    ("Top level", Config, ""),
    ("Top level", Miniature, "miniature."),
    ("Top level", Limit, "limit."),
    ("Top level", Report, "report."),
    ("Top level", Forgetting, "forgetting."),
    ("`grid`", GridSettings, ""),
    ("`grid`", Sequences, "sequences."),
    ("`training`", Training, ""),
    ("`training`", RelativeSteps, "steps."),
    ("`stages`", Sampling, "sampling."),
    ("`fgm`", Fgm, ""),
    ("`pgd`", Pgd, ""),
    ("`freelb`", FreeLB, ""),
    ("`smart`", Smart, ""),
    ("`rdrop`", RDrop, ""),
    ("`noise`", Noise, ""),
    ("`encoders`", Encoder, ""),
    ("`encoders`", Retrieval, "retrieval."),
    ("`pretraining`", Pretraining, ""),
    ("`tasks`", TaskSettings, ""),
    ("`tasks`", Local, "local."),
    ("`tasks`", Limit, "limit."),
    ("`sources`", Source, ""),
]
"""The section of the page in which each block is described, and what its keys begin with there."""


def rows(section: str) -> dict[str, list[str]]:
    """The cells of each row of a section, by its key."""
    text = re.split(rf"^#+ {re.escape(section)}$", PAGE, flags=re.MULTILINE)[1]
    table = re.search(r"<!-- keys of .*? -->\n(.*?)<!-- end -->", text, re.DOTALL)[1]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {re.search("`(.+?)`", row[0])[1]: row for row in cells}


def documented() -> Iterator[tuple[str, str, Any]]:
    """The section, key and default of every setting; of a block that is always there, no default."""
    for section, block, prefix in BLOCKS:
        for name, field in block.model_fields.items():
            plain = not field.is_required() and not isinstance(field.default, Settings)
            yield section, prefix + name, [to_jsonable_python(field.default)] if plain else None
    for name in sorted(Stage.model_fields.keys() - Training.model_fields.keys()):
        yield "`stages`", name, None if name == "sampling" else [to_jsonable_python(Stage.model_fields[name].default)]


def test_the_page_is_what_make_docs_writes():
    assert runpy.run_path(str(DOCS / "config_reference.py"))["rewritten"](PAGE) == PAGE


@pytest.mark.parametrize("section, key, default", list(documented()))
def test_every_setting_is_described_with_its_default(section: str, key: str, default: Any):
    _, kind, shown, meaning = rows(section)[key]
    assert kind
    assert len(meaning) > 10
    assert [yaml.safe_load(found) for found in re.findall("^`(.*?)`", shown)] == (default or [])


def test_no_setting_is_described_that_does_not_exist():
    found = {(section, key) for section in {section for section, *_ in BLOCKS} for key in rows(section)}
    assert found == {(section, key) for section, key, _ in documented()}


@pytest.mark.parametrize(
    "section, key, kind",
    [
        ("Top level", "experiment", "name"),
        ("Top level", "store", "path"),
        ("Top level", "keep_models", "`true` or `false`"),
        ("Top level", "tracking", "list of `tensorboard`, `mlflow` or `wandb`"),
        ("Top level", "report.samples", "whole number ≥ 100 and ≤ 1,000,000"),
        ("`grid`", "encoders", "list of names"),
        ("`grid`", "seeds", "list of whole numbers ≥ 0 and < 4,294,967,296"),
        ("`training`", "warmup", "number ≥ 0 and < 1, or whole number > 0"),
        ("`training`", "dev_examples", "whole number > 0 or `null`"),
        ("`encoders`", "revision", "40 hexadecimal digits in lowercase or `null`"),
        ("`tasks`", "source", "`release`, `hub`, `miniature`, `local` or `null`"),
        ("`tasks`", "local.labels", "strings by name, or list of strings"),
        ("`tasks`", "folders", "list of paths"),
        ("`stages`", "sampling.weights", "numbers > 0 by name"),
        ("`stages`", "objective", "name, block, or `null`"),
        ("`fgm`", "method", "`fgm`"),
    ],
)
def test_types_are_in_words(section: str, key: str, kind: str):
    assert rows(section)[key][1] == kind


def test_a_value_of_config_yaml_that_is_not_the_default_stands_beside_it():
    assert rows("Top level")["source"][2] == "`release` (`config.yaml`: `hub`)"
    assert rows("`grid`")["seeds"][2] == "`[1]` (`config.yaml`: `[1, 2, 3]`)"
    assert rows("`grid`")["targets"][2] == "`[]` (`config.yaml`: 9 entries)"
    assert rows("`training`")["epochs"][2] == "`3.0`"


def test_a_setting_without_a_default_is_required():
    assert rows("`tasks`")["local.kind"][2] == "required"


def test_links_within_the_page_lead_to_a_heading():
    headings = {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in re.findall("^#+ (.+)$", PAGE, re.M)}
    assert set(re.findall(r"\]\(#(.+?)\)", PAGE)) <= headings
