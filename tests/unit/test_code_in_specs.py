"""Each module of the package is in the code fingerprints of exactly the jobs whose results it affects."""

import ast
import re
from dataclasses import fields
from fnmatch import fnmatchcase
from modulefinder import ModuleFinder
from pathlib import Path

import pytest
from grids import Words, assert_names_follow, changed, label
from test_task_table import TASKS

from xstilts.config import parse
from xstilts.fingerprints import sourcecode
from xstilts.fingerprints.sameness import Sameness
from xstilts.fingerprints.sourcecode import PACKAGE, ROOT, UNCOUNTED, SourceCode
from xstilts.fingerprints.syntax import DESCRIPTION, essential, imported_names
from xstilts.grid import Grid
from xstilts.task import Task
from xstilts.tasks import names as task_names

PAIRS = "xnli pawsx mnli qqp snli anli"
INFERRED = "ocnli indonli farstail kornli americasnli"
"""The inference tasks of other languages, which have no copy on the hub."""
POOLED = "anli_plus"
"""The task that pools mnli, snli and anli: it is read by their readers, and has its own labels."""
CHOICES = "hellaswag copa siqa cosmosqa commonsenseqa"
TAGS = "udpos panx ccg"
QUESTIONS = "xquad mlqa tydiqa squad_v1 squad_v2"
ANSWERED = f"{QUESTIONS} tydiqa_mt"
RETRIEVAL = "bucc2018 tatoeba"
TRAINABLE = "mnli qqp snli anli anli_plus pawsx udpos panx ccg squad_v1 squad_v2 tydiqa tydiqa_mt "
TRAINABLE += "ocnli indonli farstail kornli"
TARGETS = f"{INFERRED} xnli pawsx udpos panx xquad mlqa tydiqa bucc2018 tatoeba"
PERTURBED = "xnli+typos10 udpos+word_order xquad+mixed_language"
MASKED = "mlm tlm"
SEQUENCE = "mnli/hellaswag"
"""What is measured of forgetting."""
MIXED = "mixed"
"""The stage of hellaswag and mnli."""
ROBUST = {f"robust_{method}": method for method in ("fgm", "pgd", "freelb", "smart", "rdrop", "noise")}
"""The stages with an objective, each of masked language modelling, and their methods."""

RAW = {
    "grid": {
        "encoders": ["made"],
        "intermediates": [
            *("none", MIXED, *TRAINABLE.split(), *CHOICES.split(), *MASKED.split()),
            *(*ROBUST, SEQUENCE),
        ],
        "targets": [*TARGETS.split(), *PERTURBED.split()],
    },
    "encoders": {"made": {"pretraining": {}}},
    "stages": {
        MIXED: {"tasks": ["hellaswag", "mnli"]},
        "ocnli": {"languages": ["zh"]},
        "indonli": {"languages": ["id"]},
        "farstail": {"languages": ["fa"]},
        "kornli": {"languages": ["ko"]},
        "tydiqa_mt": {"languages": ["fi"]},
        "mlm": {"steps": 9},
        "tlm": {"steps": 9, "languages": ["de-en"]},
        **{
            name: {"tasks": ["mlm"], "steps": 9, "dropout": 0.1, "objective": {"method": method}}
            for name, method in ROBUST.items()
        },
    },
    "tasks": {"hellaswag": {"source": "miniature"}},
    "forgetting": {},
}
"""Every task of the package and every step."""

ALL = "*"
REPORTS = ("collect statistics tables figures page", ALL)
DRAWN = ("figures page", ALL)
PREDICTED = ("train_stage predict probe", ALL)
"""What runs a model."""
ENCODED = ("encode_task train_stage predict probe", ALL)
MADE = ("make_tokenizer pretrain_encoder", ALL)
WORLD = ("write_miniature make_tokenizer pretrain_encoder", ALL)


def of_kind(tasks: str, *stages: str) -> tuple[str, ...]:
    return "encode_task train_stage predict", " ".join((tasks, *stages)), *_of_sequence(stages)


def of_format(tasks: str, *stages: str, pooled: bool = False) -> tuple[str, ...]:
    """What reads tasks in a format, and the jobs that load these tasks: an import of the reader is in their module."""
    pools = (POOLED,) if pooled else ()
    models = "train_stage predict", " ".join((tasks, *stages, *pools))
    return "read_task perturb_task", " ".join((tasks, *pools)), *models, *_of_sequence(stages)


