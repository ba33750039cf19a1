"""From a configuration to the entries of the store: which exist, what they share, and what renames them."""

import re
from collections import Counter
from itertools import product
from pathlib import Path

import pytest
import yaml
from fabricated import REPORTS
from grids import Words, without_fingerprints
from snakemake.utils import update_config

from xstilts.config import ConfigError, parse
from xstilts.grid import Grid

STAGES = {
    "xnli": "mnli",
    "pawsx": "pawsx",
    "udpos": "udpos",
    "panx": "panx",
    "xquad": "squad_v1",
    "mlqa": "squad_v1",
    "tydiqa": "tydiqa",
    "bucc2018": None,
    "tatoeba": None,
}
"""The targets of XTREME and the stage that trains for each."""

TRAINED = sorted({stage for stage in STAGES.values() if stage})
INTERMEDIATES = {"none": (), "mnli": ("mnli",), "squad_v1": ("squad_v1",), "multitask": ("multitask",)}
RAW = {
    "grid": {"encoders": ["toy"], "intermediates": list(INTERMEDIATES), "targets": list(STAGES), "seeds": [1]},
    "languages": ["en", "de", "zh"],
    "encoders": {"toy": {"path": "toy"}, "other": {"path": "other"}},
    "stages": {"multitask": {"tasks": ["mnli", "squad_v1"]}},
}


def grid(*edited: str, **changes) -> Grid:
    """The grid of `RAW` with `changes` laid over it, while `edited` modules, splits or encoders have other contents."""
    raw: dict = yaml.safe_load(yaml.safe_dump(RAW))
    update_config(raw, changes)
    return Grid(parse(raw), Words(frozenset(edited)))


def names(grid: Grid) -> set[str]:
    """The names of all entries but those of the experiment's own folder."""
    return {path for path in grid.entries if not path.startswith("experiments/")}


def renamed(*edited: str, **changes) -> set[str]:
    """The names that a change takes away, each for another one."""
    before, after = names(grid()), names(grid(*edited, **changes))
    assert len(before) == len(after)
    return before - after


def having(*parts: str) -> set[str]:
    """The names in which a part occurs."""
    return {path for path in names(grid()) if any(part in path for part in parts)}


def below(stage: str) -> set[str]:
    """The models that a stage is part of, and what is made with them."""
    return {path for path in names(grid()) if re.match(f"(models|cells)/.*/{stage}~", path)}


def plain(paths: set[str]) -> set[str]:
    """Names without their fingerprints, which must still tell them apart."""
    short = set(map(without_fingerprints, paths))
    assert len(short) == len(paths)
    return short


def of_step(step: str, grid: Grid) -> set[str]:
    return {path for path, entry in grid.entries.items() if entry.step == step}


def counts(grid: Grid) -> dict[str, int]:
    return dict(Counter(entry.step for entry in grid.entries.values()))


# What there is


def test_every_path_of_stages_is_one_model():
    paths = set(product(INTERMEDIATES.values(), TRAINED))
    expected = {"/".join(("models/toy", *stages, own, "seed-1")) for stages, own in paths}
    expected |= {f"models/toy/{name}/seed-1" for name in ("mnli", "squad_v1", "multitask")}
    assert plain(of_step("train_stage", grid())) == expected
    # The intermediates mnli and squad_v1 are the very models of XNLI and SQuAD without an intermediate.
    assert len(expected) == 4 * 6 + 3 - 2


def test_a_target_can_have_stages_of_its_own():
    few = {"stages": {"few": {"tasks": ["squad_v1"], "rows": 7}}, "targets": {"xquad": {"stage": "ccg/few"}}}
    one = grid(**few)
    models = {cell.target: cell.predictions.inputs["model"].about.stages for cell in one.cells[:7]}
    assert models["xquad"] == ("ccg", "few")
    assert {target: stages for target, stages in models.items() if target != "xquad"} == {
        target: (stage,) for target, stage in STAGES.items() if stage and target != "xquad"
    }
    assert (one.target("xquad").stages, one.target("tatoeba").stages) == (("ccg", "few"), ())
    # Whatever does not concern this target keeps its name.
    assert names(grid()) - names(one) == {
        path for path in names(grid()) if "/xquad~" in path and path.startswith("cells")
    }


