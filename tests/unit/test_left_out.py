"""Each input row is read or counted as left out, in the log and the manifest."""

import json
from collections import Counter
from pathlib import Path

import pytest
from jobs import Experiment
from released import SENTENCE, question, squad, write
from test_hub_tasks import NLI, nli, table
from test_hub_tasks import PAWSX as PAIRS

from xstilts import tasks
from xstilts.errors import DataError
from xstilts.sources import files, reading, release
from xstilts.sources.formats.hub import pairs

TEXTS = {"sentence1": "A dog barks.", "sentence2": "It is loud."}
HEADER = "language\tgold_label\tsentence1\tsentence2\n"
WITHHELD = SENTENCE.replace("Dogs", "_").replace("bark", "_")
QQP = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
GERMAN = "UD_German-A/de_a-ud-test.conllu"


def lines(*values: dict) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


CASES = {
    "MultiNLI": (
        ("mnli", "train", "en"),
        {"multinli_1.0_train.jsonl": lines(*({"gold_label": label, **TEXTS} for label in ("-", "neutral", "-")))},
        (1, {"without a majority of annotators": 2}),
    ),
    "GLUE's MultiNLI": (
        ("mnli", "train", "en"),
        {"MNLI/train.tsv": "index\tsentence1\tsentence2\tgold_label\n0\ta\tb\t-\n1\tc\td\tneutral\n"},
        (1, {"without a majority of annotators": 1}),
    ),
    "GLUE's SNLI": (
        ("snli", "train", "en"),
        {"SNLI/train.tsv": "sentence1\tsentence2\tlabel1\tgold_label\na\tb\tneutral\t-\na\tb\tneutral\tneutral\n"},
        (1, {"without a majority of annotators": 1}),
    ),
    "XNLI": (
        ("xnli", "test", "de"),
        {"xnli.test.tsv": HEADER + "fr\tneutral\tOui.\tNon.\n" * 3 + "de\tneutral\tJa.\tNein.\n"},
        (1, {"in another language": 3}),
    ),
    "XNLI in JSON": (
        ("xnli", "test", "de"),
        {"xnli.test.jsonl": lines(*({"language": lang, "gold_label": "neutral", **TEXTS} for lang in ("de", "fr")))},
        (1, {"in another language": 1}),
    ),
    "TyDiQA": (
        ("tydiqa", "test", "fi"),
        {"tydiqa-goldp-v1.1-dev.json": squad(question("finnish-1-0"), question("korean-1-0"))},
        (1, {"in another language": 1}),
    ),
    "QQP": (
        ("qqp", "train", "en"),
        {
            "train.tsv": QQP
            + "1\t2\t3\tA?\tB?\t0\n" * 1999
            + '7\t8\t9\tWho is "\n"\tWho is it?\t0\n1\t2\t3\tA?\tB?\t0\n'
        },
        (2000, {"torn by a line feed": 2}),
    ),
    "treebank": (
        ("udpos", "test", "de"),
        {GERMAN: WITHHELD + SENTENCE + WITHHELD},
        (1, {"whose text is withheld": 2}),
    ),
}


PAWSX = "id\tsentence1\tsentence2\tlabel\n"
UNTRANSLATED = ("NS\tNein.\t0", "Ja.\tNS\t1", "\tNein.\t1", "Ja.\t \t0", "NS\tNS\t0")


def paraphrases(rows: int, *others: str) -> str:
    """A file of PAWS-X: the other rows come first."""
    whole = [f"Satz {n} NS.\tSo ist Satz {n}.\t{n % 2}" for n in range(rows)]
    return PAWSX + "".join(f"{n}\t{row}\n" for n, row in enumerate([*others, *whole], 1))


def read(folder: Path, name: str, split: str, lang: str, limit: int | None = None) -> tuple[int, dict]:
    task, left_out = tasks.load(name), Counter()
    found = release.locate(task, split, lang, [folder])
    return reading.read([found], task, lang, limit, left_out).num_rows, dict(left_out)


@pytest.mark.parametrize("case", CASES)
def test_rows_that_a_release_does_not_count_are_counted_as_left_out(tmp_path, case):
    what, files, expected = CASES[case]
    write(tmp_path, files)
    assert read(tmp_path, *what) == expected


@pytest.mark.parametrize("rows, left_out", [([-1, 2, -1, 0], {"without a majority of annotators": 2}), ([0, 1], {})])
def test_so_they_are_in_the_tables_of_the_hub(tmp_path, rows, left_out):
    write(tmp_path, {"train.parquet": table(nli(*rows), **NLI)})
    found = [row for _, row in pairs.snli([tmp_path / "train.parquet"], task=tasks.load("snli"), lang="en")]
    assert Counter(row for row in found if isinstance(row, str)) == left_out
    assert len(found) == len(rows)


def test_sentences_of_a_limited_bitext_are_all_accounted_for(tmp_path):
    files = {
        "de-en.dev.de": "".join(f"de-{n}\tSatz {n}.\n" for n in range(6)),
        "de-en.dev.en": "".join(f"en-{n}\tSentence {n}.\n" for n in range(7)),
        "de-en.dev.gold": "de-1\ten-4\nde-5\ten-0\n",
    }
    write(tmp_path, files)
    for limit in (1, 2, 3, 5, 9):
        rows, left_out = read(tmp_path, "bucc2018", "dev", "de", limit)
        assert rows + left_out.get("beyond the limit", 0) == 13