def _of_sequence(stages: tuple[str, ...]) -> tuple[str, ...]:
    """What is measured of the sequence, whose tasks are those of the mixture: all of them on each of its models."""
    return ("probe", ALL) if MIXED in stages else ()


QUOTED, PARQUET = f"{PAIRS} {CHOICES}", f"{PAIRS} {CHOICES} panx {QUESTIONS}"

PLANS = "plans: what it decides stands in specs, or in the list of jobs"
FETCHES = "says where files are, or fetches them; what they are stands in specs by commit or sha256"
STATES = "holds facts; the values that a job uses stand in its spec"
RUNS = "says where and when a job runs, and where its files lie"
TELLS = "is for people: messages, trackers, what a command shows"
ASKED = "is asked by people, and reads what there is"
ADDED = "reads the tasks that users add, and is in their fingerprints"
CHOOSES = "chooses checkpoints, and makes no scores of any target"

SILENT = {
    **dict.fromkeys(
        (
            "arms",
            "checks",
            "config",
            "config.forgetting",
            "config.former",
            "config.local",
            "config.numbers",
            "config.objectives",
            "config.paths",
            "config.replacing",
            "config.settings",
            "config.stages",
            "config.yamlfiles",
            "coverage",
        ),
        PLANS,
    ),
    **dict.fromkeys(("experiments", "grid", "sources.encoder_config", "sources.identity", "names", "paths"), PLANS),
    **dict.fromkeys(("perturbations.names", "perturbations.scope"), PLANS),
    **dict.fromkeys(("controls", "distances", "forgetting", "orders", "resources", "robustness", "transfer"), STATES),
    **dict.fromkeys(("relative_steps", "sequences", "stage_checks", "target_checks"), PLANS),
    **dict.fromkeys(("bundles", "dropouts", "objectives"), PLANS),
    **dict.fromkeys(("recipes", "steps", "steps.entry", "steps.specs"), PLANS),
    **dict.fromkeys(("fingerprints", "fingerprints.sameness"), PLANS),
    **dict.fromkeys(("fingerprints.sourcecode", "fingerprints.spec", "fingerprints.syntax"), PLANS),
    **dict.fromkeys(("sources.archives", "sources.download", "sources.fetch", "sources.files", "sources.hub"), FETCHES),
    "sources.repositories": FETCHES,
    "languages": STATES,
    **dict.fromkeys(("__main__", "cli", "commands", "jobs", "patterns", "run", "runtime.bundle"), RUNS),
    **dict.fromkeys(("runtime.cpu", "runtime.forkserver"), RUNS),
    **dict.fromkeys(("runtime", "runtime.devices", "runtime.job", "runtime.processes", "runtime.termination"), RUNS),
    **dict.fromkeys(("runtime.memory", "runtime.places", "runtime.sharing", "sources.shapes"), RUNS),
    **dict.fromkeys(("store", "store.drafts", "store.entries", "store.jsonfiles", "store.leftovers"), RUNS),
    "fingerprints.atomic": RUNS,
    **dict.fromkeys(("store.links", "store.locks", "store.verified", "store.weights"), RUNS),
    **dict.fromkeys(("runtime.timing", "runtime.streams", "commands.shell", "errors", "config.mistakes"), TELLS),
    **dict.fromkeys(("reporting", "reporting.gallery", "training.tracking", "store.warned"), TELLS),
    **dict.fromkeys(("commands.adopt", "commands.discard", "commands.export", "commands.plan"), ASKED),
    **dict.fromkeys(("commands.prune", "commands.push", "commands.schema", "commands.show", "commands.status"), ASKED),
    **dict.fromkeys(("commands.submission", "commands.table", "commands.verify"), ASKED),
    **dict.fromkeys(
        ("inspection", "inspection.chains", "inspection.failures", "inspection.forecast", "inspection.progress"), ASKED
    ),
    "inspection.jobs": ASKED,
    **dict.fromkeys(("inspection.speed", "inspection.state", "inspection.verification"), ASKED),
    **dict.fromkeys(("inspection.calibrations", "inspection.cards", "inspection.rates", "inspection.times"), ASKED),
    **dict.fromkeys(("commands.calibrate", "inspection.stopwatch"), ASKED),
    **dict.fromkeys(("inspection.upgrades", "inspection.weights", "inspection.workload"), ASKED),
    **dict.fromkeys(("store.adoption", "store.differences", "store.pruning"), ASKED),
    **dict.fromkeys(("store.matches", "store.obstacles", "store.simulation"), ASKED),
    **dict.fromkeys(("publication", "publication.card", "publication.export", "publication.forms"), ASKED),
    **dict.fromkeys(("publication.selection", "publication.xtreme_submission"), ASKED),
    **dict.fromkeys(("publication.upload", "publication.vectors"), ASKED),
    **dict.fromkeys(("metrics.accuracy_f1", "metrics.squad_v2", "metrics.word_accuracy"), CHOOSES),
    "sources.formats.local": ADDED,
}
"""Every module that counts for nothing, with the reason."""