def test_data_are_read_and_encoded_once_for_training_and_once_for_evaluation():
    parts = {f"{task}.train" for task in TRAINED} | {f"{task}.evaluate" for task in STAGES}
    assert plain(of_step("read_task", grid())) == {f"data/{part}" for part in parts}
    assert plain(of_step("encode_task", grid())) == {f"features/tokenizer/{part}" for part in parts}
    assert len(parts) == 15


def test_every_cell_has_predictions_and_scores_below_the_path_of_its_model():
    expected = set()
    for (intermediate, stages), (target, own) in product(INTERMEDIATES.items(), STAGES.items()):
        place = "untrained" if (intermediate, own) == ("none", None) else "seed-1"
        expected.add("/".join(("cells/toy", *stages, *([own] if own else []), target, place)))
    assert len(expected) == 36
    assert plain(of_step("predict", grid())) == expected
    assert plain(of_step("score", grid())) == {f"{path}/scores" for path in expected}


def test_the_numbers_of_one_seed_and_of_two():
    once = {"read_task": 15, "encode_task": 15, **dict.fromkeys(REPORTS, 1), "statistics": 9}
    assert counts(grid()) == {**once, "train_stage": 25, "predict": 36, "score": 36}
    two = counts(grid(grid={"seeds": [1, 2]}))
    assert two == {**once, "train_stage": 2 * 25, "predict": 2 * 36 - 2, "score": 2 * 36 - 2}


def test_the_configuration_that_is_shipped_is_the_grid_of_the_paper():
    shipped = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text(encoding="utf-8"))
    paper = Grid(parse(shipped), Words())
    assert len(paper.cells) == 11 * 9 * 3
    # Nine targets, the six tasks that train for them (MNLI and SQuAD are intermediates too), seven more intermediates.
    reads = 9 + 6 + 7
    # In each of three seeds ten intermediates, and six target stages after each row, two of which are such an
    # intermediate already where the row is `none`.
    models = 3 * (10 + 11 * 6 - 2)
    # Retrieval on the bare encoder is the same for every seed.
    cells = 11 * 9 * 3 - 2 * 2
    expected = {"read_task": reads, "encode_task": reads, "train_stage": models, "predict": cells, "score": cells}
    assert counts(paper) == expected | dict.fromkeys(REPORTS, 1) | {"statistics": 9}
    assert len(paper.entries) == 865
    files = {(cell.target, lang) for cell in paper.cells for lang in paper.languages(cell.target)}
    assert len(files) == 162


# What is shared


def test_xquad_and_mlqa_share_one_squad_stage():
    models = {
        (cell.intermediate, cell.target): cell.predictions.inputs["model"].path
        for cell in grid().cells
        if cell.target in ("xquad", "mlqa")
    }
    for intermediate in INTERMEDIATES:
        assert models[intermediate, "xquad"] == models[intermediate, "mlqa"]


def test_retrieval_on_the_bare_encoder_is_the_same_for_every_seed():
    cells = [cell for cell in grid(grid={"seeds": [1, 2]}).cells if cell.target in ("bucc2018", "tatoeba")]
    for target in ("bucc2018", "tatoeba"):
        mine = [cell for cell in cells if cell.target == target]
        assert len({cell.scores.path for cell in mine if cell.intermediate == "none"}) == 1
        assert len({cell.scores.path for cell in mine if cell.intermediate == "mnli"}) == 2


def test_the_parent_of_a_path_is_the_path_without_its_last_stage_and_of_the_same_seed():
    everything = grid(grid={"intermediates": ["none", "squad_v1/mnli"], "seeds": [1, 2]})
    for path in of_step("train_stage", everything):
        *above, _, seed = path.split("/")
        parent = everything.entries[path].inputs.get("parent")
        assert parent == everything.entries.get("/".join([*above, seed]))
        assert (parent is None) == (len(above) == 2)


def test_an_intermediate_of_two_stages_is_a_path_of_two():
    path = grid(grid={"intermediates": ["squad_v1/mnli"], "targets": ["udpos"]})
    assert plain(of_step("train_stage", path)) == {
        "models/toy/squad_v1/seed-1",
        "models/toy/squad_v1/mnli/seed-1",
        "models/toy/squad_v1/mnli/udpos/seed-1",
    }


def test_a_stage_of_several_tasks_reads_what_the_stages_of_one_read():
    (multitask,) = (entry for path, entry in grid().entries.items() if re.search(r"toy~\w+/multitask~\w+/seed", path))
    assert {"features.mnli", "features.squad_v1"} < multitask.inputs.keys()
    assert {entry.path for role, entry in multitask.inputs.items() if role != "parent"} <= names(grid())


