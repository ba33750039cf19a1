"""Each setting of the configuration is in the specs of exactly the jobs whose results it affects."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple, Union, get_args, get_origin

import pytest
import yaml
from grids import assert_names_follow, changed, labels, matching
from pydantic import BaseModel
from snakemake.utils import update_config

from xstilts import experiments, tasks
from xstilts.config import Config, ConfigError, parse
from xstilts.fingerprints.sameness import Sameness
from xstilts.grid import Grid
from xstilts.sources.identity import FileIdentity

COMMITS = "a" * 40, "b" * 40
RAW = {
    "experiment": "all",
    "languages": ["en", "de"],
    "grid": {
        "encoders": ["toy", "hub", "made"],
        "intermediates": ["none", "mixed", "squad_v1/mnli"],
        "targets": ["xnli", "xquad", "udpos", "bucc2018", "tatoeba"],
        "seeds": [1],
    },
    "encoders": {
        "toy": {"path": "toy"},
        "hub": {"repository": "lab/small", "revision": COMMITS[0]},
        "made": {"pretraining": {}},
    },
    "stages": {
        "mixed": {"tasks": ["hellaswag", "mnli"], "sampling": {"strategy": "temperature"}, "languages": ["en"]},
        "mnli": {"languages": ["en"]},
        "squad_v1": {"languages": ["en"]},
    },
    "tasks": {"hellaswag": {"source": "miniature"}},
}
"""Every step and kind, encoders from all places, a mixture, a path of two stages, and a data set that is made here."""

OF_ALL_TARGETS = ("collect", "tables", "figures", "page")
REPORTS = (*OF_ALL_TARGETS, "statistics *")
NOTHING = ()
DISTANCES = Path(__file__).with_name("distances.csv")
SEEN = ("tables", "figures", "page")
"""What tells that a language is in the training of a target's kind."""


class Row(NamedTuple):
    """A setting that gets another value.

    Args:
        value: the other value; of a block whose name the user chooses (`*`), the name and the value.
        decides: the labels of the entries that say something else themselves; those made from them follow.
        over: what is laid over `RAW` before.
        also: what has to change with it.
    """

    value: object
    decides: tuple[str, ...]
    over: dict = {}  # noqa: RUF012
    also: dict = {}  # noqa: RUF012


OF_MINE = ("read_task mine.train", "read_task mine.evaluate")
NLI = ["contradiction", "entailment", "neutral"]
PAIRS = {
    "kind": "classification",
    "format": "jsonl",
    "columns": {"text_a": "a", "text_b": "b", "label": "label"},
    "labels": NLI,
}
DESCRIBED = ("title", "licence", "citation", "homepage")


def mine(**local: object) -> dict:
    """A task that the configuration describes, as a target beside the others."""
    files = dict.fromkeys(("train", "dev", "test"), "whole.{lang}")
    local = {"files": files, "languages": ["en", "de"]} | local
    return {"tasks": {"mine": {"local": local}}, "grid": {"targets": [*RAW["grid"]["targets"], "mine"]}}


def recipe(stage: str, *targets: str) -> dict[str, tuple[object, tuple[str, ...]]]:
    """Another value of each setting of a recipe, and what it decides where it is that of these stages."""
    trains = (f"train_stage * {stage}",)
    numbers = {
        "learning_rate": 0.5,
        "epochs": 7,
        "batch_size": 8,
        "warmup": 9,
        "weight_decay": 0.5,
        "adam_epsilon": 0.5,
        "max_grad_norm": 0.5,
        "evaluate_every": 7,
        "patience": 7,
        "dev_examples": None,
        "rows": 7,
        "languages_share": "split",
        "steps": 7,
        "dropout": 0.3,
    }
    return {
        **{name: (value, trains) for name, value in numbers.items()},
        # In which precision a model computes decides its predictions too, and no vectors of retrieval.
        "precision": ("bf16", (*trains, *(f"predict * {target}" for target in targets))),
        "gpus": (2, NOTHING),
    }


def pretraining(**values: object) -> dict[str, Row]:
    return {
        f"encoders.*.pretraining.{key}": Row(("made", value), ("pretrain_encoder made",))
        for key, value in values.items()
    }


def whole(encoder: str) -> tuple[str, ...]:
    """Whatever is made from an encoder and its tokenizer themselves."""
    untrained = (f"predict {encoder} {target}" for target in ("bucc2018", "tatoeba"))
    return f"encode_task {encoder} *", f"train_stage {encoder} *", *untrained


