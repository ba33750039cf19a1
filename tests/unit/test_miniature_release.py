"""The files of the miniature have the formats of the releases, and are the same in each run."""

import json
from collections import Counter

import pytest

from xstilts import tasks
from xstilts.config import Miniature
from xstilts.miniature.release import TASKS, write
from xstilts.sources import labels, reading, release

SETTINGS = Miniature(train=120, dev=30, test=30, pairs=10)
LANGUAGES = {
    "xnli": "en de es ru tr hi zh",
    "pawsx": "en de es zh",
    "udpos": "en de es ru tr hi zh",
    "panx": "en de es ru tr hi zh",
    "xquad": "en de es ru tr hi zh",
    "mlqa": "en de es hi zh",
    "tydiqa": "en ru",
    "bucc2018": "de ru zh",
    "tatoeba": "de es ru tr hi zh",
}
ROWS = {"train": 120, "dev": 30, "test": 30}
PLAIN = {"mlm": "en de es ru tr hi zh", "tlm": "de-en es-en ru-en tr-en hi-en zh-en"}
"""The languages of the tasks without labels."""
TREEBANKS = {"en": "English", "de": "German", "hi": "Hindi"}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("miniature")
    write(folder, SETTINGS)
    return folder


def rows(folder, name: str, split: str, lang: str = "en") -> list[dict]:
    task = tasks.load(name)
    found = release.locate(task, split, lang, [folder / name])
    assert found is not None
    return reading.read([found], labels.listed(task, found), lang).to_pylist()


def splits(name: str) -> list[tuple[str, str]]:
    """The splits of a task with the languages that they have."""
    own = LANGUAGES.get(name, "en").split()
    pairs = [(split, lang) for split in tasks.load(name).splits for lang in own]
    if name == "tydiqa":
        return pairs
    return [(split, lang) for split, lang in pairs if split != "train" or lang == "en"]


@pytest.mark.parametrize("name", [name for name in TASKS if name not in PLAIN])
def test_the_readers_of_a_task_read_its_files_in_all_its_languages(written, name):
    for split, lang in splits(name):
        found = rows(written, name, split, lang)
        if tasks.load(name).kind != "retrieval":
            assert len(found) == ROWS[split]


@pytest.mark.parametrize("name", PLAIN)
def test_plain_and_parallel_text_have_a_dev_set_in_every_language(written, name):
    assert {path.stem for path in (written / name).iterdir()} == set(PLAIN[name].split())
    for lang in PLAIN[name].split():
        # Of 200 passages, the hundredth and the last.
        assert [len(rows(written, name, split, lang)) for split in ("train", "dev")] == [198, 2]


@pytest.mark.parametrize("name", ["xnli", "pawsx", "xquad", "mlqa", "udpos", "panx"])
def test_a_test_set_is_parallel(written, name):
    english, *others = [rows(written, name, "test", lang) for lang in LANGUAGES[name].split()]
    for other in others:
        for one, same in zip(english, other, strict=True):
            if "label" in one:
                assert one["label"] == same["label"]
            assert one["id"] == same["id"]


@pytest.mark.parametrize(
    "name", ["mnli", "snli", "anli", "xnli", "qqp", "pawsx", "hellaswag", "cosmosqa", "commonsenseqa"]
)
def test_labels_are_balanced(written, name):
    counts = Counter(row["label"] for row in rows(written, name, "dev"))
    assert set(counts) == set(tasks.load(name).labels)
    assert max(counts.values()) - min(counts.values()) <= 3


def test_the_same_settings_write_the_same_bytes(written, tmp_path):
    small = Miniature(train=12, dev=6, test=6, pairs=4)
    write(tmp_path / "one", small)
    write(tmp_path / "two", small)
    write(tmp_path / "other", Miniature(seed=2, train=12, dev=6, test=6, pairs=4))

    def content(name):
        folder = tmp_path / name
        return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    assert content("one") == content("two")
    assert content("one").keys() == content("other").keys()
    assert not any(content("other")[path] == whole for path, whole in content("one").items())


