"""The shipped recipes have exactly the values of the sources named in docs/config.md."""

from pathlib import Path

import yaml
from snakemake.utils import update_config

from xstilts.config import Config, parse
from xstilts.metrics.xtreme import TASKS

ROOT = Path(__file__).parents[2]
QUESTIONS = ("squad_v1", "squad_v2", "xquad", "mlqa", "tydiqa")
INTERMEDIATES = "anli_plus mnli qqp squad_v1 squad_v2 hellaswag ccg cosmosqa commonsenseqa".split()


def shipped(*over: str) -> Config:
    """The shipped configuration with files laid over it."""
    raw: dict = {}
    for name in ("config.yaml", *over):
        update_config(raw, yaml.safe_load((ROOT / name).read_text(encoding="utf-8")))
    return parse(raw)


def test_stages_have_the_epochs_and_batches_of_jiant():
    """`scripts/benchmarks/xtreme` of jiant 2.2 for what XTREME trains on, else the default of its simple runscript."""
    found = {name: shipped().stage(name) for name in (*INTERMEDIATES, "pawsx", "udpos", "panx", "tydiqa", "multitask")}
    assert {name: one.epochs for name, one in found.items() if one.epochs != 3} == {
        "mnli": 2,
        "squad_v1": 2,
        "squad_v2": 2,
        "pawsx": 5,
        "udpos": 10,
        "panx": 10,
        "tydiqa": 2,
    }
    assert {name: one.batch_size for name, one in found.items() if one.batch_size != 32} == dict.fromkeys(
        ("squad_v1", "squad_v2", "tydiqa"), 16
    )
    optimiser = {(one.learning_rate, one.weight_decay, one.adam_epsilon, one.max_grad_norm) for one in found.values()}
    assert optimiser == {(1e-5, 0.01, 1e-8, 1.0)}
    schedule = {(one.warmup, one.evaluate_every, one.dev_examples, one.patience) for one in found.values()}
    assert schedule == {(0.1, 1000, 500, 30)}
    assert {one.languages for one in found.values()} == {("en",)}


def test_sequences_have_the_lengths_of_jiant():
    config = shipped()
    assert {config.task(name).max_length for name in QUESTIONS} == {384}
    assert {
        config.task(name).max_length for name in {*INTERMEDIATES, *TASKS} - {*QUESTIONS, "bucc2018", "tatoeba"}
    } == {256}
    assert {(config.task(n).doc_stride, config.task(n).max_query_length) for n in QUESTIONS} == {(128, 64)}


def test_sentences_become_vectors_in_the_layers_that_are_published():
    config = shipped()
    layers = {name: one.retrieval.layer for name, one in config.encoders.items() if one.retrieval.layer}
    assert layers == {"xlm-roberta-large": 14, "mbert": 8}
    assert {one.retrieval.pooling for one in config.encoders.values()} == {"mean"}
    assert {config.encoders[name].sentence_length for name in layers} == {512}


def test_the_mixture_is_all_intermediates_without_a_licence_in_proportion_to_their_rows():
    mixture = shipped().stage("multitask")
    assert mixture.tasks == tuple(name for name in INTERMEDIATES if name != "ccg")
    assert (mixture.sampling.strategy, mixture.sampling.temperature, mixture.sampling.cap) == ("proportional", 1, None)


def test_the_benchmark_is_evaluated_in_full_on_test_over_three_seeds():
    config = shipped()
    assert (config.grid.targets, config.grid.seeds) == (tuple(TASKS), (1, 2, 3))
    assert {config.task(name).split for name in TASKS} == {"test"}
    assert {limit for name in TASKS for limit in config.task(name).limit.model_dump().values()} == {None}
    assert (config.languages, config.report.over_seeds, config.report.samples) == (None, "median", 10_000)


def test_the_scripts_of_xtreme_have_their_own_recipe():
    config = shipped("workflow/experiments/xtreme-scripts.yaml")
    stages = {name: config.stage(name) for name in ("mnli", "pawsx", "udpos", "panx", "squad_v1", "tydiqa")}
    rates = {name: one.learning_rate for name, one in stages.items()}
    assert rates == dict.fromkeys(stages, 2e-5) | dict.fromkeys(("mnli", "squad_v1", "tydiqa"), 3e-5)
    epochs = {name: one.epochs for name, one in stages.items()}
    assert epochs == {"mnli": 5, "pawsx": 5, "udpos": 10, "panx": 10, "squad_v1": 3, "tydiqa": 3}
    regularised = {name: (one.weight_decay, one.warmup) for name, one in stages.items()}
    assert regularised == dict.fromkeys(stages, (0.0, 0)) | dict.fromkeys(("squad_v1", "tydiqa"), (0.0001, 500))
    assert {(one.batch_size, one.dev_examples) for one in stages.values()} == {(32, None)}
    lengths = {name: config.task(name).max_length for name in ("mnli", "xnli", "pawsx", "udpos", "panx", *QUESTIONS)}
    assert lengths == dict.fromkeys(lengths, 128) | dict.fromkeys(QUESTIONS, 384)
