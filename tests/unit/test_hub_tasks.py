"""Each task on the hub is read from tables with the columns of its repository, with the rows of its release."""

import gzip
import json
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, List, Value
from hub_server import serving, table
from huggingface_hub import constants
from test_task_table import TASKS

from xstilts import tasks
from xstilts.checks import check
from xstilts.config import parse
from xstilts.errors import DataError, UserError
from xstilts.fingerprints.sameness import Sameness
from xstilts.fingerprints.sourcecode import SourceCode
from xstilts.fingerprints.spec import FileHashes
from xstilts.sources import fetch, files, reading
from xstilts.sources.formats import squad
from xstilts.sources.formats.hub import pairs, questions

STRING, INT = Value("string"), Value("int32")
NLI = {"premise": STRING, "hypothesis": STRING, "label": ClassLabel(names=["entailment", "neutral", "contradiction"])}
ANSWERS = {"text": List(STRING), "answer_start": List(INT)}
QUESTIONS = {"id": STRING, "title": STRING, "context": STRING, "question": STRING, "answers": ANSWERS}
TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]


def nli(*labels: int, **more) -> list[dict]:
    return [{"premise": f"P{n}.", "hypothesis": f"H{n}.", "label": label, **more} for n, label in enumerate(labels)]


def pair(number: int, label: str | None, identifier: str | None = None) -> dict:
    return {"id": identifier or str(number), "text_a": f"P{number}.", "text_b": f"H{number}.", "label": label}


def question(identifier="q1", context="Ada built a mill.", texts=("a mill",), starts=(10,)) -> dict:
    answers = {"text": list(texts), "answer_start": list(starts)}
    return {"id": identifier, "title": "T", "context": context, "question": "What?", "answers": answers}


def answered(identifier="q1", context="Ada built a mill.", *answers: tuple[int, str]) -> dict:
    listed = [{"start": start, "text": text} for start, text in answers or [(10, "a mill")]]
    return {"id": identifier, "question": "What?", "context": context, "answers": listed}


def choice(prompt: str, choices: list[str], label: str, identifier: str = "0") -> dict:
    return {"id": identifier, "prompt": prompt, "choices": choices, "label": label}


def lines(*values: dict) -> bytes:
    return gzip.compress("".join(json.dumps(value) + "\n" for value in values).encode())


PAIRS = table(nli(0, 1, 2), **NLI)
LABELS = ("entailment", "neutral", "contradiction")
QQP = {"question1": STRING, "question2": STRING, "label": ClassLabel(names=["not_duplicate", "duplicate"]), "idx": INT}
PAWSX = {"id": INT, "sentence1": STRING, "sentence2": STRING, "label": ClassLabel(names=["0", "1"])}
PANX = {"tokens": List(STRING), "ner_tags": List(ClassLabel(names=TAGS)), "langs": List(STRING)}
COSMOS = {"id": STRING, "context": STRING, "question": STRING, **{f"answer{n}": STRING for n in range(4)}, "label": INT}
CSQA = {
    "id": STRING,
    "question": STRING,
    "question_concept": STRING,
    "choices": {"label": List(STRING), "text": List(STRING)},
    "answerKey": STRING,
}
SIQA = dict.fromkeys(("context", "question", "answerA", "answerB", "answerC", "label"), STRING)
SWAG = {
    **dict.fromkeys(("activity_label", "ctx_a", "ctx_b", "ctx", "source_id", "split", "split_type", "label"), STRING),
    "ind": INT,
    "endings": List(STRING),
}
COPA = {
    **dict.fromkeys(("premise", "choice1", "choice2", "question"), STRING),
    "idx": INT,
    "label": ClassLabel(names=["choice1", "choice2"]),
}
XQUAD = {name: feature for name, feature in QUESTIONS.items() if name != "title"}

