"""What a name of a stage or target stands for: recipe, tasks, languages and stages."""

from pathlib import Path

import pytest
from grids import Words

from xstilts import experiments, recipes
from xstilts.config import Config, ConfigError, parse
from xstilts.grid import Grid

EXPERIMENTS = Path(__file__).parents[2] / "workflow" / "experiments"
RAW = {
    "training": {"epochs": 3, "learning_rate": 1e-5},
    "language_groups": {"close": ["nl", "de"]},
    "stages": {
        "udpos": {"epochs": 10},
        "german": {"tasks": ["udpos"], "languages": ["de"]},
        "hot": {"like": "udpos", "learning_rate": 1e-3},
        "hotter": {"like": "hot", "learning_rate": 1e-2},
        "mixed": {"tasks": ["panx", "udpos@fi+et"]},
        "named": {"tasks": ["panx@de", "udpos@fi"]},
        "same": {"tasks": ["panx@de", "udpos@de"]},
    },
    "targets": {
        "short": {"task": "udpos", "stage": "german", "languages": ["de", "nl"]},
        "long": {"task": "panx", "stage": "udpos/panx@de"},
    },
}


@pytest.fixture
def config() -> Config:
    return parse(RAW)


def test_languages_of_a_name_replace_those_of_the_block(config: Config):
    assert recipes.recipe(config, "udpos").languages == ("en",)
    assert recipes.recipe(config, "udpos@zh+de").languages == ("de", "zh")
    assert recipes.recipe(config, "german@fi").languages == ("fi",)
    assert recipes.recipe(config, "udpos@de").epochs == 10


def test_a_group_stands_for_its_languages_and_all_for_those_with_training_data(config: Config):
    assert recipes.trained(config, "udpos@close+fi") == {"udpos": ("de", "fi", "nl")}
    everything = recipes.trained(config, "udpos@all")["udpos"]
    # 33 languages; Thai, Tagalog and Yoruba have no training data.
    assert len(everything) == 30
    assert not {"th", "tl", "yo"} & set(everything)


def test_languages_of_a_mixture_are_those_of_its_tasks_that_name_none(config: Config):
    assert recipes.trained(config, "mixed") == {"panx": ("en",), "udpos": ("et", "fi")}
    assert recipes.trained(config, "mixed@de") == {"panx": ("de",), "udpos": ("et", "fi")}
    assert recipes.recipe(config, "mixed").tasks == ("panx", "udpos")
    assert recipes.recipe(config, "same").languages == ("de",)
    # Of tasks in different languages, a stage has all of them.
    assert recipes.recipe(config, "mixed").languages == ("en", "et", "fi")
    with pytest.raises(ValueError, match="all tasks of stage 'named' have languages of their own"):
        recipes.canonical(config, "named@de")


def test_a_stage_that_is_like_another_inherits_its_tasks_and_settings(config: Config):
    hot, hotter = recipes.recipe(config, "hot"), recipes.recipe(config, "hotter")
    assert (hot.tasks, hot.epochs, hot.learning_rate) == (("udpos",), 10, 1e-3)
    assert (hotter.tasks, hotter.epochs, hotter.learning_rate) == (("udpos",), 10, 1e-2)


def test_stages_that_are_like_each_other_are_an_error():
    with pytest.raises(ConfigError, match=r"stages.a.like.*a is like b is like a; remove one; found 'a'"):
        recipes.recipe(parse({"stages": {"a": {"like": "b"}, "b": {"like": "a"}}}), "a")


@pytest.mark.parametrize(
    "text, name",
    [
        ("none", "none"),
        ("udpos@zh+de", "udpos@de+zh"),
        ("udpos@en", "udpos"),
        ("german@de", "german"),
        ("german@en", "german@en"),
        ("udpos@close", "udpos@de+nl"),
        ("udpos@all", "udpos@all"),
        ("squad_v1/udpos@zh+de", "squad_v1/udpos@de+zh"),
        ("mixed@en", "mixed"),
        ("mixed@all", "mixed@all"),
    ],
)
def test_a_path_has_one_canonical_name(config: Config, text: str, name: str):
    assert recipes.canonical(config, text) == name


def test_all_languages_of_a_task_one_by_one_are_all(config: Config):
    assert recipes.canonical(config, f"udpos@{'+'.join(recipes.trainable_languages(config, 'udpos'))}") == "udpos@all"


@pytest.mark.parametrize(
    "text, name, task, stages, languages",
    [
        ("xnli", "xnli", "xnli", ("mnli",), None),
        ("xnli@de", "xnli@de", "xnli", ("mnli@de",), None),
        ("xnli@en", "xnli", "xnli", ("mnli",), None),
        ("tatoeba", "tatoeba", "tatoeba", (), None),
        ("short", "short", "udpos", ("german",), ("de", "nl")),
        ("short@fi", "short@fi", "udpos", ("german@fi",), ("de", "nl")),
        ("long", "long", "panx", ("udpos", "panx@de"), None),
        ("long@zh", "long@zh", "panx", ("udpos", "panx@zh"), None),
    ],
)
def test_a_target_is_a_task_after_stages(config: Config, text: str, name: str, task: str, stages: tuple, languages):
    assert recipes.target(config, text) == recipes.Target(name, task, stages, languages)