def test_two_experiments_share_everything_but_their_reports():
    part = {"intermediates": ["none", "mnli"], "targets": ["xnli", "xquad"]}
    other = grid(experiment="other", grid=part)
    assert names(other) < names(grid())
    assert set(other.entries) - names(other) == set().union(*(of_step(step, other) for step in REPORTS))
    assert all(path.startswith("experiments/other/") for path in set(other.entries) - names(other))


def test_encoders_with_the_same_tokenizer_share_data_and_features_alone():
    both = grid(grid={"encoders": ["toy", "other"]})
    shared = {step for step, count in counts(both).items() if count == counts(grid())[step]}
    assert shared == {"read_task", "encode_task", *REPORTS}


# What renames what


@pytest.mark.parametrize("stage", ["squad_v1", "multitask", "udpos"])
def test_a_learning_rate_renames_its_stage_and_all_descendants_and_nothing_else(stage: str):
    assert renamed(stages={stage: {"learning_rate": 0.5}}) == below(stage)


def test_a_test_file_renames_its_target_from_the_data_to_the_scores_and_no_model():
    changed = renamed("xnli test de")
    assert changed == having("/xnli.evaluate~", "/xnli~")
    assert not changed & having("models/")


def test_a_training_file_renames_all_models_that_see_it():
    changed = renamed("mnli train en")
    assert changed == having("/mnli.train~", "/mnli~", "/multitask~")


@pytest.mark.parametrize("metric, target", [("mlqa", "mlqa"), ("pos", "udpos"), ("bucc", "bucc2018")])
def test_a_metric_renames_the_scores_of_its_target_and_nothing_else(metric: str, target: str):
    assert renamed(f"metric.{metric}") == {path for path in of_step("score", grid()) if f"/{target}~" in path}


def test_the_job_that_scores_renames_all_scores_and_nothing_else():
    assert renamed("job.score") == of_step("score", grid())


def test_a_reader_renames_what_is_read_with_it():
    assert renamed("task.tatoeba") == having("/tatoeba.evaluate~", "/tatoeba~")


def test_a_kind_renames_the_features_of_its_tasks_and_no_data():
    changed = renamed("kind.tagging")
    tagged = {f"features/tokenizer/{task}.{role}" for task in ("udpos", "panx") for role in ("train", "evaluate")}
    assert plain(changed & having("features/")) == tagged
    assert changed - having("features/") == below("udpos") | below("panx")


def test_an_encoder_renames_models_and_cells_but_neither_data_nor_features():
    assert renamed("toy") == having("models/", "cells/")


def test_a_tokenizer_renames_everything_but_the_data_and_keeps_the_name_of_the_encoder():
    changed = renamed("tokenizer")
    assert having("features/") < changed
    assert not changed & having("data/")


@pytest.mark.parametrize(
    "block, pair",
    [
        ("stages", {"warmup": 0.25, "weight_decay": 0.5}),
        ("stages", {"adam_epsilon": 0.25, "max_grad_norm": 0.5}),
        ("stages", {"evaluate_every": 2, "patience": 3}),
        ("tasks", {"doc_stride": 2, "max_query_length": 3}),
    ],
    ids=str,
)
def test_two_settings_that_swap_their_values_are_noticed(block: str, pair: dict):
    swapped = dict(zip(pair, reversed(pair.values()), strict=True))
    straight, crossed = (names(grid(**{block: {"squad_v1": values}})) for values in (pair, swapped))
    assert not {path for path in straight & crossed if re.match("models/.*/squad_v1~", path)}


@pytest.mark.parametrize(
    "changes",
    [
        {"encoders": {"toy": {"tokens_per_device": 1}}},
        {"checkpoint_minutes": 0},
        {"training": {"gpus": 2}},
        {"stages": {"mnli": {"gpus": 4}}},
        {"tasks": {"mnli": {"folders": ["elsewhere"]}}},
        {"data": "elsewhere"},
        {"store": "elsewhere"},
        {"experiment": "elsewhere"},
        {"stages": {"mnli": {"sampling": {"strategy": "uniform"}}}},
        {"tasks": {"xnli": {"doc_stride": 1}}},
        {"tasks": {"squad_v1": {"limit": {"test": 1}}}},
        {"training": {"epochs": 3}},
        {"training": {"warmup": 0.5}, "stages": {stage: {"warmup": 0.1} for stage in (*TRAINED, "multitask")}},
    ],
    ids=lambda changes: str(changes).translate(str.maketrans("", "", "{}' ")),
)
def test_what_cannot_change_a_result_renames_nothing(changes: dict):
    assert not renamed(**changes)