def test_a_file_that_lacks_the_language_is_not_said_to_be_cut_off(tmp_path):
    write(tmp_path, {"xnli.test.tsv": HEADER + "fr\tneutral\tOui.\tNon.\n" * 3})
    with pytest.raises(DataError, match=r"no example in 'de'.*3 in another language.*Leave out the language") as raised:
        read(tmp_path, "xnli", "test", "de")
    assert "truncated" not in str(raised.value)


def test_the_manifest_and_the_log_say_what_was_left_out(tmp_path, capsys):
    write(tmp_path / "data" / "udpos", {GERMAN: WITHHELD + SENTENCE})
    grid = {"encoders": ["toy"], "intermediates": ["none"], "targets": ["udpos"]}
    settings = {"grid": grid, "languages": ["de"], "encoders": {"toy": {"path": str(tmp_path / "encoder")}}}
    folder = Experiment(tmp_path, settings).run("read_task", "udpos.evaluate")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["test.de"]["rows"], manifest["test.de"]["left_out"]) == (1, {"whose text is withheld": 1})
    assert "test.de: left out 1 whose text is withheld" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["de/translated_train.tsv", "x-final/de/translated_train.tsv", "de/train.tsv"])
def test_pairs_without_a_translation_are_left_out_of_training_and_counted(tmp_path, name):
    write(tmp_path, {name: paraphrases(45, *UNTRANSLATED)})
    assert read(tmp_path, "pawsx", "train", "de") == (45, {"without a translation": 5})


@pytest.mark.parametrize("split, name", [("dev", "de/dev_2k.tsv"), ("test", "de/test_2k.tsv"), ("dev", "dev-de.tsv")])
def test_dev_and_test_keep_pairs_without_a_translation(tmp_path, split, name):
    rows = paraphrases(45, *UNTRANSLATED)
    if name == "dev-de.tsv":
        rows = "".join(row.partition("\t")[2] + "\n" for row in rows.splitlines()[1:])
    write(tmp_path, {name: rows})
    assert read(tmp_path, "pawsx", split, "de") == (50, {})


def test_xtremes_file_and_the_hub_leave_them_out_of_training_too(tmp_path):
    write(tmp_path, {"train-de.tsv": "Ja.\tNS\t1\r\n" + "Ja.\tNein.\t0\r\n" * 9})
    assert read(tmp_path, "pawsx", "train", "de") == (9, {"without a translation": 1})
    rows = [{"id": n, "sentence1": "Ja.", "sentence2": "" if n == 4 else "Nein.", "label": n % 2} for n in range(10)]
    write(tmp_path, {"de/train-00000-of-00001.parquet": table(rows, **PAIRS)})
    task, left_out = tasks.load("pawsx"), Counter()
    found = release.at(tmp_path, files.on_hub(task, "train", "de").layout, task, "train", "de")
    assert reading.read([found], task, "de", left_out=left_out)["id"].to_pylist() == list("012356789")
    assert left_out == {"without a translation": 1}


def test_an_example_has_the_same_id_in_each_language(tmp_path):
    languages = {"de": (UNTRANSLATED[0],), "fr": ("Oui.\tNon.\t0",)}
    write(tmp_path, {f"{lang}/translated_train.tsv": paraphrases(30, *first) for lang, first in languages.items()})
    task = tasks.load("pawsx")
    tables = {
        lang: reading.read([release.locate(task, "train", lang, [tmp_path])], task, lang).to_pylist()
        for lang in languages
    }
    assert [row["id"] for row in tables["de"]] == [str(n) for n in range(1, 31)]
    assert tables["de"] == tables["fr"][1:]


@pytest.mark.parametrize(
    ("whole", "limit", "refused"),
    [
        (45, None, False),
        (44, None, True),
        (1, None, True),
        # A limit ends the reading behind the first rows, which may be worse than the others.
        (60, 20, False),
        (60, 60, False),
        (44, 400, True),
    ],
)
def test_more_than_a_tenth_of_such_rows_is_an_error(tmp_path, whole, limit, refused):
    write(tmp_path, {"de/translated_train.tsv": paraphrases(whole, *UNTRANSLATED)})
    if not refused:
        assert read(tmp_path, "pawsx", "train", "de", limit)[0] == min(whole, limit or whole)
        return
    with pytest.raises(DataError) as raised:
        read(tmp_path, "pawsx", "train", "de", limit)
    for part in ("translated_train.tsv", f"5 of {whole + 5} rows without a translation", "at most 10%", "download"):
        assert part in str(raised.value)


def test_many_such_rows_are_an_error_under_a_limit_too(tmp_path):
    write(tmp_path, {"de/translated_train.tsv": paraphrases(100, *UNTRANSLATED * 3)})
    with pytest.raises(DataError, match="15 of 100 rows without a translation"):
        read(tmp_path, "pawsx", "train", "de", limit=85)
    assert read(tmp_path, "pawsx", "train", "de", limit=84)[0] == 84