def test_a_target_without_training_has_no_languages_of_training(config: Config):
    with pytest.raises(ValueError, match="target 'tatoeba' is not trained"):
        recipes.target(config, "tatoeba@de")


@pytest.mark.parametrize("name", ["mlm", "pawsx-sources", "sources", "xtreme-scripts"])
def test_every_shipped_experiment_is_a_grid(name: str):
    config = experiments.read(EXPERIMENTS / f"{name}.yaml")
    assert Grid(config, Words()).cells


def test_rows_of_split_languages_are_at_most_those_of_all_together():
    def grid(**stage) -> Grid:
        own = {"encoders": ["toy"], "intermediates": ["panx@hi+sw"], "targets": ["tatoeba"]}
        stages, encoders = {"panx": {"rows": 5500, **stage}}, {"toy": {"path": "toy"}}
        return Grid(parse({"source": "hub", "grid": own, "encoders": encoders, "stages": stages}), Words())

    # 5,000 in Hindi, and 1,000 in Swahili.
    assert grid(languages_share="split").cells
    with pytest.raises(ConfigError, match=r"stages.panx.rows.*only 5,000 training examples in hi;"):
        grid()
    with pytest.raises(ConfigError, match=r"stages.panx.rows.*only 6,000 training examples in hi, sw;"):
        grid(languages_share="split", rows=7000)


def test_a_task_in_a_single_language_is_trained_in_it_unless_languages_are_set(config: Config):
    assert recipes.trained(config, "ocnli") == {"ocnli": ("zh",)}
    assert recipes.dev_languages(config, "ocnli", "ocnli") == ("zh",)
    assert recipes.canonical(config, "ocnli@zh") == "ocnli"
    chosen = parse(
        {"stages": {"ocnli": {"languages": ["en"]}, "both": {"tasks": ["mnli", "ocnli"], "select_on": "en"}}}
    )
    assert recipes.trained(chosen, "ocnli") == {"ocnli": ("en",)}
    assert recipes.trained(chosen, "both") == {"mnli": ("en",), "ocnli": ("zh",)}
    assert recipes.dev_languages(chosen, "both", "ocnli") == ("zh",)


def grid_of(intermediates: list[str], **top: object) -> Grid:
    own = {"encoders": ["toy"], "intermediates": intermediates, "targets": ["tatoeba"]}
    return Grid(parse({"source": "hub", "grid": own, "encoders": {"toy": {"path": "toy"}}, **top}), Words())


@pytest.mark.parametrize(
    ("intermediate", "top"),
    [
        ("tlm@de-en", {"stages": {"tlm": {"steps": 10}}}),
        ("udpos@de", {"stages": {"udpos": {"rows": 50_000}}}),
        ("panx@de+fr", {"stages": {"panx": {"rows": 30_000, "languages_share": "split"}}}),
        ("udpos", {"training": {"languages": ["de"]}, "stages": {"squad_v2": {"epochs": 1}}}),
    ],
)
def test_a_block_is_checked_in_the_languages_in_which_it_is_used(intermediate: str, top: dict):
    assert grid_of([intermediate], **top).cells


def test_languages_of_a_block_that_is_not_used_are_checked_if_it_sets_them():
    for block in ({"languages": ["xx"]}, {"tasks": ["mnli@xx"]}):
        with pytest.raises(ConfigError, match=r"stages\.mine.*no training data in this language; found 'xx'"):
            grid_of(["none"], stages={"mine": {"tasks": ["mnli"]} | block})


def test_translations_that_are_shared_are_no_more_than_one_language_has():
    with pytest.raises(ConfigError, match="only 392,702 training examples in de, fr;"):
        grid_of(["mnli@de+fr"], stages={"mnli": {"rows": 400_000, "languages_share": "split"}})


@pytest.mark.parametrize("languages", [["close"], ["all"], ["close", "zh"]])
def test_groups_can_be_used_where_a_block_lists_languages(languages: list[str]):
    groups = {"close": ["de", "es"]}
    config = parse({"language_groups": groups, "stages": {"mine": {"tasks": ["pawsx"], "languages": languages}}})
    expected = {"close": {"de", "es"}, "all": {"de", "en", "es", "fr", "ja", "ko", "zh"}, "zh": {"zh"}}
    (found,) = recipes.trained(config, "mine").values()
    assert set(found) == set.union(*(expected[one] for one in languages))


def test_the_order_of_languages_that_a_block_lists_is_kept():
    assert recipes.trained(parse({"stages": {"pawsx": {"languages": ["zh", "de"]}}}), "pawsx") == {
        "pawsx": ("zh", "de")
    }