def test_a_language_more_in_one_target_changes_only_this_target():
    changed = renamed(tasks={"udpos": {"languages": ["en", "de", "zh", "tr"]}})
    assert changed == having("/udpos.evaluate~") | (having("/udpos~") & having("cells/"))


def test_the_order_of_keys_and_languages_is_irrelevant():
    turned = Grid(parse({**dict(reversed(RAW.items())), "languages": ["zh", "en", "de"]}), Words())
    assert names(turned) == names(grid())
    assert turned.languages("xnli") == ("de", "en", "zh")


def patterns(*texts: str) -> re.Pattern:
    return re.compile("|".join(texts))


@pytest.mark.parametrize(
    "key, values, new",
    [
        ("seeds", [1, 2], patterns(r".*/seed-2(/scores)?")),
        ("targets", [*reversed(STAGES)], patterns("nothing")),
        ("intermediates", [*INTERMEDIATES, "udpos"], patterns(r"(models|cells)/toy/udpos/.+")),
        ("intermediates", [*INTERMEDIATES, "mnli/udpos"], patterns(r"(models|cells)/toy/mnli/udpos/.+")),
        ("encoders", ["toy", "other"], patterns(r"(models|cells)/other/.*")),
        ("intermediates", ["none", "mnli"], patterns("nothing")),
        ("targets", ["xnli", "tatoeba"], patterns("nothing")),
    ],
)
def test_what_is_added_to_a_grid_adds_what_is_its_own_and_renames_nothing(key: str, values: list, new: re.Pattern):
    before, after = names(grid()), names(grid(grid={key: values}))
    more = len(values) > len(RAW["grid"][key])
    assert before < after if more else after <= before
    added = plain(after - before)
    assert bool(added) == more
    assert {path for path in added if not new.fullmatch(path)} == set()


# What is refused