TABLE: dict[str, tuple[str, ...]] = {
    # The jobs themselves.
    **{
        f"jobs.{step}": (step, ALL)
        for step in (
            *("write_miniature", "make_tokenizer", "pretrain_encoder", "read_task", "perturb_task", "encode_task"),
            "train_stage",
            *("predict", "score", "probe", "collect", "statistics", "tables", "figures", "page"),
        )
    },
    # Reading.
    "sources.row_counts sources.parts sources.reading sources.release": ("read_task", ALL),
    "sources": (
        "read_task perturb_task encode_task train_stage predict score probe statistics tables figures page",
        ALL,
        *WORLD,
    ),
    "sources.columns": ("read_task perturb_task train_stage score probe statistics tables figures page", ALL),
    "sources.labels": ("read_task encode_task train_stage predict probe", ALL),
    "sources.gold_pairs": ("predict", RETRIEVAL, "score statistics", "bucc2018"),
    "sources.formats sources.formats.text": of_format(
        f"{PARQUET} {INFERRED} tydiqa_mt udpos ccg {RETRIEVAL} {MASKED}", MIXED, *ROBUST, pooled=True
    ),
    "sources.formats.plain": of_format(MASKED, *ROBUST),
    "sources.formats.bitext": ("read_task", ALL, "predict", RETRIEVAL),
    "sources.formats.hub.bitext": of_format("tatoeba"),
    "sources.formats.pairs": of_format(f"{PAIRS} {INFERRED}", MIXED, pooled=True),
    "sources.formats.nli sources.formats.delimited": of_format(f"mnli {INFERRED}", MIXED, pooled=True),
    "sources.formats.hub.pairs": of_format(PAIRS, MIXED, pooled=True),
    "sources.formats.choices sources.formats.hub.choices": of_format(CHOICES, MIXED),
    "sources.formats.squad": of_format(ANSWERED),
    "sources.formats.hub.questions": of_format(QUESTIONS),
    "sources.formats.tagged": of_format(TAGS),
    "sources.formats.conllu": of_format("udpos"),
    "sources.formats.ccg": of_format("ccg"),
    "sources.formats.hub.tagged": of_format("panx"),
    "sources.formats.quoted": of_format(f"{QUOTED} {INFERRED}", MIXED, pooled=True),
    "sources.formats.parquet": of_format(f"{PARQUET} {MASKED}", MIXED, *ROBUST, pooled=True),
    "sources.formats.hub": of_format(f"{PARQUET} tatoeba", MIXED, pooled=True),
    "sources.formats.objects": of_format(f"{PARQUET} {INFERRED} tydiqa_mt ccg tatoeba", MIXED, pooled=True),
    # Tasks and kinds.
    "tasks task": ("read_task perturb_task encode_task train_stage predict score probe", ALL, *REPORTS),
    **{
        f"tasks.{name}": of_format(name)
        for name in {*TARGETS.split(), *TRAINABLE.split(), *CHOICES.split(), *MASKED.split()}
    },
    "tasks.mlm": of_format("mlm", *ROBUST),
    **{f"tasks.{name}": of_format(name, pooled=True) for name in ("snli", "anli")},
    "tasks.mnli": of_format("mnli", MIXED, pooled=True),
    "tasks.hellaswag": of_format("hellaswag", MIXED),
    "kinds.classification": of_kind(f"{PAIRS} {INFERRED} {POOLED}", MIXED),
    "kinds.multiple_choice": of_kind(CHOICES, MIXED),
    "kinds.tagging features.words": of_kind(TAGS),
    "kinds.span": of_kind(ANSWERED),
    "kinds.retrieval": of_kind(RETRIEVAL),
    "kinds.masked_lm": of_kind(MASKED, *ROBUST),
    # Perturbed text.
    "perturbations perturbations.draws perturbations.texts perturbations.units": ("perturb_task", ALL),
    "perturbations.clusters perturbations.typos": ("perturb_task", "xnli"),
    "perturbations.word_order": ("perturb_task", "udpos"),
    "perturbations.mixed_language": ("perturb_task", "xquad"),
    "features.tokens kinds": ENCODED,
    "features.arrow": (*ENCODED, "tables figures page", ALL),
    "features.rows models.prefetch": PREDICTED,
    # Models.
    "features features.batching": ("pretrain_encoder", ALL, *ENCODED, "tables figures page", ALL),
    "models models.architectures models.known_configs models.tokenization "
    "models.tokenizer_classes models.vocabulary sources.checkpoints": (
        "pretrain_encoder",
        ALL,
        *ENCODED,
    ),
    "models.finite": ("pretrain_encoder", ALL, *PREDICTED),
    "models.encoders models.loading models.fitting models.precision prediction.forward": PREDICTED,
    "training.[!to]* training.objectives training.optimizer kept_heads models.dropout models.lm_heads": (
        "train_stage",
        ALL,
    ),
    **{f"training.objectives.{method}": ("train_stage", name) for name, method in ROBUST.items()},
    **{f"training.objectives.{name}": ("train_stage", " ".join(ROBUST)) for name in ("accumulation", "passes")},
    **{f"training.objectives.{name}": ("train_stage", " ".join(ROBUST)) for name in ("ball", "perturbation")},
    "training.objectives.draws": ("train_stage", " ".join(ROBUST)),
    "training.objectives.smoothness": ("train_stage", "robust_smart robust_rdrop"),
    "training training.data training.masking models.kept_heads": ("train_stage probe", ALL),
    "probes probes.*": ("probe", ALL),
    "prediction.embed prediction.mine prediction.retrieval prediction.sentences": ("predict", RETRIEVAL),
    "prediction": ("train_stage predict score probe statistics page", ALL),
    "prediction.xtreme_files": ("predict score statistics page", ALL),
    # Scores. A metric that only chooses checkpoints makes none.
    "prediction.scoring": ("score statistics", ALL),
    "metrics": ("score probe statistics", ALL),
    "metrics.accuracy": ("score statistics", f"xnli pawsx {INFERRED}", "probe", ALL),
    "metrics.pos": ("score statistics", "udpos"),
    "metrics.chunks": ("score statistics", "udpos panx"),
    "metrics.squad": ("score statistics", "xquad mlqa tydiqa"),
    "metrics.mlqa": ("score statistics", "mlqa"),
    "metrics.bucc": ("score statistics", "bucc2018"),
    "metrics.tatoeba": ("score statistics", "tatoeba"),
    "metrics.xtreme": ("tables", ALL),
    # Reports.
    "reporting.collect": REPORTS,
    "reporting.devices store.precisions": ("collect", ALL),
    "reporting.experiment_results reporting.marks store.examples": ("tables figures page", ALL),
    "reporting.correction": ("statistics tables figures page", ALL),
    "reporting.comparison reporting.per_example reporting.resampling reporting.significance": ("statistics", ALL),
    "reporting.contrasts reporting.paired reporting.pairs": ("statistics", ALL),
    "labels reporting.additive reporting.relabelling reporting.sources reporting.typology reporting.zero_shot": (
        "tables figures page",
        ALL,
    ),
    "reporting.forgetting reporting.forgetting_tables reporting.questions": ("tables page", ALL),
    "reporting.changed_text reporting.changed_tokens reporting.drops": ("tables figures page", ALL),
    "reporting.order_effect reporting.orders reporting.tables": ("tables figures page", ALL),
    "reporting.formats reporting.gains reporting.order_tables reporting.robust_tables": ("tables page", ALL),
    "reporting.source_tables": ("tables page", ALL),
    "reporting.choice reporting.literature reporting.paper": ("tables", ALL),
    "reporting.figures reporting.figures.*": DRAWN,
    "reporting.page reporting.page.* fingerprints.readable store.contents store.metadata store.older": ("page", ALL),
    # The miniature.
    "miniature miniature.events miniature.sampling miniature.sentences sources.miniature": WORLD,
    "miniature.languages miniature.languages.*": WORLD,
    "miniature.release miniature.release.*": ("write_miniature", ALL),
    "miniature.vocabulary": MADE,
    "miniature.corpus miniature.pretraining miniature.variations": ("pretrain_encoder", ALL),
    # What decides no result.
    **dict.fromkeys(SILENT, ()),
}