WEIGHTED = {"stages": {"mixed": {"sampling": {"strategy": "weights", "weights": {"hellaswag": 0.2, "mnli": 0.8}}}}}
SEQUENCES = {"of": ["mnli", "hellaswag", "squad_v1"]}
IN_SEQUENCE = {"grid": {"sequences": SEQUENCES}}
OF_ANOTHER = {"stages": {"other": {"tasks": ["hellaswag"], "steps": 50}}}
IN_BLOCKS = {"stages": {"mixed": {"sampling": {"schedule": "blocks"}}}}
WORDS = {
    "grid": {"intermediates": [*RAW["grid"]["intermediates"], "words"]},
    "stages": {"words": {"tasks": ["mlm"], "steps": 9, "languages": ["de", "en"]}},
}
"""A stage that predicts words."""

MEASURED: dict = {"forgetting": {}, "grid": {"encoders": ["toy"]}}
READ_TRAIN, READ_EVALUATE = "read_task *.train", "read_task *.evaluate"
SENTENCES = ("tatoeba.evaluate", "bucc2018.evaluate")
MADE = ("make_tokenizer made", "pretrain_encoder made")

TABLE: dict[str, Row] = {
    # Its name is in the paths of what these three are made from.
    "experiment": Row("another", ("tables", "figures", "page")),
    "store": Row("another", NOTHING),
    "data": Row("elsewhere", NOTHING),
    "keep_models": Row(False, NOTHING),
    "strict": Row(True, NOTHING),
    "checkpoint_minutes": Row(0, NOTHING),
    "tracking": Row(["tensorboard"], NOTHING),
    "jobs_per_gpu": Row(4, NOTHING),
    "fork_server": Row(True, NOTHING),
    "reproducible_cpu": Row(True, NOTHING),
    "language_groups": Row({"close": ["de"]}, ("tables", "page")),
    "report.over_seeds": Row("mean", ("statistics *",)),
    "report.samples": Row(100, ("statistics *",)),
    "report.distances": Row(
        str(DISTANCES),
        SEEN,
        {"languages": ["en", "ru"], "grid": {"intermediates": ["panx@{source}"], "sources": ["de"]}},
    ),
    # Without probes, nothing is measured on the encoder itself.
    "forgetting.measures": Row(["heads"], ("probe toy squad_v1", "probe toy mnli", "collect"), MEASURED),
    "forgetting.examples": Row(7, ("probe *",), MEASURED),
    "forgetting.span_examples": Row(7, ("probe *",), MEASURED),
    # What a report is of; what is new besides is in the tests of the grid.
    "grid.encoders": Row(["toy", "made"], REPORTS),
    "grid.intermediates": Row(["none", "mixed"], REPORTS),
    "grid.sequences.of": Row(["mnli", "hellaswag"], REPORTS, IN_SEQUENCE),
    "grid.sequences.length": Row(2, REPORTS, IN_SEQUENCE),
    "grid.sequences.sample": Row(2, REPORTS, IN_SEQUENCE),
    "grid.sequences.seed": Row(7, REPORTS, {"grid": {"sequences": {**SEQUENCES, "sample": 1}}}),
    "grid.targets": Row(["xnli", "xquad", "udpos", "bucc2018"], OF_ALL_TARGETS),
    "grid.seeds": Row([1, 2], REPORTS),
    "grid.sources": Row(
        ["fr"],
        (*REPORTS, "read_task panx.train"),
        {"grid": {"intermediates": ["none", "panx@{source}"], "sources": ["de"]}},
    ),
    # The data.
    "source": Row("hub", ("read_task [!h]*.train", READ_EVALUATE)),
    "sources.*.url": Row(("ud-treebanks-v2.5", "https://mirror"), NOTHING, {"source": "hub"}),
    "sources.*.sha256": Row(("ud-treebanks-v2.5", "0" * 64), ("read_task udpos.*",), {"source": "hub"}),
    "sources.*.folder": Row(("ud-treebanks-v2.5", "unpacked"), ("read_task udpos.*",), {"source": "hub"}),
    **{f"miniature.{name}": Row(7, ("write_miniature",)) for name in ("seed", "train", "dev", "test", "pairs")},
    # Figures and page have the facts of the languages that they show.
    "languages": Row(["en", "de", "zh"], (READ_EVALUATE, "figures", "page")),
    "limit.train": Row(7, (READ_TRAIN,)),
    "limit.dev": Row(7, (READ_TRAIN, "read_task bucc2018.evaluate")),
    "limit.test": Row(7, (READ_EVALUATE,)),
    "tasks.*.source": Row(("mnli", "hub"), ("read_task mnli.train",)),
    "tasks.*.folders": Row(("tatoeba", ["elsewhere/tatoeba"]), NOTHING),
    "tasks.*.languages": Row(("xnli", ["de"]), ("read_task xnli.evaluate",)),
    "tasks.*.split": Row(("xnli", "dev"), ("read_task xnli.evaluate", "predict * xnli")),
    "tasks.*.limit.train": Row(("udpos", 7), ("read_task udpos.train",)),
    "tasks.*.limit.dev": Row(("udpos", 7), ("read_task udpos.train",)),
    "tasks.*.limit.test": Row(("udpos", 7), ("read_task udpos.evaluate",)),
    "tasks.*.max_length": Row(("udpos", 77), ("encode_task * udpos.*",)),
    "tasks.*.doc_stride": Row(("squad_v1", 77), ("encode_task * squad_v1.train",)),
    "tasks.*.max_query_length": Row(("xquad", 77), ("encode_task * xquad.evaluate",)),
    # Tasks of the configuration.
    "tasks.*.local.kind": Row(
        ("mine", "span"),
        (
            "read_task mine.*",
            "encode_task * mine.*",
            "train_stage * mine",
            "predict * mine",
            "score * mine",
            "statistics mine",
        ),
        mine(kind="tagging", format="conll"),
        {"tasks": {"mine": {"local": {"format": "squad"}}}},
    ),
    "tasks.*.local.format": Row(("mine", "json"), OF_MINE, mine(**PAIRS)),
    "tasks.*.local.files": Row(("mine", {"train": "other.{lang}"}), NOTHING, mine(**PAIRS)),
    "tasks.*.local.languages": Row(("mine", ["de", "zh", "en"]), NOTHING, mine(**PAIRS)),
    "tasks.*.local.columns": Row(("mine", {"text_a": "other"}), OF_MINE, mine(**PAIRS)),
    "tasks.*.local.labels": Row(("mine", [*reversed(NLI)]), OF_MINE, mine(**PAIRS)),
    "tasks.*.local.left_out": Row(("mine", ["?"]), OF_MINE, mine(**PAIRS)),
    "tasks.*.local.unlabelled": Row(("mine", ["test"]), ("read_task mine.evaluate",), mine(**PAIRS)),
    "tasks.*.local.delimiter": Row(("mine", ";"), OF_MINE, mine(**PAIRS | {"format": "csv"})),
    "tasks.*.local.aligned": Row(
        ("mine", True), OF_MINE, mine(**PAIRS | {"columns": {**PAIRS["columns"], "id": "id"}})
    ),
    "tasks.*.local.metric": Row(
        ("mine", "chunks"), (*OF_MINE, "score * mine", "statistics mine"), mine(kind="tagging", format="conll")
    ),
    "tasks.*.local.stage": Row(("mine", "mnli"), (*OF_ALL_TARGETS, "statistics mine"), mine(**PAIRS)),
    **{f"tasks.*.local.{name}": Row(("mine", "x"), NOTHING, mine(**PAIRS)) for name in DESCRIBED},
    # The recipes.
    **{
        f"training.{name}": Row(value, decides)
        for name, (value, decides) in recipe("*", "xnli", "xquad", "udpos").items()
    },
    "training.steps.like": Row("other", ("train_stage * *",), OF_ANOTHER),
    "training.steps.times": Row(3, ("train_stage * *",), OF_ANOTHER | {"training": {"steps": {"like": "other"}}}),
    "training.languages": Row(["en", "de"], ("read_task udpos.train", "train_stage * udpos", *SEEN)),
    **{f"stages.*.{name}": Row(("mnli", value), decides) for name, (value, decides) in recipe("mnli", "xnli").items()},
    "training.select_on": Row("en", ("read_task udpos.train",), {"training": {"languages": ["de"]}}),
    "stages.*.select_on": Row(
        ("udpos", "en"), ("read_task udpos.train",), {"stages": {"udpos": {"languages": ["de"]}}}
    ),
    "stages.*.like": Row(
        ("mnli", "long"), ("train_stage * mnli",), {"stages": {"long": {"tasks": ["mnli"], "epochs": 7}}}
    ),
    "stages.*.steps.like": Row(("mnli", "other"), ("train_stage * mnli",), OF_ANOTHER),
    "stages.*.steps.times": Row(
        ("mnli", 3),
        ("train_stage * mnli",),
        OF_ANOTHER | {"stages": {"mnli": {"steps": {"like": "other"}}, **OF_ANOTHER["stages"]}},
    ),
    "stages.*.languages": Row(("udpos", ["de"]), ("read_task udpos.train", "train_stage * udpos", *SEEN)),
    "stages.*.tasks": Row(("mixed", ["mnli", "hellaswag"]), ("train_stage * mixed",)),
    "stages.*.sampling.strategy": Row(("mixed", "uniform"), ("train_stage * mixed",)),
    "stages.*.sampling.temperature": Row(("mixed", 2), ("train_stage * mixed",)),
    "stages.*.sampling.cap": Row(("mixed", 7), ("train_stage * mixed",)),
    "stages.*.sampling.weights": Row(("mixed", {"mnli": 0.5}), ("train_stage * mixed",), WEIGHTED),
    "stages.*.sampling.schedule": Row(("mixed", "shuffled"), ("train_stage * mixed",)),
    "stages.*.sampling.order": Row(("mixed", ["mnli", "hellaswag"]), ("train_stage * mixed",), IN_BLOCKS),
    "stages.*.sampling.overlap": Row(("mixed", 0.5), ("train_stage * mixed",), IN_BLOCKS),
    "stages.*.select_by": Row(("mixed", ["mnli"]), ("train_stage * mixed",)),
    "stages.*.language_exponent": Row(("words", 0.7), ("train_stage * words",), WORDS),
    "stages.*.objective": Row(("mnli", {"method": "fgm"}), ("train_stage * mnli", *SEEN)),
    "stages.*.head": Row(("words", "new"), ("train_stage * words",), WORDS),
    "stages.*.keep_head": Row(("mnli", True), ("train_stage * mnli",)),
    "targets.*.stage": Row(
        ("xquad", "reading"),
        (*OF_ALL_TARGETS, "statistics xquad"),
        {"stages": {**RAW["stages"], "reading": {"tasks": ["squad_v1"], "epochs": 7}}},
    ),
    "targets.*.task": Row(
        ("mine", "udpos"),
        (*OF_ALL_TARGETS, "statistics mine"),
        {"targets": {"mine": {"task": "xnli"}}, "grid": {"targets": ["xnli", "xquad", "udpos", "mine"]}},
    ),
    "targets.*.languages": Row(("xnli", ["de"]), ("read_task xnli.evaluate",)),
    "targets.*.perturbation": Row(("xnli", "typos10"), (*OF_ALL_TARGETS, "statistics xnli")),
    "objectives": Row(
        {"strong": {"method": "fgm", "epsilon": 0.5}},
        ("train_stage * mnli",),
        {"objectives": {"strong": {"method": "fgm"}}, "stages": {"mnli": {"objective": "strong"}}},
    ),
    # The encoders.
    "encoders.*.path": Row(("toy", "other"), whole("toy")),
    "encoders.*.repository": Row(("hub", "lab/other"), whole("hub")),
    "encoders.*.revision": Row(("hub", COMMITS[1]), whole("hub")),
    "encoders.*.max_length": Row(("toy", 256), tuple(f"encode_task toy {one}" for one in SENTENCES)),
    "encoders.*.tokens_per_device": Row(("toy", 7), NOTHING),
    "encoders.*.retrieval.layer": Row(("hub", 2), ("predict hub bucc2018", "predict hub tatoeba")),
    "encoders.*.retrieval.pooling": Row(("hub", "cls"), ("predict hub bucc2018", "predict hub tatoeba")),
    # `fp32` is neutral: it is what specs without the setting mean.
    "encoders.*.retrieval.precision": Row(("hub", "fp32"), ("predict hub bucc2018", "predict hub tatoeba")),
    "encoders.*.retrieval.max_length": Row(("hub", 77), tuple(f"encode_task hub {one}" for one in SENTENCES)),
    **pretraining(
        **{"hidden_size": 32, "layers": 2, "heads": 2, "batches": 7, "steps": 7, "tokens": 7},
        **{"learning_rate": 0.5, "warmup": 0.5, "masked": 0.5},
    ),
    "encoders.*.pretraining.seed": Row(("made", 7), MADE),
    "encoders.*.pretraining.sentences": Row(("made", 77), MADE),
    # A sentence of retrieval is as long as the encoder that is made takes.
    "encoders.*.pretraining.max_length": Row(("made", 300), (*MADE, *(f"encode_task made {one}" for one in SENTENCES))),
}


