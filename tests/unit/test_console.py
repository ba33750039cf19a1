"""`xstilts` in any folder: which configuration and store a command uses, and that reading creates nothing."""

import json
import os
import re
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from contextlib import nullcontext
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import yaml
from fabricated import SETTINGS, World

from xstilts import experiments
from xstilts.cli import COMMANDS, main
from xstilts.commands import shell
from xstilts.errors import UserError
from xstilts.experiments import directory_of, open_grid

pytestmark = pytest.mark.thorough

REPOSITORY = Path(__file__).parents[2]
RELATIVE = {**SETTINGS, "store": "results", "data": "data", "encoders": {"toy": {"path": "toy"}}}
"""An experiment all of whose paths are relative: another working directory would see other data and another encoder."""
LOOKING = {
    "status": (),
    "plan": (),
    "verify": (),
    "prune": (),
    "adopt": ("--because", "a variable has another name"),
}
SHOWING = {"table": (), "submission": ("--cells", "mnli"), "export": ("mnli", "--to", "out")}
"""Commands that fail where nothing is finished."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder in which Snakemake is started, with a configuration, an encoder and data."""
    folder = tmp_path / "project"
    (folder / "toy").mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / "toy" / name).write_text("{}")
    (folder / "data" / "tatoeba").mkdir(parents=True)
    for name in ("deu", "eng"):
        (folder / "data" / "tatoeba" / f"tatoeba.deu-eng.{name}").write_text("one\n")
    (folder / "mine.yaml").write_text(yaml.safe_dump(RELATIVE))
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the user is, beside that of the project."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "elsewhere"