def modules() -> list[str]:
    """The modules of the package, without the package itself, whose version is no code, and tasks that were added."""
    names = (file.relative_to(ROOT / PACKAGE).with_suffix("") for file in (ROOT / PACKAGE).rglob("*.py"))
    added = {f"tasks.{name}" for name in set(task_names()) - set(TASKS)}
    return sorted({".".join(name.parts).removesuffix(".__init__") for name in names} - {"__init__"} - added)


def row(module: str) -> str:
    """The key of the row of a module, by its name or by a pattern that it alone matches."""
    named = [key for key in TABLE if module in key.split()]
    found = named or [key for key in TABLE if any(fnmatchcase(module, pattern) for pattern in key.split())]
    assert len(found) == 1, f"{module} has {len(found)} rows in TABLE: say once which jobs it decides"
    return found[0]


@pytest.fixture(scope="module")
def grid() -> Grid:
    return Grid(parse(RAW), Words())


@pytest.fixture(scope="module")
def code(grid: Grid) -> dict[str, set[str]]:
    """For each entry what the grid names as its code, all entries of one label together."""
    named: dict[str, set[str]] = {}
    for entry in grid.entries.values():
        named.setdefault(label(entry), set()).update(entry.spec["code"])
    return named


@pytest.fixture(scope="module")
def reached(code: dict[str, set[str]]) -> dict[str, set[str]]:
    """For each label the modules in its fingerprint."""
    source = SourceCode(Path("no memory.json"), Sameness(()))
    return {at: {module for role in roles for module in source.modules(role)} for at, roles in code.items()}


