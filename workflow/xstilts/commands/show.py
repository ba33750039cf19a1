"""Print the recipe of a stage, and where each of its settings comes from."""

from argparse import ArgumentParser, Namespace

from rich.table import Table

from xstilts import checks, recipes
from xstilts.commands.shell import add_config, open_experiment, show
from xstilts.config import Config
from xstilts.config.stages import RelativeSteps
from xstilts.errors import UserError, nearest
from xstilts.names import Reference, path_of, stages_of


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_config(parser)
    parser.add_argument("name", help="a stage, a path of stages or a target, such as mnli@de, squad_v1/mnli or xnli")


def run(arguments: Namespace) -> None:
    """Print the recipe of each stage of a path, or of the stages of a target.

    Raises:
        UserError: the name is malformed or unknown.
    """
    experiment = open_experiment(arguments)
    config = experiment.config
    try:
        stages = _stages(config, arguments.name)
        if stages:
            checks.check_stages(config, path_of(stages))
        for stage in stages:
            show(_recipe(config, stage))
    except ValueError as error:
        raise UserError(f"{error}.") from None


def _stages(config: Config, name: str) -> tuple[str, ...]:
    """The stages of a path; of a target, which is printed, those that follow the intermediate."""
    known = sorted({*config.stages, *recipes.trainable()})
    own = [recipes.named(config, stage).name for stage in stages_of(name)]
    unknown = [stage for stage in own if stage not in known]
    if not unknown:
        return stages_of(recipes.canonical(config, name))
    targets = sorted({*config.targets, *config.grid.targets})
    if "/" in name or own[0] not in {recipes.named(config, target).name for target in targets}:
        problem = f"unknown stage or target {unknown[0]!r}; the stages are {', '.join(known)}"
        raise UserError(f"{problem}; the targets are {', '.join(targets)}.{nearest(unknown[0], [*known, *targets])}")
    target = recipes.target(config, name)
    after = f"after {path_of(target.stages)}" if target.stages else "without training"
    print(f"target {target.name}: {target.task}, evaluated {after}")
    return target.stages


def _recipe(config: Config, stage: str) -> Table:
    """The settings of a stage, each with its place in the configuration."""
    named = recipes.named(config, stage)
    block, origins = recipes.recipe(config, stage), recipes.origins(config, named.name)
    if isinstance(config.stage(named.name).steps, RelativeSteps) and not isinstance(block.steps, int):
        origins["epochs"] = f"{origins['steps']}.steps.like"
    table = Table(title=stage)
    for column in ("setting", "value", "from"):
        table.add_column(column)
    for task, languages in recipes.trained(config, stage).items():
        dev = recipes.dev_languages(config, stage, task)
        table.add_row("task", task, origins["tasks"])
        table.add_row("  trained in", " ".join(languages), _of_languages(config, named, task, origins["languages"]))
        table.add_row("  selected on", " ".join(dev), origins["select_on"])
    for key, value in block.model_dump(mode="json", exclude={"tasks", "languages", "like", "select_on"}).items():
        values = value if isinstance(value, dict) else {"": value}
        for below, one in values.items():
            origin = _of_objective(config, named, below, origins[key]) if key == "objective" and below else origins[key]
            table.add_row(".".join(filter(None, (key, below))), "null" if one is None else str(one), origin)
    return table


def _of_objective(config: Config, named: Reference, setting: str, origin: str) -> str:
    """Where a setting of the objective of a stage comes from; `origin` is the place of the objective itself."""
    written = named.modifiers[0] if named.modifiers else config.stage(named.name).objective
    if isinstance(written, str):
        written, origin = config.objectives[written], f"objectives.{written}"
    return origin if written and setting in written.model_fields_set else "default"


def _of_languages(config: Config, named: Reference, task: str, origin: str) -> str:
    """Where the languages of a task come from."""
    written = [recipes.named(config, text) for text in config.stage(named.name).tasks]
    if any(one.languages for one in written if one.name == task):
        return f"stages.{named.name}.tasks"
    return "the name" if named.languages else origin