@pytest.fixture
def run(project: Path, elsewhere: Path) -> Path:
    """The folder of a finished run of the project."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        World(project).finish(open_grid(experiments.read("mine.yaml")).entries.values())
    folder = project / "results" / "experiments" / "mine"
    config = experiments.read(project / "mine.yaml").model_dump(mode="json", exclude_unset=True)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def ask(command: str, *arguments: str | Path) -> None:
    """A command in this process, which then is where the command has gone."""
    module, parser = import_module(f"xstilts.commands.{command}"), ArgumentParser()
    module.add_arguments(parser)
    module.run(parser.parse_args(list(map(str, arguments))))


def tree(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


# The command line


def test_the_console_command_is_the_command_line():
    (script,) = entry_points(group="console_scripts", name="xstilts")
    assert script.load() is main


@pytest.mark.parametrize("chosen", ["", *COMMANDS])
def test_usage_says_xstilts(chosen: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture):
    monkeypatch.setattr(sys, "argv", ["/somewhere/python", *filter(None, [chosen]), "--help"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out.startswith(f"usage: xstilts {chosen}".rstrip())


def test_a_command_that_does_not_exist_is_told_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    monkeypatch.setattr(sys, "argv", ["xstilts", "statsu"])
    with pytest.raises(SystemExit):
        main()
    assert "there is no command 'statsu'. Did you mean 'status'?" in capsys.readouterr().err


# The configuration


def layers(folder: Path, *contents: dict) -> list[Path]:
    files = [folder / f"{number}.yaml" for number, _ in enumerate(contents)]
    for file, content in zip(files, contents, strict=True):
        file.write_text(yaml.safe_dump(content))
    return files


def test_several_files_are_laid_over_each_other_and_over_the_default(tmp_path: Path):
    default = yaml.safe_load((REPOSITORY / "config.yaml").read_text(encoding="utf-8"))
    files = layers(
        tmp_path,
        {"experiment": "base", "stages": {"mnli": {"learning_rate": 2e-5}}, "grid": {"seeds": [4, 5]}},
        {"experiment": "mine", "stages": {"mnli": {"warmup": 0.2}}},
    )
    config = experiments.read(*files)
    assert (config.experiment, config.grid.seeds) == ("mine", (4, 5))
    recipe = config.stage("mnli")
    assert (recipe.learning_rate, recipe.warmup) == (2e-5, 0.2)
    assert recipe.epochs == default["stages"]["mnli"]["epochs"]


def test_a_mistake_has_the_file_of_several_and_the_line(tmp_path: Path):
    files = layers(tmp_path, {"experiment": "base"}, {"experiment": "mine", "trainin": {}})
    with pytest.raises(UserError, match=r"'trainin' \(.*1\.yaml, line 2\)"):
        experiments.read(*files)


def test_the_configuration_of_a_run_is_whole_and_further_files_are_laid_over_it(tmp_path: Path):
    folder = tmp_path / "results" / "experiments" / "mine"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"experiment": "mine", "grid": {"seeds": [7]}}))
    (file,) = layers(tmp_path, {"grid": {"targets": ["xnli"]}})
    for given in (folder, folder / "config.json"):
        assert (experiments.read(given).grid.seeds, experiments.read(given).stages) == ((7,), {})
        assert experiments.read(given, file).grid.targets == ("xnli",)
        assert (experiments.read(given, file).grid.seeds, experiments.read(given, file).stages) == ((7,), {})


@pytest.mark.parametrize(
    "text",
    [
        '{"experiment": "mine", "grid": {"seeds": [7]}}',
        '{"experiment": "other", "store": "here", "grid": {"seeds": [7]}}',
        "experiment: mine\nstore: here\ngrid: {seeds: [7]}\n",
    ],
    ids=["of another store", "of another experiment", "not as a run writes it"],
)
def test_a_file_of_a_user_in_a_folder_of_that_name_is_laid_over_the_shipped_configuration(tmp_path: Path, text: str):
    folder = tmp_path / "here" / "experiments" / "mine"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(text)
    assert experiments.read(folder / "config.json").stages == experiments.read().stages != {}


def test_a_configuration_that_a_job_no_longer_finds_says_what_to_do(tmp_path: Path):
    with pytest.raises(UserError, match=r"mine-0.json was deleted since the run was planned.* start snakemake again"):
        experiments.read_whole(tmp_path / "mine-0.json")


def test_commands_take_several_files(project: Path, elsewhere: Path, capsys: pytest.CaptureFixture):
    (file,) = layers(elsewhere, {"experiment": "other", "grid": {"seeds": [1, 2]}})
    ask("status", project / "mine.yaml", file, "--directory", project, "--json")
    printed = json.loads(capsys.readouterr().out)
    assert (printed["experiment"], {cell["seed"] for cell in printed["cells"]}) == ("other", {1, 2})


# The store


def test_a_folder_of_a_run_tells_where_snakemake_was_started(project: Path, elsewhere: Path, run: Path):
    for given in (run, run / "config.json", Path("..", "project", "results", "experiments", "mine")):
        assert directory_of(experiments.read(given), given).resolve() == project
    moved = run.parents[1].rename(project / "moved")
    # The configuration does not lead to this store.
    assert directory_of(experiments.read(moved / "experiments" / "mine"), moved / "experiments" / "mine") == REPOSITORY


def test_a_store_may_be_deep_and_a_link(tmp_path: Path):
    real = tmp_path / "disk" / "store" / "experiments" / "mine"
    real.mkdir(parents=True)
    (real / "config.json").write_text(json.dumps({"experiment": "mine", "store": "out/results"}))
    (tmp_path / "here" / "out").mkdir(parents=True)
    (tmp_path / "here" / "out" / "results").symlink_to(tmp_path / "disk" / "store")
    given = tmp_path / "here" / "out" / "results" / "experiments" / "mine"
    assert directory_of(experiments.read(given), given) == tmp_path / "here"


def test_other_configurations_are_those_of_the_repository_or_lead_on_from_their_own_folder(
    project: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
):
    given = [project / "mine.yaml", *layers(elsewhere, {})]
    assert directory_of(experiments.read(*given), *given) == REPOSITORY
    assert directory_of(experiments.read()) == REPOSITORY
    monkeypatch.setattr(experiments, "REPOSITORY", None)
    assert directory_of(experiments.read(*given), *given) == elsewhere
    assert directory_of(experiments.read(Path("0.yaml")), Path("0.yaml")) == elsewhere
    assert directory_of(experiments.read(*given[::-1]), *given[::-1]) == project
    assert directory_of(experiments.read()) == elsewhere


def test_status_from_elsewhere_shows_what_is_done(elsewhere: Path, run: Path, capsys: pytest.CaptureFixture):
    ask("status", Path("..") / run.relative_to(elsewhere.parent))
    printed = capsys.readouterr()
    assert "mine: 9 of 9 cells are done" in printed.out
    where = f"store: {run.parents[1]}\nrelative paths below are relative to {run.parents[2]}\n"
    assert printed.err == where


def test_paths_of_the_command_line_lead_on_from_where_the_user_is(project: Path, elsewhere: Path):
    arguments = Namespace(config=[Path("..", "project", "mine.yaml")], directory=Path("..", "project"), to=Path("out"))
    experiment = shell.open_experiment(arguments)
    assert (Path.cwd(), experiment.store, arguments.to) == (project, project / "results", elsewhere / "out")
    assert experiment.config.data == Path("data")


@pytest.mark.parametrize("command", [*LOOKING, *SHOWING])
def test_looking_for_a_store_that_does_not_exist_names_it_and_creates_nothing(
    project: Path, elsewhere: Path, capsys: pytest.CaptureFixture, command: str
):
    before = tree(elsewhere.parent)
    given = (project / "mine.yaml", *(LOOKING | SHOWING)[command], "--directory", project)
    with pytest.raises(UserError) if command in SHOWING else nullcontext():
        ask(command, *given)
    assert capsys.readouterr().err.splitlines()[0] == f"store: {project / 'results'} (does not exist yet)"
    assert tree(elsewhere.parent) == before


def test_a_folder_that_does_not_exist_is_a_mistake(project: Path, elsewhere: Path):
    with pytest.raises(UserError, match="--directory nowhere: no such folder"):
        ask("status", project / "mine.yaml", "--directory", "nowhere")


def test_configurations_that_do_not_lie_together_need_the_folder(
    project: Path, elsewhere: Path, run: Path, capsys: pytest.CaptureFixture
):
    (file,) = layers(elsewhere, {**RELATIVE, "experiment": "other"})
    folders = ", ".join(map(str, sorted((project, REPOSITORY))))
    with pytest.raises(UserError, match=rf"\({folders}\), .* --directory"):
        ask("prune", run, file)
    ask("prune", run, file, "--directory", project)
    assert capsys.readouterr().out == f"Everything in {project / 'results'} is used by these configurations.\n"


def entries(text: str) -> Iterable[str]:
    """The entries that a dry run lists."""
    return re.findall(r"^    wildcards: entry=(\S+)$", text, re.MULTILINE)


def command(*arguments: str | Path, folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "workflow")}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.run(arguments, cwd=folder, env=environment, text=True, check=True, **pipes).stdout


@pytest.mark.parametrize("encoder", ["toy", "nowhere"])
def test_snakemake_and_commands_see_the_same_with_the_same_directory(project: Path, elsewhere: Path, encoder: str):
    """Names hold the content of data and encoders, or the relative path of an encoder that is missing."""
    (file,) = layers(elsewhere, {"encoders": {"toy": {"path": encoder}}})
    given = (project / "mine.yaml", file)
    snakemake = [Path(sys.executable).parent / "snakemake", "--snakefile", REPOSITORY / "Snakefile", "--dry-run"]
    listed = entries(command(*snakemake, "--directory", project, "--configfile", *given, folder=elsewhere))
    xstilts, asked = [sys.executable, "-m", "xstilts"], [*given, "--directory", project]
    shown = command(*xstilts, "status", *asked, "--json", folder=elsewhere)
    cells = json.loads(shown[shown.index("{") :])["cells"]
    assert {cell["scores"] for cell in cells} == {path for path in listed if "/scores~" in path}
    assert f"mine: {len(listed)} jobs" in command(*xstilts, "plan", *asked, folder=elsewhere)


# In Python


def test_load_opens_the_experiment_from_anywhere_and_stays_where_it_is(project: Path, elsewhere: Path, run: Path):
    for experiment in (
        experiments.load(run),
        experiments.load(str(run / "config.json")),
        experiments.load(project / "mine.yaml", directory=project),
        experiments.load(project / "mine.yaml", directory="../project"),
    ):
        assert Path.cwd() == elsewhere
        assert experiment.store.resolve() == project / "results"
        assert all((experiment.store / entry.manifest).is_file() for entry in experiment.grid.entries.values())


def test_every_relative_path_leads_on_from_the_folder_and_no_other_does(tmp_path: Path, elsewhere: Path):
    paths = {
        "store": "results",
        "data": "/data",
        "sources": {"tydiqa": {"folder": "unpacked"}},
        "tasks": {"xnli": {"folders": ["one", "/two"]}},
        "encoders": {"toy": {"path": "toy"}},
    }
    (file,) = layers(elsewhere, paths)
    config = experiments.load(file, directory=tmp_path).config
    assert (config.store, config.data) == (tmp_path / "results", Path("/data"))
    assert config.sources["tydiqa"].folder == tmp_path / "unpacked"
    assert config.tasks["xnli"].folders == (tmp_path / "one", Path("/two"))
    assert config.encoders["toy"].path == tmp_path / "toy"
    assert experiments.load(file, directory=".").config == experiments.read(file)


def test_load_creates_no_store(project: Path, elsewhere: Path):
    before = tree(elsewhere.parent)
    experiment = experiments.load(project / "mine.yaml", directory=project)
    assert len(experiment.grid.cells) == 9
    assert tree(elsewhere.parent) == before


def test_the_way_in_for_python_users_imports_nothing_heavy(elsewhere: Path):
    heavy = {"torch", "transformers", "pandas", "pyarrow", "altair", "snakemake"}
    code = f"from xstilts import experiments, reporting; import sys; print(sorted({heavy} & set(sys.modules)))"
    assert command(sys.executable, "-c", code, folder=elsewhere) == "[]\n"