def step_and_task(label: str) -> tuple[str, str]:
    """The step of a label, and its task without perturbations and role."""
    step, about = label.split()[0], label.split()[-1]
    return step, re.split("[.+]", re.sub(r"^(robustness|objectives)\.", "", about))[0]


def selected(labels: set[str], decides: tuple[str, ...]) -> set[str]:
    """The labels of steps and tasks, given in turn; every pair that is named has to be there in one of them."""
    found = set()
    for steps, tasks in zip(decides[::2], decides[1::2], strict=True):
        pairs = {one: step_and_task(one) for one in labels}
        assert set(steps.split()) <= {step for step, _ in pairs.values()}
        assert tasks == ALL or set(tasks.split()) <= {task for _, task in pairs.values()}
        ours = {one for one, (step, _) in pairs.items() if step in steps.split()}
        found |= ours if tasks == ALL else {one for one in ours if pairs[one][1] in tasks.split()}
    return found


@pytest.mark.parametrize("module", modules())
def test_a_module_is_in_the_fingerprint_of_the_jobs_that_it_decides_and_of_no_others(
    reached: dict[str, set[str]], module: str
):
    decided = {at for at, names in reached.items() if module in names}
    assert decided == selected(set(reached), TABLE[row(module)])


def test_what_jobs_import_and_count_for_nothing_is_listed_with_a_reason_and_is_silent(reached: dict[str, set[str]]):
    assert all(UNCOUNTED.values())
    assert set(UNCOUNTED) <= set(SILENT)
    assert not {module for names in reached.values() for module in names} & set(SILENT)


USING_METRICS = {
    "training.stage": CHOOSES,
    **dict.fromkeys(
        ("prediction.scoring", "probes.measure", "reporting.contrasts", "reporting.pairs", "reporting.significance"),
        "loads those of which the grid has roles beside the job's",
    ),
    "reporting.collect": "their names, which stand in scores that have another name with another metric",
    "reporting.paper": "the benchmark, of which the grid has a role beside the job's",
    **dict.fromkeys(
        ("reporting.comparison", "reporting.paired", "reporting.per_example", "reporting.resampling"),
        "what `statistics` loads",
    ),
    **dict.fromkeys(("commands.submission", "publication.xtreme_submission"), ASKED),
}
"""The modules besides metrics that import any, each with why it need not count where it is only used."""


