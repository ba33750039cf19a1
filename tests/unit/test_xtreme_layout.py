"""The folder written by XTREME's download script is read without changes, with gold labels from the releases."""

import csv
import io
from pathlib import Path

import pytest
from released import question, squad, write

from xstilts import tasks
from xstilts.config import parse
from xstilts.sources import fetch, reading
from xstilts.sources.columns import GOLD_COLUMN

STRIPPED = {("answer_start", 0), ("text", "")}


def pairs(*rows: tuple[str, ...]) -> str:
    """Rows as XTREME writes them: Python's csv with TAB, quoted where a field holds a quote, CRLF."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter="\t").writerows(rows)
    return buffer.getvalue()


def without_answers(*identifiers: str) -> str:
    """A test file of questions after XTREME's preprocessing."""
    empty = [{"id": name, "question": "What?", "answers": [dict(STRIPPED)]} for name in identifiers]
    return squad(*empty)


DEV, TEST = "tydiqa-goldp-v1.1-dev", "tydiqa/tydiqa-goldp-v1.1-dev/tydiqa.goldp"
DOWNLOAD = {
    "xnli/train-en.tsv": pairs(("The shop was shut .", "Nobody could buy bread .", "entailment")),
    "xnli/dev-en.tsv": pairs(("Rain fell.", "It was dry.", "contradiction")),
    "xnli/dev-de.tsv": pairs(('Er sagte "nein".', "Er war dagegen.", "entailment")),
    "xnli/test-de.tsv": pairs(('Er sagte "ja".', "Er war dafür.")),
    "pawsx/train-en.tsv": pairs(("From Aden to Bern .", "From Bern to Aden .", "0")),
    "pawsx/dev-de.tsv": pairs(("Von Aden nach Bern .", "", "1")),
    "pawsx/test-de.tsv": pairs(("Von Aden nach Bern .", "Von Bern nach Aden .")),
    "udpos/train-en.tsv": "She\tPRON\nsleeps\tVERB\n\nWhy\tADV\n",
    "udpos/dev-de.tsv": "Sie\tPRON\nschläft\tVERB\n",
    "udpos/test-de.tsv": "Er\nschläft\n",
    "panx/train-en.tsv": "Lake\tB-LOC\nOrm\tI-LOC\nis\tO\n",
    "panx/dev-de.tsv": "Ada\tB-PER\nlacht\tO\n",
    "panx/test-de.tsv": "Ada\nlacht\n",
    "squad/train-v1.1.json": squad(question()),
    "squad/dev-v1.1.json": squad(question("q2")),
    "xquad/xquad.de.json": without_answers("q1"),
    "mlqa/MLQA_V1/dev/dev-context-de-question-de.json": squad(question()),
    "mlqa/MLQA_V1/test/test-context-de-question-de.json": without_answers("q1"),
    "tydiqa/tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json": squad(question("2"), question("2")),
    f"{TEST}.fi.dev.json": without_answers("finnish-12-0"),
    "bucc2018/de-en.dev.de": "de-000000017\tDas Wetter bleibt mild.\n",
    "bucc2018/de-en.dev.en": "en-000000230\tThe weather stays mild.\n",
    "bucc2018/de-en.dev.gold": "de-000000017\ten-000000230\n",
    "bucc2018/de-en.test.de": "de-000000018\tEs regnet.\n",
    "bucc2018/de-en.test.en": "en-000000231\tIt rains.\n",
    "tatoeba/de-en.de": "Komm mit!\nBleib hier.\n",
    "tatoeba/de-en.en": "Come along!\nStay here.\n",
}