@pytest.mark.parametrize("name", ["mnli", "qqp", "squad_v1", "squad_v2", "ccg", "udpos", "panx", "cosmosqa"])
def test_no_example_of_dev_is_in_train(written, name):
    texts = [{json.dumps({**row, "id": ""}) for row in rows(written, name, split)} for split in ("train", "dev")]
    assert texts[0] & texts[1] == set()


def test_a_paragraph_has_several_candidates_for_every_answer(written):
    for row in rows(written, "squad_v1", "train"):
        assert 3 <= row["context"].count(".") <= 5
        assert row["answers"][0]["text"] not in row["question"]


def test_every_third_question_of_squad_2_has_no_answer_but_a_plausible_one(written):
    articles = json.loads((written / "squad_v2" / "train-v2.0.json").read_text())["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    impossible = [(p["context"], q) for p in paragraphs for q in p["qas"] if q["is_impossible"]]
    assert 0.2 < len(impossible) / 120 < 0.45
    for context, question in impossible:
        (plausible,) = question["plausible_answers"]
        assert context[plausible["answer_start"] :].startswith(plausible["text"])


def test_ids_are_as_in_the_releases(written):
    assert {len(row["id"]) for row in rows(written, "xquad", "test")} == {24}
    assert {len(row["id"]) for row in rows(written, "mlqa", "test")} == {40}
    assert {row["id"].split("-")[0] for row in rows(written, "tydiqa", "train", "ru")} == {"russian"}


def test_bucc_hides_its_pairs_among_ten_times_as_many_sentences(written):
    for lang in ("de", "ru", "zh"):
        found = rows(written, "bucc2018", "test", lang)
        assert Counter(row["side"] for row in found) == {"foreign": 110, "english": 110}
        assert sum(bool(row["gold"]) for row in found) == 10
        assert len({row["text"] for row in found}) == 220
    assert (written / "bucc2018/de-en/de-en.training.de").read_text().startswith("de-000000001\t")


def test_tatoebas_sentences_are_distinct_and_many_nearly_alike(written):
    english = [row["text"] for row in rows(written, "tatoeba", "test", "tr") if row["side"] == "english"]
    assert len(set(english)) == 10
    near = [one for one in english for other in english if len(set(one.split()) ^ set(other.split())) in (1, 2, 3, 4)]
    assert len(near) >= 5


@pytest.mark.parametrize("lang", TREEBANKS)
def test_every_sentence_of_a_treebank_is_a_tree(written, lang):
    path = written / "udpos" / f"UD_{TREEBANKS[lang]}-Miniature" / f"{lang}_miniature-ud-test.conllu"
    for block in path.read_text().strip().split("\n\n"):
        lines = [line.split("\t") for line in block.splitlines() if not line.startswith("#")]
        heads = {int(line[0]): int(line[6]) for line in lines if line[0].isdigit()}
        assert list(heads) == list(range(1, len(heads) + 1))
        assert list(heads.values()).count(0) == 1
        for word in heads:
            path_up = [word]
            while heads[path_up[-1]]:
                path_up.append(heads[path_up[-1]])
                assert len(path_up) <= len(heads)


def test_a_german_contraction_keeps_its_surface_and_its_tag(written):
    found = rows(written, "udpos", "test", "de")
    tags = {tag for row in found for word, tag in zip(row["words"], row["tags"], strict=True) if word.lower() == "am"}
    assert tags == {"ADP"}


def test_supertags_depend_on_what_a_word_does(written):
    tags: dict[str, set[str]] = {}
    for row in rows(written, "ccg", "train"):
        for word, tag in zip(row["words"], row["tags"], strict=True):
            tags.setdefault(word, set()).add(tag)
    assert {r"((S\NP)\(S\NP))/NP", "(S/S)/NP"} <= tags["in"] | tags["In"]
    assert len(set().union(*tags.values())) > 20
    assert sum(len(kinds) > 1 for kinds in tags.values()) > 5
