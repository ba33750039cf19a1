"""Settings that the miniature does not support are errors before any job."""

import pytest

from xstilts import recipes, tasks
from xstilts.checks import check
from xstilts.config import ConfigError, Miniature, parse
from xstilts.errors import DataError
from xstilts.miniature import release as miniature
from xstilts.sources import fetch, release
from xstilts.sources.miniature import LANGUAGES

TARGETS = tuple(name for name in miniature.TASKS if tasks.load(name).languages not in ((), ("en",)))
SETTINGS = {"source": "miniature", "encoders": {"toy": {"path": "toy"}}}


def planned(*targets: str, **settings: object) -> None:
    check(parse(SETTINGS | {"grid": {"encoders": ["toy"], "targets": list(targets)}} | settings))


@pytest.mark.parametrize("target", TARGETS)
def test_languages_that_it_does_not_have_are_refused_with_those_that_it_has(target):
    with pytest.raises(ConfigError) as raised:
        planned(target)
    missing = [lang for lang in tasks.load(target).languages if lang not in LANGUAGES]
    assert f"config key 'languages': target {target!r} is read from the miniature" in str(raised.value)
    assert (
        f"found {[lang for lang in missing if lang not in tasks.load(target).missing_languages.get('test', ())]!r}"
        in str(raised.value)
    )
    assert "allowed: en, de, es, ru, tr, hi, zh" in str(raised.value)


def test_a_language_that_one_target_asks_for_is_named_by_its_key():
    with pytest.raises(ConfigError, match=r"'tasks\.xquad\.languages'.*the miniature.*found \['ar'\]"):
        planned("xquad", tasks={"xquad": {"languages": ["en", "ar"]}})


def test_its_own_languages_are_right_for_every_target_and_other_sources_have_all():
    planned(*TARGETS, languages=list(LANGUAGES))
    planned(*TARGETS, source="release")
    planned("xnli", "xquad", tasks={"xnli": {"source": "hub"}, "xquad": {"languages": ["en"]}})


def test_it_has_the_files_of_all_of_them(tmp_path):
    miniature.write(tmp_path, Miniature(train=6, dev=3, test=3, pairs=2))
    for target in TARGETS:
        task = tasks.load(target)
        for lang in set(LANGUAGES) & set(task.languages):
            assert release.locate(task, "test", lang, [tmp_path / target])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("miniature")
    miniature.write(folder, Miniature(train=6, dev=3, test=3, pairs=2))
    return folder


@pytest.mark.parametrize(
    ("name", "languages"),
    [
        ("mnli", "de en es hi ru tr zh"),
        ("pawsx", "de en es zh"),
        ("udpos", "de en es hi ru tr zh"),
        ("tydiqa", "en ru"),
    ],
)
def test_it_has_the_training_and_dev_data_of_every_language_that_a_stage_may_name(written, name, languages):
    config = parse({"source": "miniature"})
    assert recipes.trainable_languages(config, name) == tuple(languages.split())
    for lang in languages.split():
        assert fetch.sources(tasks.load(name), "train", lang, config, written)
        for dev in recipes.dev_languages(config, f"{name}@{lang}", name):
            assert fetch.sources(tasks.load(name), "dev", dev, config, written)


def test_a_split_that_it_does_not_have_is_said_to_be_none(tmp_path):
    config = parse({"source": "miniature"})
    with pytest.raises(DataError, match=r"no files of panx train in 'de'.*The miniature has no such file"):
        fetch.sources(tasks.load("panx"), "train", "de", config, tmp_path)