CASES = {
    "mlm": (
        ("mlm", "train", "sw"),
        {
            "20231101.sw/train-00000-of-00002.parquet": table([{"text": "Mji.\n\nKisiwa."}], text=STRING),
            "20231101.sw/train-00001-of-00002.parquet": b"not read",
        },
        [{"id": "0", "text_a": "Mji.", "text_b": None}, {"id": "1", "text_a": "Kisiwa.", "text_b": None}],
    ),
    "mlm, every hundredth passage": (
        ("mlm", "dev", "sw"),
        {
            "20231101.sw/train-00000-of-00001.parquet": table(
                [{"text": "\n\n".join(f"Mji {n}." for n in range(150))}], text=STRING
            )
        },
        [{"id": "0", "text_a": "Mji 99.", "text_b": None}],
    ),
    "MultiNLI, English": (
        ("mnli", "train", "en"),
        {"mnli/train-00000-of-00001.parquet": PAIRS},
        [pair(n, label) for n, label in enumerate(LABELS)],
    ),
    "MultiNLI, the matched dev set": (
        ("mnli", "dev", "en"),
        {
            "mnli/validation_matched-00000-of-00001.parquet": PAIRS,
            "mnli/validation_mismatched-00000-of-00001.parquet": table(nli(2), **NLI),
        },
        [pair(n, label) for n, label in enumerate(LABELS)],
    ),
    "MultiNLI, translated": (
        ("mnli", "train", "sw"),
        {"sw/train-00000-of-00001.parquet": PAIRS, "en/train-00000-of-00001.parquet": table(nli(2), **NLI)},
        [pair(n, label) for n, label in enumerate(LABELS)],
    ),
    "XNLI, shard by shard": (
        ("xnli", "test", "fr"),
        {f"fr/test-{n:05}-of-00002.parquet": table(nli(n), **NLI) for n in (1, 0)},
        [pair(0, "entailment"), pair(0, "neutral", "1")],
    ),
    "SNLI, without pairs that have no label": (
        ("snli", "dev", "en"),
        {"plain_text/validation-00000-of-00001.parquet": table(nli(-1, 2, -1, 0), **NLI)},
        [pair(1, "contradiction", "0"), pair(3, "entailment", "1")],
    ),
    "ANLI, a pair of each round": (
        ("anli", "train", "en"),
        {
            f"plain_text/{split}_r{n}-00000-of-00001.parquet": table(
                [{"uid": f"{split}{n}{m}", **row} for m, row in enumerate(nli(n % 3, 0))], uid=STRING, **NLI
            )
            for n in (1, 2, 3)
            for split in ("train", "dev", "test")
        },
        [pair(0, LABELS[n % 3], f"train{n}0") for n in (1, 2, 3)]
        + [pair(1, "entailment", f"train{n}1") for n in (1, 2, 3)],
    ),
    "QQP": (
        ("qqp", "train", "en"),
        {
            "qqp/train-00000-of-00001.parquet": table(
                [{"question1": f"P{n}.", "question2": f"H{n}.", "label": n, "idx": n} for n in (0, 1)], **QQP
            )
        },
        [pair(0, "0"), pair(1, "1")],
    ),
    "PAWS-X, with sentences that lack a translation": (
        ("pawsx", "dev", "ko"),
        {
            "ko/validation-00000-of-00001.parquet": table(
                [
                    {"id": 7, "sentence1": "P0.", "sentence2": "H0.", "label": 1},
                    {"id": 8, "sentence1": "NS", "sentence2": "", "label": 0},
                ],
                **PAWSX,
            )
        },
        [pair(0, "1"), {"id": "1", "text_a": "NS", "text_b": "", "label": "0"}],
    ),
    "PAWS-X, training data, without the sentences that lack a translation": (
        ("pawsx", "train", "ko"),
        {
            "ko/train-00000-of-00001.parquet": table(
                [
                    {"id": n, "sentence1": "NS" if n == 4 else f"P{n}.", "sentence2": f"H{n}.", "label": n % 2}
                    for n in range(10)
                ],
                **PAWSX,
            )
        },
        [pair(n, str(n % 2)) for n in range(10) if n != 4],
    ),
    "PAN-X, with blanks around a word, which go as those of the archives do": (
        ("panx", "test", "yo"),
        {
            "PAN-X.yo/test-00000-of-00001.parquet": table(
                [{"tokens": ["Ada", "\u00a0of ", "Kano"], "ner_tags": [1, 0, 5], "langs": ["yo"] * 3}], **PANX
            )
        },
        [{"id": "0", "words": ["Ada", "of", "Kano"], "tags": ["B-PER", "O", "B-LOC"]}],
    ),
    "SQuAD 1.1": (
        ("squad_v1", "train", "en"),
        {"plain_text/train-00000-of-00001.parquet": table([question()], **QUESTIONS)},
        [answered()],
    ),
    "SQuAD 2.0, with a question that has no answer": (
        ("squad_v2", "dev", "en"),
        {
            "squad_v2/validation-00000-of-00001.parquet": table(
                [question(), question("q2", texts=(), starts=())], **QUESTIONS
            )
        },
        [answered(), {**answered("q2"), "answers": []}],
    ),
    "XQuAD, with an answer off its place": (
        ("xquad", "test", "th"),
        {
            "xquad.th/validation-00000-of-00001.parquet": table(
                [question(texts=("a mill", "Ada"), starts=(12, 2)), question("q2")], **XQUAD
            )
        },
        [answered("q1", "Ada built a mill.", (10, "a mill"), (0, "Ada")), answered("q2")],
    ),
    "MLQA": (
        ("mlqa", "dev", "vi"),
        {
            "MLQA.vi.vi/validation-00000-of-00001.parquet": table([question()], **QUESTIONS),
            "MLQA.vi.en/validation-00000-of-00001.parquet": table([question("q9")], **QUESTIONS),
        },
        [answered()],
    ),
    "TyDiQA, the questions of a language": (
        ("tydiqa", "test", "fi"),
        {
            "secondary_task/validation-00000-of-00001.parquet": table(
                [question("finnish-1-0", starts=(11,)), question("english--2-0"), question("finnish--3-1")], **QUESTIONS
            )
        },
        [answered("finnish-1-0"), answered("finnish--3-1")],
    ),
    "HellaSwag": (
        ("hellaswag", "dev", "en"),
        {
            "data/validation-00000-of-00001.parquet": table(
                [
                    {
                        **{name: "" for name in SWAG if name not in ("ind", "endings")},
                        "ctx_a": "A man mows.",
                        "ctx_b": "He",
                        "endings": ["stops.", "flies.", "melts.", "sinks."],
                        "label": "2",
                        "ind": 4,
                    }
                ],
                **SWAG,
            )
        },
        [choice("A man mows.", ["He stops.", "He flies.", "He melts.", "He sinks."], "2")],
    ),
    "Cosmos QA": (
        ("cosmosqa", "train", "en"),
        {
            "data/train-00000-of-00001.parquet": table(
                [
                    {
                        "id": "c1",
                        "context": "It rained.",
                        "question": "Why?",
                        "answer0": "a",
                        "answer1": "b",
                        "answer2": "c",
                        "answer3": "d",
                        "label": 3,
                    }
                ],
                **COSMOS,
            )
        },
        [choice("It rained. Why?", ["a", "b", "c", "d"], "3", "c1")],
    ),
    "CommonsenseQA": (
        ("commonsenseqa", "train", "en"),
        {
            "data/train-00000-of-00001.parquet": table(
                [
                    {
                        "id": "k1",
                        "question": "Where?",
                        "question_concept": "mill",
                        "choices": {"label": list("ABCDE"), "text": ["u", "v", "w", "x", "y"]},
                        "answerKey": "B",
                    }
                ],
                **CSQA,
            )
        },
        [choice("Where?", ["u", "v", "w", "x", "y"], "1", "k1")],
    ),
    "Social IQa": (
        ("siqa", "dev", "en"),
        {
            "data/validation-00000-of-00001-0123456789abcdef.parquet": table(
                [
                    {
                        "context": "Ada left.",
                        "question": "Why?",
                        "answerA": "a",
                        "answerB": "b",
                        "answerC": "c",
                        "label": "3",
                    }
                ],
                **SIQA,
            )
        },
        [choice("Ada left. Why?", ["a", "b", "c"], "2")],
    ),
    "COPA": (
        ("copa", "dev", "en"),
        {
            "copa/validation-00000-of-00001.parquet": table(
                [
                    {
                        "premise": "It fell.",
                        "choice1": "Up.",
                        "choice2": "Down.",
                        "question": "effect",
                        "idx": 9,
                        "label": 1,
                    }
                ],
                **COPA,
            )
        },
        [choice("It fell. What happened as a result?", ["Up.", "Down."], "1", "9")],
    ),
    "Tatoeba, the English side sorted": (
        ("tatoeba", "test", "de"),
        {
            "test/deu-eng.jsonl.gz": lines(
                {"sentence1": "Ja.\n", "sentence2": "Yes.\n", "lang": "deu-eng"},
                {"sentence1": "Nein.\n", "sentence2": "No.\n", "lang": "deu-eng"},
                {"sentence1": "Aber.\n", "sentence2": "But.\n", "lang": "deu-eng"},
            )
        },
        [
            {"id": str(n), "side": "foreign", "text": text, "gold": None}
            for n, text in enumerate(("Ja.", "Nein.", "Aber."))
        ]
        + [
            {"id": f"en-{n}", "side": "english", "text": text, "gold": [str(n)]}
            for n, text in ((2, "But."), (1, "No."), (0, "Yes."))
        ],
    ),
}


