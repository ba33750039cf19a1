"""The specs of all steps without code and libraries, as JSON values. Other entries appear in them by path.

The content of a spec determines its fingerprint, and therefore the name of the result.
"""

from collections.abc import Collection, Iterable, Mapping

from xstilts import perturbations
from xstilts.config import Encoder, Miniature, Pretraining, Stage, TaskSettings
from xstilts.config.local import METRICS, Local
from xstilts.config.stages import SHUFFLED, WEIGHTS, Sampling
from xstilts.languages import facts
from xstilts.names import split_and_language
from xstilts.task import Task

_ENCODING = {"span": ("max_length", "doc_stride", "max_query_length")}
"""The settings that determine the token ids of a kind; only `max_length` for kinds that are not listed."""


def write_miniature(settings: Miniature, languages: Iterable[str]) -> dict:
    """The files of the miniature."""
    return {"settings": settings.in_specs(), "languages": facts(languages, "iso3", "name")}


def make_tokenizer(settings: Pretraining) -> dict:
    """The tokenizer of a miniature encoder."""
    return {"settings": settings.in_specs(only=("seed", "sentences", "max_length"))}


def pretrain_encoder(settings: Pretraining, tokenizer: str) -> dict:
    """A miniature encoder."""
    return {"settings": settings.in_specs(), "tokenizer": tokenizer}


def read_task(task: Task, settings: TaskSettings, files: Mapping[str, dict], made: Mapping[str, str]) -> dict:
    """The examples of a task.

    Args:
        files: the identity of the files of each split and language, by `xstilts.names.split_name`.
        made: paths of the entries that contain these files, by role.
    """
    splits, languages = zip(*map(split_and_language, files), strict=True)
    used = sorted({fact for part in task.parts for fact in part.language_facts})
    return {
        "task": task.name,
        "files": dict(files),
        "limit": settings.limit.in_specs(only=splits),
        **({"languages": facts(languages, *used)} if used else {}),
        **({"local": _local(settings.local, splits)} if settings.local else {}),
        **made,
    }


def _local(settings: Local, splits: Collection[str]) -> dict:
    """How the files of a task are read that the configuration describes. The order of its labels matters."""
    same = {
        "unlabelled": tuple(split for split in settings.unlabelled if split in splits),
        "left_out": tuple(sorted(settings.left_out)),
        # The metric selects checkpoints.
        "metric": None if settings.metric == METRICS[settings.kind][0] else settings.metric,
    }
    return settings.model_copy(update=same).in_specs() | {"labels": [list(pair) for pair in settings.words.items()]}


def perturb_task(perturbation: str, split: str, languages: Iterable[str], data: str) -> dict:
    """The examples of a split with perturbed text.

    Args:
        perturbation: its name, such as `typos10`.
        data: the path of the examples before.
    """
    used = perturbations.load(perturbation).language_facts
    return {"perturbation": perturbation, "split": split, "languages": facts(languages, *used), "data": data}


def encode_task(task: Task, settings: TaskSettings, data: str) -> dict:
    """The token ids of examples."""
    return {"data": data, "settings": settings.in_specs(only=_ENCODING.get(task.kind, ("max_length",)))}


def train_stage(stage: Stage, features: Mapping[str, str], masked: bool = False, has_parent: bool = True) -> dict:
    """A model, whose parent is part of its path.

    Args:
        features: the paths of the token ids of its tasks.
        masked: whether one of its tasks is masked language modelling.
        has_parent: whether it starts from another model instead of the pretrained encoder, which has no heads to keep.
    """
    without = ["sampling"] if len(stage.tasks) == 1 else []
    if not masked:
        without += ["language_exponent", "head"]
    if not has_parent:
        without += ["keep_head"]
    same = stage.model_copy(update={"sampling": _sampling(stage)})
    return {"stage": same.in_specs(without=without), "features": dict(features)}


def _sampling(stage: Stage) -> Sampling:
    """How the tasks of a stage are sampled, without a schedule or an order that is the default one."""
    sampling = stage.sampling
    if sampling.schedule == SHUFFLED and sampling.strategy == WEIGHTS:
        return sampling.model_copy(update={"schedule": None})
    return sampling.model_copy(update={"order": ()}) if sampling.order == stage.tasks else sampling


def predict(task: Task, encoder: Encoder, stage: Stage, features: str, split: str) -> dict:
    """Predictions. `stage` is the last stage of the model; the model is part of their path."""
    if task.kind == "retrieval":
        options = encoder.retrieval.in_specs(only=("layer", "pooling", "precision"))
    else:
        options = stage.in_specs(only=("precision",))
    # Earlier releases predicted with float32 weights under autocast if the precision was `bf16`.
    weights = {"weights": "bf16"} if options.get("precision") == "bf16" else {}
    return {"features": features, "split": split, "options": options, **weights}


def probe(heads: Mapping[str, dict], probes: Mapping[str, dict]) -> dict:
    """The scores of heads and probes on a model, which is part of their path, as are the models of the heads.

    Args:
        heads: what each head is measured on, by its name (`xstilts.forgetting`).
        probes: what each probe is trained and measured on, by its name.
    """
    return {"heads": dict(heads), "probes": dict(probes)}


def score(data: str) -> dict:
    """Scores. The predictions are part of their path."""
    return {"data": data}
