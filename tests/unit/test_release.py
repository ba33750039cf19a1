"""Files are found in each layout, and read completely or in part."""

from pathlib import Path

import pytest
from released import read, write
from test_task_table import TASKS

from xstilts import tasks
from xstilts.errors import DataError, UserError
from xstilts.languages import LANGUAGES
from xstilts.sources import reading, release
from xstilts.sources.columns import GOLD_COLUMN, SCHEMAS

PAIRS = "".join(f"Satz {n}.\tSatz {n + 1}.\tneutral\r\n" for n in range(5))


def test_the_first_folder_with_all_files_of_a_layout_is_read(tmp_path):
    task = tasks.load("xnli")
    first = write(tmp_path / "first", {"dev-fr.tsv": PAIRS})
    second = write(tmp_path / "second", {"dev-de.tsv": PAIRS, "dev-fr.tsv": PAIRS})
    folders = [tmp_path / "nowhere", first, second]
    assert release.locate(task, "dev", "fr", folders).paths == (first / "dev-fr.tsv",)
    assert release.locate(task, "dev", "de", folders).paths == (second / "dev-de.tsv",)


def test_the_order_of_folders_goes_before_that_of_layouts(tmp_path):
    first = write(tmp_path / "first", {"dev-fr.tsv": PAIRS})
    second = write(tmp_path / "second", {"XNLI-1.0/xnli.dev.tsv": "", "dev-fr.tsv": PAIRS})
    assert release.locate(tasks.load("xnli"), "dev", "fr", [first, second]).paths == (first / "dev-fr.tsv",)
    assert release.locate(tasks.load("xnli"), "dev", "fr", [second, first]).paths == (second / "XNLI-1.0/xnli.dev.tsv",)


def test_files_with_labels_go_before_files_without(tmp_path):
    files = {f"de-en.{part}.{side}": "" for part in ("test", "training") for side in ("de", "en")}
    folder = write(tmp_path, {**files, "de-en.training.gold": ""})
    found = release.locate(tasks.load("bucc2018"), "test", "de", [folder])
    assert [path.name for path in found.paths] == [f"de-en.training.{side}" for side in ("de", "en", "gold")]


def test_a_layout_with_a_missing_file_is_not_found(tmp_path):
    write(tmp_path, {"tatoeba.deu-eng.deu": "Ja.\n"})
    assert release.locate(tasks.load("tatoeba"), "test", "de", [tmp_path]) is None