@pytest.fixture(scope="module")
def server():
    with serving() as server:
        yield server


@pytest.fixture
def read(server, tmp_path, monkeypatch):
    """The rows of a split that the hub has, at the revision that its task pins."""
    template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", server.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(time, "sleep", lambda seconds: None)

    def rows(name: str, split: str, lang: str, served: dict[str, bytes]) -> list[dict]:
        task = tasks.load(name)
        server.datasets = {files.on_hub(task, split, lang).repository: served}
        found = fetch.sources(task, split, lang, parse({"source": "hub"}))
        return reading.read(found, task, lang).to_pylist()

    return rows


@pytest.mark.parametrize(("place", "served", "expected"), CASES.values(), ids=CASES)
def test_a_split_of_the_hub_is_read(read, place, served, expected):
    assert read(*place, served) == expected


def test_every_known_task_of_the_hub_is_among_these():
    assert {place[0] for place, _, _ in CASES.values()} == {name for name in TASKS if tasks.load(name).hub}


def test_labels_are_those_of_the_names_whatever_their_order(read):
    other = {**NLI, "label": ClassLabel(names=["contradiction", "entailment", "neutral"])}
    rows = read("xnli", "dev", "ru", {"ru/validation-00000-of-00001.parquet": table(nli(0, 1, 2), **other)})
    assert [row["label"] for row in rows] == ["contradiction", "entailment", "neutral"]