ORIGINALS = {
    "xnli/XNLI-1.0/xnli.test.tsv": "language\tgold_label\tsentence1\tsentence2\nde\tneutral\tEr ging.\tEr kam.\n",
    "pawsx/x-final/de/test_2k.tsv": "id\tsentence1\tsentence2\tlabel\n1\tVon A nach B .\tVon B nach A .\t0\n",
    "udpos/UD_German-Toy/de_toy-ud-test.conllu": "1\tEr\t_\tPRON\t_\t_\t0\troot\t_\t_\n\n",
    "panx/de/test": "de:Ada\tB-PER\nde:lacht\tO\n\n",
    f"tydiqa/{DEV}/tydiqa-goldp-dev-finnish.json": squad(question("finnish-12-0")),
    "bucc2018/de-en/de-en.training.de": "de-000000018\tEs regnet.\n",
    "bucc2018/de-en/de-en.training.en": "en-000000231\tIt rains.\n",
    "bucc2018/de-en/de-en.training.gold": "de-000000018\ten-000000231\n",
    "tatoeba/tatoeba.deu-eng.deu": "Komm mit!\nBleib hier.\n",
    "tatoeba/tatoeba.deu-eng.eng": "Stay here.\nCome along!\n",
}

LABELLED = [
    ("mnli", "train", "en"),
    ("mnli", "dev", "en"),
    ("xnli", "dev", "de"),
    ("pawsx", "train", "en"),
    ("pawsx", "dev", "de"),
    ("udpos", "train", "en"),
    ("udpos", "dev", "de"),
    ("panx", "train", "en"),
    ("panx", "dev", "de"),
    ("squad_v1", "train", "en"),
    ("squad_v1", "dev", "en"),
    ("mlqa", "dev", "de"),
    ("tydiqa", "train", "en"),
    ("bucc2018", "dev", "de"),
]
UNLABELLED = [
    (name, "test", "de") for name in ("xnli", "pawsx", "udpos", "panx", "xquad", "mlqa", "bucc2018", "tatoeba")
]
UNLABELLED.append(("tydiqa", "test", "fi"))
RELEASED = [case for case in UNLABELLED if case[0] not in ("xquad", "mlqa")]
"""XTREME rewrites the files of XQuAD and MLQA under their own names: only one of the two can lie in a folder."""


def rows(root: Path, name: str, split: str, lang: str, **settings: object) -> list[dict]:
    config = parse({"data": str(root / "download"), "tasks": {name: settings} if settings else {}})
    task = tasks.load(name)
    return reading.read(fetch.sources(task, split, lang, config), task, lang).to_pylist()


@pytest.fixture
def download(tmp_path: Path) -> Path:
    """A folder that holds XTREME's `download`."""
    write(tmp_path / "download", DOWNLOAD)
    return tmp_path


@pytest.mark.parametrize(("name", "split", "lang"), LABELLED)
def test_what_has_labels_there_is_read_with_them(download: Path, name: str, split: str, lang: str):
    gold = GOLD_COLUMN[tasks.load(name).kind]
    assert any(row[gold] for row in rows(download, name, split, lang))


@pytest.mark.parametrize(("name", "split", "lang"), UNLABELLED)
def test_a_test_file_that_lost_its_labels_is_read_without(download: Path, name: str, split: str, lang: str):
    gold = GOLD_COLUMN[tasks.load(name).kind]
    assert all(row[gold] is None for row in rows(download, name, split, lang))


@pytest.mark.parametrize(("name", "split", "lang"), RELEASED)
@pytest.mark.parametrize("order", [["download", "originals"], ["originals", "download"]], ids="-".join)
def test_the_labels_of_the_release_are_taken_where_it_lies_beside(
    download: Path, name: str, split: str, lang: str, order: list[str]
):
    write(download / "originals", ORIGINALS)
    gold, folders = GOLD_COLUMN[tasks.load(name).kind], [str(download / folder / name) for folder in order]
    assert any(row[gold] for row in rows(download, name, split, lang, folders=folders))


def test_quotes_are_read_as_they_were_meant(download: Path):
    assert rows(download, "xnli", "dev", "de")[0]["text_a"] == 'Er sagte "nein".'
    assert rows(download, "xnli", "test", "de")[0]["text_a"] == 'Er sagte "ja".'


def test_questions_that_lost_their_own_ids_get_new_ones(download: Path):
    assert [row["id"] for row in rows(download, "tydiqa", "train", "en")] == ["0", "1"]