def test_what_is_missing_is_named_with_every_place_that_was_looked_at(tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    error = release.missing(tasks.load("tatoeba"), "test", "de", folders)
    assert isinstance(error, DataError)
    for folder in folders:
        assert f"{folder}/tatoeba.deu-eng.deu with {folder}/tatoeba.deu-eng.eng" in str(error)
        assert f"{folder}/de-en.de with {folder}/de-en.en" in str(error)
    assert "tasks.tatoeba.folders" in str(error)


@pytest.mark.parametrize(("name", "split", "lang"), [("udpos", "dev", "th"), ("squad_v2", "train", "de")])
def test_a_language_that_a_split_never_had_is_said_to_be_none(tmp_path, name, split, lang):
    assert "this split lacks the language" in str(release.missing(tasks.load(name), split, lang, [tmp_path]))


def test_an_unknown_language_is_refused(tmp_path):
    with pytest.raises(UserError, match="unknown language 'eng'"):
        release.locate(tasks.load("xnli"), "dev", "eng", [tmp_path])


def test_a_limit_keeps_the_first_examples(tmp_path):
    whole = read(tmp_path, "xnli", {"dev-de.tsv": PAIRS}, "dev")
    assert read(tmp_path, "xnli", {}, "dev", limit=2) == whole[:2]
    assert read(tmp_path, "xnli", {}, "dev", limit=9) == whole


def test_a_limit_counts_over_all_treebanks(tmp_path):
    sentence = "1\t{}\t_\tINTJ\t_\t_\t0\troot\t_\t_\n\n"
    files = {f"UD_German-{x}/de_{x}-ud-dev.conllu": "".join(sentence.format(f"{x}{n}") for n in "12") for x in "ab"}
    assert [row["words"] for row in read(tmp_path, "udpos", files, "dev", limit=3)] == [["a1"], ["a2"], ["b1"]]


def test_a_limited_tatoeba_is_the_tatoeba_of_the_first_lines(tmp_path):
    german, english = ("Drei", "Eins", "Zwei", "Vier"), ("three", "one", "two", "four")
    names = "tatoeba.deu-eng.deu", "tatoeba.deu-eng.eng"

    def rows(lines, limit=None):
        files = {name: "\n".join(side[:lines]) for name, side in zip(names, (german, english), strict=True)}
        return read(tmp_path, "tatoeba", files, limit=limit)

    assert rows(4, limit=2) == rows(2)
    assert [row["gold"] for row in rows(2)[2:]] == [["1"], ["0"]]


def test_a_limited_bucc_keeps_translations_and_fills_up_in_file_order(tmp_path):
    files = {
        "de-en.dev.de": "".join(f"de-{n}\tSatz {n}.\n" for n in range(6)),
        "de-en.dev.en": "".join(f"en-{n}\tSentence {n}.\n" for n in range(6)),
        "de-en.dev.gold": "de-1\ten-4\nde-5\ten-0\nde-5\ten-4\n",
    }
    rows = read(tmp_path, "bucc2018", files, "dev", limit=3)
    assert [row["id"] for row in rows] == ["de-0", "de-1", "de-2", "en-0", "en-1", "en-4"]
    assert [row["gold"] for row in rows[3:]] == [[], [], ["de-1"]]


@pytest.mark.parametrize("name", tasks.names())
def test_tasks_name_known_languages_and_kinds(name):
    task = tasks.load(name)
    assert set(task.languages) <= set(LANGUAGES)
    assert task.kind in SCHEMAS
    assert task.stage is None or "train" in tasks.load(task.stage).splits


def test_the_benchmark_has_40_languages_and_162_files():
    names = ("xnli", "pawsx", "udpos", "panx", "xquad", "mlqa", "tydiqa", "bucc2018", "tatoeba")
    evaluated = [tasks.load(name) for name in names]
    assert sum(len(task.languages) for task in evaluated) == 162
    assert len({lang for task in evaluated for lang in task.languages}) == 40


FOLDERS = {
    "mnli": ["mnli/derived"],
    "squad_v1": ["squad/derived"],
    "pawsx": ["pawsx/derived/x-final", "pawsx"],
    "udpos": ["ud", "udpos"],
    "panx": ["panx/derived/panx_dataset"],
    "snli": ["snli/derived"],
    "anli": ["anli/derived"],
    "qqp": ["qqp/glue"],
    "squad_v2": ["squad/derived"],
    "ccg": ["ccg/sick_depccg_silver"],
    "hellaswag": ["hellaswag/derived"],
    "cosmosqa": ["cosmosqa/derived"],
    "commonsenseqa": ["commonsenseqa/derived"],
    "siqa": ["siqa/derived"],
    "ocnli": ["nli_other_languages/ocnli"],
    "indonli": ["nli_other_languages/indonli"],
    "tydiqa_mt": ["tydiqa"],
    "mlm": ["mlm_text"],
}
UNLABELLED = {("xnli", "test"), ("pawsx", "test"), ("tydiqa", "dev"), ("tydiqa", "test")}
ABSENT = {
    *(("bucc2018", "test"), ("mlqa", "test"), ("ocnli", "test"), ("indonli", "test")),
    *((name, split) for name in ("farstail", "kornli", "americasnli") for split in ("train", "dev", "test")),
    *(("tydiqa_mt", "train"), ("tydiqa_mt", "dev"), ("tlm", "train"), ("tlm", "dev")),
}


def folders_of(samples: Path, name: str) -> list[Path]:
    return [samples / folder for folder in FOLDERS.get(name, [name])]


@pytest.mark.parametrize("name", [name for name in TASKS if not tasks.load(name).pools])
def test_every_sample_of_the_real_data_is_read(samples, name):
    task = tasks.load(name)
    languages = ["de-en"] if task.parallel else task.languages or LANGUAGES
    for split in task.splits:
        places = {lang: release.locate(task, split, lang, folders_of(samples, name)) for lang in languages}
        found = {lang: place for lang, place in places.items() if place}
        assert bool(found) == ((name, split) not in ABSENT)
        for lang, place in found.items():
            table = reading.read([place], task, lang, limit=300)
            assert table.schema == SCHEMAS[task.kind]
            assert (table[GOLD_COLUMN[task.kind]].null_count == table.num_rows) == ((name, split) in UNLABELLED)


@pytest.mark.parametrize(
    ("lang", "rows"),
    [
        ("af", [308, 441, 713, 233, 757]),
        ("de", [367, 258, 374, 529, 528]),
        ("zh", [687, 981, 504, 127, 508]),
        ("th", [536, 38, 545, 256, 489]),
    ],
)
def test_tatoebas_first_gold_rows_are_the_published_ones(samples, lang, rows):
    task = tasks.load("tatoeba")
    table = reading.read([release.locate(task, "test", lang, folders_of(samples, "tatoeba"))], task, lang)
    english = [row for row in table.to_pylist() if row["side"] == "english"]
    assert [row["gold"] for row in english[:5]] == [[str(row)] for row in rows]