def test_metadata_of_older_versions_are_understood(read):
    features = {
        "tokens": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"},
        "ner_tags": {"feature": {"names": TAGS, "_type": "ClassLabel"}, "_type": "Sequence"},
    }
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    schema = pa.schema([("tokens", pa.list_(pa.string())), ("ner_tags", pa.list_(pa.int64()))], metadata=metadata)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist([{"tokens": ["Kano"], "ner_tags": [5]}], schema), sink)
    rows = read("panx", "dev", "de", {"PAN-X.de/validation-00000-of-00001.parquet": sink.getvalue().to_pybytes()})
    assert rows == [{"id": "0", "words": ["Kano"], "tags": ["B-LOC"]}]


def test_how_many_answers_were_off_their_place_is_said(read, capsys):
    served = table([question("q1", starts=(11,)), question("q2"), question("q3", starts=(17,))], **XQUAD)
    read("xquad", "test", "de", {"xquad.de/validation-00000-of-00001.parquet": served})
    assert "corrected the answer offsets of 2 questions in 'de'" in capsys.readouterr().out


def test_answers_of_real_stripped_contexts_find_their_places(samples, tmp_path):
    task, path, moved = tasks.load("xquad"), tmp_path / "validation.parquet", 0
    for file in sorted((samples / "xquad").glob("xquad.*.json")):
        original = [row for _, row in squad.read([file], task=task, lang="de")]
        stripped = [
            question(
                row["id"], row["context"].strip(), *zip(*((a["text"], a["start"]) for a in row["answers"]), strict=True)
            )
            for row in original
        ]
        path.write_bytes(table(stripped, **QUESTIONS))
        for (_, row), before in zip(questions.moved_questions([path], task=task, lang="de"), original, strict=True):
            lead = len(before["context"]) - len(before["context"].lstrip())
            assert row["answers"] == [{**answer, "start": answer["start"] - lead} for answer in before["answers"]]
            moved += lead > 0
    assert moved


@pytest.mark.parametrize(
    ("context", "start", "place"),
    [("mill, mill, mill", 8, 6), ("mill, mill", 6, 6), ("mill", 40, 0), ("a mill", 0, 2)],
)
def test_an_answer_is_looked_for_before_its_place_and_then_behind_it(read, context, start, place):
    served = table([question(context=context, texts=("mill",), starts=(start,))], **XQUAD)
    (row,) = read("xquad", "test", "el", {"xquad.el/validation-00000-of-00001.parquet": served})
    assert row["answers"] == [{"start": place, "text": "mill"}]


def unlike(feature: str) -> bytes:
    return table(
        [{name: value for name, value in row.items() if name != feature} for row in nli(0)],
        **{n: f for n, f in NLI.items() if n != feature},
    )