MISTAKES = {
    "an unknown encoder": (
        {"grid": {"encoders": ["toi"]}},
        ["'grid.encoders'", "'toi'", "allowed: other, toy", "'toy'?"],
    ),
    "an unknown intermediate": (
        {"grid": {"intermediates": ["none", "mnlii"]}},
        ["'grid.intermediates'", "'mnlii'", "allowed: anli, ", "'mnli'?"],
    ),
    "more rows than the limit leaves": (
        {"stages": {"mnli": {"rows": 51}}, "limit": {"train": 50}},
        ["'stages.mnli.rows'", "'mnli' has only 50 training examples in en;", "found 51", "a number up to 50"],
    ),
    "more rows than the hub has": (
        {"stages": {"mnli": {"rows": 392_703}}, "tasks": {"mnli": {"source": "hub"}}},
        ["'stages.mnli.rows'", "has only 392,702 training examples"],
    ),
    "more rows than the miniature makes": (
        {"stages": {"mnli": {"rows": 8}}, "source": "miniature", "miniature": {"train": 7}},
        ["'stages.mnli.rows'", "has only 7 training examples"],
    ),
    "an unknown stage of a target": (
        {"targets": {"xquad": {"stage": "mnli/squadd"}}},
        ["'targets.xquad.stage'", "in 'mnli/squadd'", "found 'squadd'", "'squad_v2'?"],
    ),
    "a stage that does not train what the target needs": (
        {"targets": {"xquad": {"stage": "squad_v1/mnli"}}},
        ["'targets.xquad.stage'", "whose head predicts for 'xquad'", "'mnli' trains on mnli", "found 'squad_v1/mnli'"],
    ),
    "no stage for a target that has to be trained": (
        {"targets": {"xquad": {"stage": "none"}}},
        ["'targets.xquad.stage'", "one task whose head predicts for 'xquad'", "found 'none'"],
    ),
    "an empty stage of a target": (
        {"targets": {"xquad": {"stage": ""}}},
        ["'targets.xquad.stage'", "one task whose head predicts for 'xquad'", "found ''"],
    ),
    "stages of a target without training": (
        {"targets": {"tatoeba": {"stage": "mnli"}}},
        ["'targets.tatoeba.stage'", "found 'mnli'", "task 'tatoeba' has no training"],
    ),
    "an unknown stage of a path": (
        {"grid": {"intermediates": ["squad_v1/mnlii"]}},
        ["'grid.intermediates'", "in 'squad_v1/mnlii'", "found 'mnlii'", "allowed: anli, ", "'mnli'?"],
    ),
    "an intermediate without training data": (
        {"grid": {"intermediates": ["xnli"]}},
        ["'grid.intermediates'", "'xnli'", "allowed: anli, ", "'snli'?"],
    ),
    "an unknown task of a stage": (
        {"stages": {"multitask": {"tasks": ["mnli", "squad"]}}},
        ["'multitask'", "'squad'", "allowed: anli, ", "'squad_v2'?"],
    ),
    "a task twice in a stage": ({"stages": {"multitask": {"tasks": ["mnli", "mnli"]}}}, ["'mnli'", "listed twice"]),
    "training data that are English only": (
        {"stages": {"hellaswag": {"languages": ["de"]}}},
        ["'stages.hellaswag.languages'", "'de'", "no training data", "allowed: en"],
    ),
    "an unknown language of a stage": (
        {"stages": {"mnli": {"languages": ["qq"]}}},
        ["'stages.mnli.languages'", "'qq'", "no training data"],
    ),
    "a batch that GPUs cannot share": (
        {"stages": {"mnli": {"batch_size": 8, "gpus": 3}}},
        ["'stages.mnli.gpus'", "must divide the batch_size 8", "found 3", "allowed: 1, 2, 4, 8"],
    ),
    "a stage that is called none": ({"stages": {"none": {"tasks": ["mnli"]}}}, ["'stages'", "'none'", "reserved"]),
    "a path of too many stages": ({"grid": {"intermediates": ["mnli/" * 20 + "mnli"]}}, ["more than 20 stages"]),
    "a target's stage that trains on something else": (
        {"stages": {"mnli": {"tasks": ["mnli", "qqp"]}}},
        ["'stages.mnli.tasks'", "target 'xnli'", "only train on 'mnli'", "allowed: mnli"],
    ),
    "questions that leave no context": (
        {"tasks": {"xquad": {"max_length": 64}}},
        ["'tasks.xquad.max_query_length'", "less than the max_length 64", "found 64"],
    ),
    "windows that do not meet": (
        {"tasks": {"squad_v1": {"doc_stride": 256}}},
        ["'tasks.squad_v1.doc_stride'", "less than the max_length 256"],
    ),
    "an unknown task": ({"tasks": {"xnlj": {}}}, ["'tasks'", "'xnlj'", "allowed: americasnli, anli, ", "'xnli'?"]),
    "an unknown target": ({"grid": {"targets": ["pawsxx"]}}, ["'grid.targets'", "'pawsxx'", "allowed: ", "'pawsx'?"]),
    "an unknown language": ({"languages": ["en", "xx"]}, ["'languages'", "'xx'", "allowed: af, "]),
    "a language that the target does not have": (
        {"tasks": {"pawsx": {"languages": ["de", "sw"]}}},
        ["'tasks.pawsx.languages'", "'sw'", "allowed: de, en, es, fr, ja, ko, zh"],
    ),
    "no language left for a target": ({"languages": ["en", "sw"]}, ["'languages'", "['en', 'sw']", "none", "bucc2018"]),
    "a split that the target does not have": (
        {"tasks": {"xquad": {"split": "dev"}}},
        ["'tasks.xquad.split'", "'dev'", "allowed: test"],
    ),
    **{
        f"{key} twice": ({"grid": {key: [value, value]}}, [f"'grid.{key}'", repr(value), "listed twice"])
        for key, value in (("encoders", "toy"), ("intermediates", "none"), ("targets", "xnli"), ("seeds", 1))
    },
    **{
        f"no {key}": ({"grid": {key: []}}, [f"'grid.{key}'", "at least one"])
        for key in ("encoders", "intermediates", "targets", "seeds")
    },
}


@pytest.mark.parametrize("changes, parts", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_one_message_with_key_value_what_is_allowed_and_the_nearest(changes: dict, parts: list[str]):
    with pytest.raises(ConfigError) as error:
        grid(**changes)
    for part in parts:
        assert part in str(error.value)