def settings(model: type[BaseModel], *above: str) -> Iterator[str]:
    """The settings of a block and of the blocks below it, with `*` for names that the user chooses."""
    for name, field in model.model_fields.items():
        types = [one for one in (field.annotation, *get_args(field.annotation)) if isinstance(one, type)]
        blocks = [one for one in types if issubclass(one, BaseModel)]
        named = ("*",) if field.default == {} else ()
        if blocks:
            yield from settings(blocks[0], *above, name, *named)
        if not blocks or is_plain_too(field.annotation):
            yield ".".join((*above, name))


def is_plain_too(annotation: object) -> bool:
    """Whether a value that may be a block may also be a number or a string."""
    parts = get_args(annotation) if get_origin(annotation) is Union else ()
    return any(get_origin(part) is Annotated and get_args(part)[0] in (int, float, str) for part in parts)


def test_every_setting_has_a_row():
    assert sorted(TABLE) == sorted(settings(Config))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with two encoders, and one data set in two places and in an archive that is unpacked."""
    folder = tmp_path_factory.mktemp("here")
    for name in ("toy", "other"):
        (folder / name).mkdir()
        for file in ("config.json", "model.safetensors", "tokenizer.json"):
            (folder / name / file).write_text(f'{{"name": "{name}"}}', encoding="utf-8")
    for place in ("data", "elsewhere"):
        (folder / place / "tatoeba").mkdir(parents=True)
        for side in ("deu", "eng"):
            (folder / place / "tatoeba" / f"tatoeba.deu-eng.{side}").write_text(side, encoding="utf-8")
    (folder / "data" / "mine").mkdir()
    for name in ("whole.en", "whole.de", "other.en", "other.de"):
        (folder / "data" / "mine" / name).write_text("content", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


class Files(FileIdentity):
    """The files that are here; code stands for itself."""

    def code(self, role: str) -> str:
        return role


def grid(*changes: dict) -> Grid:
    """The grid of `RAW` with changes laid over it, one after the other."""
    raw: dict = yaml.safe_load(yaml.safe_dump(RAW))
    for change in changes:
        update_config(raw, change)
    config = parse(raw)
    with tasks.declared(experiments.own_tasks(config)):
        found = Grid(config, Files(Path("no memory"), Sameness(())))
        assert found.entries
    return found


def block(key: str, value: object) -> dict:
    """A setting in the blocks around it."""
    chosen, value = value if "*" in key else ("", value)
    for name in reversed(key.split(".")):
        value = {chosen if name == "*" else name: value}
    return value


@pytest.fixture(scope="module")
def before(here: Path) -> Grid:
    return grid()


@pytest.mark.parametrize("key", TABLE)
def test_a_setting_is_in_the_specs_that_it_decides_and_in_no_others(before: Grid, key: str):
    row = TABLE[key]
    one = grid(row.over) if row.over else before
    other = grid(row.over, row.also, block(key, row.value))
    assert changed(one, other) == matching(labels(one), *row.decides)
    assert_names_follow(one, other)


UNLABELLED = ("kk", "th", "tl", "yo")
"""The languages of UD-POS without a dev set in the release of XTREME; Kazakh has training data."""


def test_a_target_is_evaluated_in_the_languages_of_its_split(here: Path):
    on_test = grid({"languages": None}).languages("udpos")
    on_dev = grid({"languages": None, "tasks": {"udpos": {"split": "dev"}}}).languages("udpos")
    assert [lang for lang in on_test if lang not in on_dev] == list(UNLABELLED)
    assert on_dev == tuple(lang for lang in on_test if lang not in UNLABELLED)


def test_a_stage_needs_training_data_in_each_of_its_languages(here: Path):
    with pytest.raises(ConfigError, match=r"'stages.udpos.languages': task 'udpos' has no training data.*'yo'"):
        grid({"stages": {"udpos": {"languages": ["en", "yo"]}}})


def test_a_language_without_dev_data_leaves_the_choice_of_the_checkpoint_to_the_others_or_to_english(here: Path):
    def files(*languages: str) -> list[str]:
        found = grid({"stages": {"udpos": {"languages": list(languages)}}}).entries.values()
        return next(list(one.spec["files"]) for one in found if one.path.startswith("data/udpos.train"))

    assert files("de", "kk") == ["train.de", "train.kk", "dev.de"]
    assert files("kk") == ["train.kk", "dev.en"]