DAMAGED = {
    "a column is missing": (
        "xnli",
        unlike("hypothesis"),
        "the columns premise, label; expected the columns premise, hypothesis",
    ),
    "labels without names": ("xnli", table(nli(1), **{**NLI, "label": INT}), "row 0.label: found 1; expected a string"),
    "a label without a name": (
        "xnli",
        table(nli(0, 3), **{**NLI, "label": ClassLabel(num_classes=3)}),
        "row 0: found the label '0'",
    ),
    "a label that is none of the task's": (
        "xnli",
        table(nli(0), **{**NLI, "label": ClassLabel(names=["yes"])}),
        "row 0: found the label 'yes'",
    ),
    "no text": (
        "xnli",
        table([{"premise": "P.", "hypothesis": None, "label": 0}], **NLI),
        "row 0.hypothesis: found None",
    ),
    "labels in some rows only": (
        "xnli",
        table(nli(0, -1), **NLI),
        "row 1: found no label, but the rows before have one",
    ),
    "no rows": ("xnli", table([], **NLI), "no example in 'de'"),
    "no parquet": ("xnli", b"no parquet", "expected a complete parquet file"),
    "half a file": ("xnli", PAIRS[:-9], "expected a complete parquet file"),
    "an answer that is nowhere": ("xquad", table([question(texts=("a bridge",))], **XQUAD), "its answer 'a bridge'"),
    "no answer": ("xquad", table([question(texts=(), starts=())], **XQUAD), "an empty list for question 'q1'"),
    "fewer starts than texts": ("xquad", table([question(starts=())], **XQUAD), "1 texts and 0 starts"),
}
NAMES = {"xnli": "de/test-00000-of-00001.parquet", "xquad": "xquad.de/validation-00000-of-00001.parquet"}


@pytest.mark.parametrize(("name", "content", "text"), DAMAGED.values(), ids=DAMAGED)
def test_a_table_that_is_not_what_it_should_be_is_refused(read, name, content, text):
    with pytest.raises(DataError) as caught:
        read(name, "test", "de", {NAMES[name]: content})
    assert NAMES[name] in str(caught.value)
    assert text in str(caught.value)


def test_a_label_that_has_no_number_is_refused(read):
    schema = pa.schema(NLI and [("premise", pa.string()), ("hypothesis", pa.string()), ("label", pa.int64())])
    sink = pa.BufferOutputStream()
    named = {
        "huggingface": json.dumps({"info": {"features": {"label": {"names": ["entailment"], "_type": "ClassLabel"}}}})
    }
    pq.write_table(pa.Table.from_pylist(nli(0, 5), schema.with_metadata(named)), sink)
    with pytest.raises(DataError, match=r"row 1\.label: found the label 5; expected -1 or one of 0 to 0"):
        read("xnli", "test", "de", {NAMES["xnli"]: sink.getvalue().to_pybytes()})


@pytest.mark.parametrize(
    "content", [lines({"sentence1": "Ja.", "sentence2": "Yes."})[:-9], b"{}"], ids=["cut off", "not compressed"]
)
def test_a_compressed_file_that_is_damaged_is_refused(read, content):
    with pytest.raises(DataError, match="expected a complete gzip file"):
        read("tatoeba", "test", "de", {"test/deu-eng.jsonl.gz": content})


def test_training_data_without_labels_are_refused(read):
    with pytest.raises(DataError, match="no label"):
        read("mnli", "train", "en", {"mnli/train-00000-of-00001.parquet": table(nli(0, -1), **NLI)})


def identity(name: str, split: str, lang: str, config: dict) -> dict:
    own = parse(config)
    return files.identity(tasks.load(name), split, lang, own, FileHashes(own.store / "memory"))


def test_a_split_of_the_hub_stands_in_a_spec_by_its_revision(server):
    server.requests.clear()
    assert identity("xquad", "test", "de", {"source": "hub"}) == {
        "repository": "google/xquad",
        "revision": "51adfef1c1287aab1d2d91b5bead9bcfb9c68583",
        "files": ["xquad.de/validation-*.parquet"],
    }
    assert server.requests == []


def test_how_files_are_fetched_is_no_part_of_what_stands_for_them():
    reached = SourceCode(Path("no memory.json"), Sameness(())).reached(("jobs.read_task", "tasks.mnli"))
    assert "sources.formats.hub.pairs" in reached
    fetching = ("archives", "download", "fetch", "hub", "repositories")
    assert not reached & {f"sources.{name}" for name in fetching}


def test_a_task_reaches_the_readers_of_its_own_format_alone():
    reached = SourceCode(Path("no memory.json"), Sameness(())).reached(("jobs.read_task", "tasks.mnli"))
    others = ("choices", "questions", "tagged")
    assert not reached & {f"sources.formats.hub.{name}" for name in others}