def test_a_metric_is_used_only_where_a_role_counts_it_or_none_need():
    """Predictions that took something from a metric would keep their names when it changes."""
    using = set()
    for name in modules():
        tree = essential(ast.parse(sourcecode._file(name).read_bytes()))
        imported = {sourcecode._absolute(name, one).split(".")[1:2] == ["metrics"] for one in imported_names(tree)}
        using |= {name} if True in imported and name.partition(".")[0] != "metrics" else set()
    assert using == set(USING_METRICS)


def test_the_package_itself_which_counts_for_nothing_says_nothing_but_its_version():
    first, *others = ast.parse((ROOT / PACKAGE / "__init__.py").read_bytes()).body
    assert isinstance(first, ast.Expr)
    assert [ast.unparse(one.targets[0]) for one in others] == ["__version__"]


def test_no_job_uses_the_description_of_a_task_which_counts_for_nothing():
    """Of the fields, `title` and `notes` are names of other things, too."""
    for name in modules():
        if TABLE[row(name)]:
            for node in ast.walk(ast.parse(sourcecode._file(name).read_bytes())):
                if isinstance(node, ast.Attribute) and node.attr in DESCRIPTION:
                    assert node.attr in ("title", "notes"), f"{name}, line {node.lineno}"
                    assert "task" not in ast.unparse(node.value).lower(), f"{name}, line {node.lineno}"


def test_what_describes_a_task_are_fields_of_it():
    assert {field.name for field in fields(Task)} >= DESCRIPTION


def test_no_row_stands_for_modules_that_are_gone():
    known = modules()
    for key in TABLE:
        for pattern in key.split():
            assert any(fnmatchcase(name, pattern) for name in known), pattern


STARTS = (
    *(
        f"jobs.{step}"
        for step in (*"read_task encode_task train_stage predict score probe".split(), *REPORTS[0].split())
    ),
    *(f"kinds.{kind}" for kind in "classification multiple_choice tagging span retrieval".split()),
    *("prediction.forward", "prediction.retrieval", "tasks.anli_plus", "tasks.xnli", "tasks.tydiqa"),
)

ONLY_TYPES = (
    *("kinds", "tasks", "task", "sources.parts", "sources.release"),
    *(f"training.objectives.{name}" for name in ("accumulation", "ball", "draws", "passes", "perturbation")),
)
"""What `kinds`, `sources.labels` and `training.objectives` import for annotations, and what that imports."""

FOR_USERS = (
    *("reporting.experiment_results", "reporting.correction", "reporting.changed_text", "reporting.changed_tokens"),
    *("features", "features.arrow", "features.batching"),
    *("store.examples", "sources", "sources.columns"),
)
"""What `reporting` opens for Python users, and what that imports. It counts for nothing; modules in it do."""


@pytest.mark.parametrize("start", STARTS)
def test_what_a_module_reaches_is_what_the_standard_library_finds(start: str):
    """It follows the imports of compiled code, those of types too; what counts for nothing is kept from it."""
    out = [name for name in modules() if not TABLE[row(name)] or name.partition(".")[0] == "metrics"]
    # Without its package, what counts of it would not be found.
    packages = [name for name in out if any(other.startswith(f"{name}.") for other in set(modules()) - set(out))]
    finder = ModuleFinder([str(ROOT)], excludes=[f"{PACKAGE}.{name}" for name in out if name not in (start, *packages)])
    finder.run_script(str(sourcecode._file(start)))
    found = {name.removeprefix(f"{PACKAGE}.") for name in finder.modules if name.startswith(f"{PACKAGE}.")} | {start}
    found -= set(packages)
    reached = SourceCode(Path("no memory.json"), Sameness(())).reached([start])
    assert reached <= found
    assert found - reached <= {*ONLY_TYPES, *FOR_USERS}


EDITS = ("mnli train en", "xnli test de", "made", "task.mnli", "kind.span", "metric.pos", "predictor.outputs")


@pytest.mark.parametrize("edited", [*EDITS, *(f"job.{step}" for step in ("write_miniature", "train_stage"))])
def test_what_is_made_from_what_has_another_name_has_another_name(edited: str):
    raw = {**RAW, "encoders": {"made": {"path": "made"}}} if edited == "made" else RAW
    before, after = (Grid(parse(raw), Words(frozenset(edits))) for edits in ([], [edited]))
    assert changed(before, after)
    assert_names_follow(before, after)