def test_each_task_has_its_source_and_a_pool_that_of_its_parts(tmp_path):
    config = {"source": "hub", "data": str(tmp_path), "tasks": {"snli": {"source": "release"}}}
    parts = identity("anli_plus", "train", "en", config)
    assert parts["anli"]["repository"] == "facebook/anli"
    assert parts["mnli"]["repository"] == "nyu-mll/glue"
    assert "missing" in parts["snli"]
    assert "missing" in identity("mnli", "train", "en", {"data": str(tmp_path)})
    assert identity("mnli", "train", "en", {"tasks": {"mnli": {"source": "hub"}}}) == parts["mnli"]


BROKEN = {
    "text that is not UTF-8": (pa.table({"premise": pa.array([b"\xff"]).view(pa.string())}), "UTF8"),
    "features that are no JSON": (pa.table({"premise": ["P."]}).replace_schema_metadata({"huggingface": "{"}), ""),
    "features that are no object": (pa.table({"premise": ["P."]}).replace_schema_metadata({"huggingface": "1.5"}), ""),
    "features that are no text": (pa.table({"premise": ["P."]}).replace_schema_metadata({"huggingface": b"\xff"}), ""),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_table_that_the_libraries_cannot_read_is_refused(tmp_path, case):
    broken, place = BROKEN[case]
    columns = {"hypothesis": ["H."], "label": ["neutral"]}
    for name, values in columns.items():
        broken = broken.append_column(name, pa.array(values))
    pq.write_table(broken, tmp_path / "train.parquet")
    with pytest.raises(DataError, match=rf"train\.parquet.*{place}"):
        list(pairs.nli([tmp_path / "train.parquet"], task=tasks.load("mnli"), lang="en"))


def test_a_table_whose_bytes_were_changed_is_refused_wherever_that_is(tmp_path):
    """Every byte of its footer in turn becomes one that no UTF-8 text has."""
    path = tmp_path / "train.parquet"
    whole = table(nli(0, 1), **NLI)
    for place in range(len(whole) - 1, len(whole) // 2, -7):
        path.write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
        try:
            outcome = len(list(pairs.nli([path], task=tasks.load("mnli"), lang="en")))
        except DataError as refusal:
            outcome = str(refusal)
        assert outcome == 2 or "train.parquet" in outcome


def test_choices_with_more_texts_than_letters_are_refused(read):
    question = {"id": "k1", "question": "Where?", "question_concept": "mill", "answerKey": "B"}
    listed = {"choices": {"label": list("ABCDE"), "text": ["u", "v", "w", "x", "y", "z"]}}
    served = {"data/train-00000-of-00001.parquet": table([question | listed], **CSQA)}
    with pytest.raises(DataError, match=r"row 0\.choices: found 5 labels and 6 texts"):
        read("commonsenseqa", "train", "en", served)


def test_what_only_the_user_can_have_is_read_from_the_users_folder(tmp_path):
    (tmp_path / "ccg").mkdir()
    (tmp_path / "ccg" / "dev.tsv").write_text("Dogs bark\tN S\\\\NP\n")
    own = parse({"source": "hub", "data": str(tmp_path)})
    (found,) = fetch.sources(tasks.load("ccg"), "dev", "en", own)
    assert found.paths == (tmp_path / "ccg" / "dev.tsv",)


def test_what_is_nowhere_is_said_to_be_with_what_there_is():
    assert identity("hellaswag", "train", "de", {"source": "hub"}) == {"missing": "hub"}
    with pytest.raises(UserError) as caught:
        fetch.sources(tasks.load("hellaswag"), "train", "de", parse({"source": "hub"}))
    message = str(caught.value)
    assert (
        "hellaswag train in 'de': not available on the hub or in an official archive, which have dev, train" in message
    )
    assert "set tasks.hellaswag.source to 'release'" in message


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("anli_plus", ["'tasks.anli_plus.source'", "the task pools anli, snli, mnli; set 'source' for those tasks"]),
        ("ccg", ["'tasks.ccg.source'", "not on the hub", "allowed: release"]),
    ],
)
def test_a_source_that_cannot_be_is_a_mistake_in_the_configuration(name, texts):
    grid = {
        "encoders": {"tiny": {"path": "nowhere"}},
        "grid": {"encoders": ["tiny"], "targets": ["xquad"]},
    }
    with pytest.raises(UserError) as caught:
        check(parse({**grid, "tasks": {name: {"source": "hub"}}}))
    for text in texts:
        assert text in str(caught.value)
