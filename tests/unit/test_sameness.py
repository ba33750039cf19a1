"""Records of sameness: which fingerprint replaces which, and what is not a valid record."""

import json
from itertools import pairwise
from pathlib import Path
from time import process_time

import pytest

from xstilts.errors import UserError
from xstilts.fingerprints import sameness
from xstilts.fingerprints.sameness import SHIPPED, Record, Sameness, add, named, read

JOB = "job.train_stage"
UNTIL_THEN = "Until then nothing is planned or renamed."


def record(new: str, old: str, of: str = JOB, why: str = "a renamed variable") -> Record:
    return Record(of, new, old, why, "make same")


def content(*records: Record, known: dict | None = None) -> dict:
    """A file of records; it knows what they name if nothing else is said."""
    named: dict[str, list[str]] = {}
    for one in records:
        named.setdefault(one.of, []).extend((one.old, one.new))
    return {"known": named if known is None else known, "records": [vars(one) for one in records]}


def written(folder: Path, *records: Record, name: str = "sameness.json", known: dict | None = None) -> Path:
    file = folder / name
    file.write_text(json.dumps(content(*records, known=known)))
    return file


# What stands for what


def test_what_no_record_tells_of_stands_for_itself(tmp_path: Path):
    assert Sameness(()).oldest(JOB, "c") == "c"
    assert Sameness([tmp_path / "there is none.json"]).oldest(JOB, "c") == "c"
    assert Sameness([written(tmp_path, record("b", "a"))]).oldest(JOB, "c") == "c"


def test_records_are_followed_to_the_oldest(tmp_path: Path):
    """In whatever order they stand."""
    known = Sameness([written(tmp_path, record("c", "b"), record("d", "c"), record("b", "a"))])
    assert [known.oldest(JOB, one) for one in "abcd"] == ["a"] * 4


def test_a_long_chain_takes_no_time(tmp_path: Path):
    """Every job opens the records."""
    names = [f"{number:012x}" for number in range(1_500)]
    file = written(tmp_path, *(record(new, old) for old, new in pairwise(names)))
    begun = process_time()
    assert Sameness([file]).oldest(JOB, names[-1]) == names[0]
    assert process_time() - begun < 2


def test_a_record_is_of_one_thing_alone(tmp_path: Path):
    known = Sameness([written(tmp_path, record("b", "a"), record("b", "1", "task.mnli"))])
    assert [known.oldest(of, "b") for of in (JOB, "task.mnli", "job.predict")] == ["a", "1", "b"]


def test_a_chain_may_go_on_in_another_file(tmp_path: Path):
    shipped = written(tmp_path, record("b", "a"))
    own = written(tmp_path, record("c", "b"), name="own.json")
    assert Sameness([shipped, own]).oldest(JOB, "c") == Sameness([own, shipped]).oldest(JOB, "c") == "a"


def test_two_files_may_say_the_same(tmp_path: Path):
    files = [written(tmp_path, record("b", "a")), written(tmp_path, record("b", "a", why="else"), name="own.json")]
    assert Sameness(files).oldest(JOB, "b") == "a"


def test_two_new_fingerprints_may_stand_for_one_old_one(tmp_path: Path):
    known = Sameness([written(tmp_path, record("b", "a"), record("c", "a"))])
    assert (known.oldest(JOB, "b"), known.oldest(JOB, "c")) == ("a", "a")


def test_each_module_is_followed_by_its_own_name(tmp_path: Path):
    known = Sameness([written(tmp_path, record("b", "a", "module.scoring"), record("b", "1", "module.kinds.span"))])
    modules = {"scoring": "b", "kinds.span": "b", "kinds": "b"}
    assert known.oldest_modules(modules) == {"scoring": "a", "kinds.span": "1", "kinds": "b"}
    assert modules == {"scoring": "b", "kinds.span": "b", "kinds": "b"}


def test_records_that_are_only_tried_go_on_from_those_in_files(tmp_path: Path):
    file = written(tmp_path, record("c", "b"))
    assert Sameness([file], [record("b", "a")]).oldest(JOB, "c") == "a"
    assert Sameness([file]).oldest(JOB, "c") == "b"


def test_a_spec_names_roles_with_their_fingerprints_and_libraries_with_their_versions():
    spec = {"step": "score", "code": {"job.score": "a", "metric.pos": "b"}, "libraries": {"seqeval": "1.2"}}
    assert named(spec) == {"job.score": "a", "metric.pos": "b", "library.seqeval": "1.2"}
    assert named({"step": "read_task", "code": {"job.read_task": "a"}}) == {"job.read_task": "a"}


def test_the_records_of_this_project_are_records():
    known, records = read(SHIPPED)
    Sameness([SHIPPED])
    assert all(one.new in known[one.of] and one.old in known[one.of] for one in records)
    # Whether another version of a library did the same is for each user to say.
    assert not [one for one in records if one.of.startswith("library.")]


# Records that contradict each other


def test_one_fingerprint_cannot_stand_for_two(tmp_path: Path):
    file = written(tmp_path, record("c", "a"), record("c", "b"))
    with pytest.raises(UserError) as error:
        Sameness([file])
    both = f"{JOB} c with two older equivalents, b by {file} and a by {file}"
    assert str(error.value) == f"{file}: found {both}; expected one. Remove one. {UNTIL_THEN}"


def test_one_fingerprint_cannot_stand_for_two_in_two_files(tmp_path: Path):
    shipped, own = written(tmp_path, record("c", "a")), written(tmp_path, record("c", "b"), name="own.json")
    with pytest.raises(UserError) as error:
        Sameness([shipped, own])
    assert f"b by {own} and a by {shipped}" in str(error.value)


@pytest.mark.parametrize(
    ("pairs", "circle"),
    [("aa", "a → a"), ("ab ba", "a → b → a"), ("ab bc ca", "a → b → c → a")],
    ids=["one", "two", "three"],
)
def test_records_cannot_form_a_circle(tmp_path: Path, pairs: str, circle: str):
    file = written(tmp_path, *(record(new, old) for new, old in pairs.split()))
    with pytest.raises(UserError) as error:
        Sameness([file])
    found = f"found a cycle of {JOB}: {circle}; expected records that lead to an oldest one"
    assert str(error.value) == f"{file}: {found}. Remove one. {UNTIL_THEN}"


def test_records_of_two_files_cannot_form_a_circle(tmp_path: Path):
    files = [written(tmp_path, record("a", "b")), written(tmp_path, record("b", "a"), name="own.json")]
    with pytest.raises(UserError, match=rf"{files[0]} and {files[1]}: found a cycle of job\.train_stage: a → b → a"):
        Sameness(files)


def test_a_chain_that_leads_into_a_circle_is_refused_too(tmp_path: Path):
    with pytest.raises(UserError, match=r"a cycle of job\.train_stage"):
        Sameness([written(tmp_path, record("c", "a"), record("a", "b"), record("b", "a"))])


def test_one_fingerprint_of_two_things_is_no_circle(tmp_path: Path):
    known = Sameness([written(tmp_path, record("a", "b"), record("b", "a", "job.predict"))])
    assert (known.oldest(JOB, "a"), known.oldest("job.predict", "b")) == ("b", "a")


@pytest.mark.parametrize(
    ("known", "unknown", "listed"),
    [({JOB: ["b"]}, "a", "b"), ({JOB: ["a"]}, "b", "a"), ({}, "b", "none"), ({"job.predict": ["a", "b"]}, "b", "none")],
    ids=str,
)
def test_a_record_names_what_there_has_been(tmp_path: Path, known: dict, unknown: str, listed: str):
    file = written(tmp_path, record("b", "a"), known=known)
    with pytest.raises(UserError) as error:
        Sameness([file])
    for part in (
        f"{file}: found a record of {JOB} with the fingerprint {unknown}",
        f"known fingerprints ({listed})",
        "Remove the record",
    ):
        assert part in str(error.value)


# Files that are none


FIELDS = vars(record("b", "a"))


@pytest.mark.parametrize(
    "value",
    [
        None,
        0,
        "text",
        [],
        {},
        {"records": []},
        {"known": {}},
        {"known": {}, "records": [], "more": 1},
        {"known": None, "records": []},
        {"known": [], "records": []},
        {"known": {JOB: "ab"}, "records": []},
        {"known": {JOB: [1]}, "records": []},
        {"known": {}, "records": None},
        {"known": {}, "records": {}},
        {"known": {}, "records": ["b"]},
        {"known": {}, "records": [{}]},
        {"known": {}, "records": [{**FIELDS, "more": "x"}]},
        {"known": {}, "records": [{**FIELDS, "old": None}]},
        {"known": {}, "records": [{**FIELDS, "new": 12}]},
        *({"known": {}, "records": [{k: v for k, v in FIELDS.items() if k != name}]} for name in FIELDS),
    ],
    ids=str,
)
def test_a_file_of_something_else_is_refused_with_its_form(tmp_path: Path, value: object):
    file = tmp_path / "sameness.json"
    file.write_text(json.dumps(value))
    with pytest.raises(UserError) as error:
        read(file)
    for part in (f"{file}: found", '"known": {"job.train_stage"', "Restore it from its last version", UNTIL_THEN):
        assert part in str(error.value)


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b'{"known": {}, "records": [', b"\xff\xfe", b"[" * 100_000],
    ids=["empty", "a", "b", "c", "deep"],
)
def test_a_file_that_is_cut_off_or_no_text_is_refused(tmp_path: Path, text: bytes):
    file = tmp_path / "sameness.json"
    file.write_bytes(text)
    with pytest.raises(UserError, match=r"found a file that cannot be read.*Restore it from its last version") as error:
        read(file)
    assert str(error.value).startswith(f"{file}: ")
    assert str(error.value).endswith(f'"shown"}}, ...]}}. Restore it from its last version. {UNTIL_THEN}')


def test_a_folder_in_its_place_is_refused(tmp_path: Path):
    (tmp_path / "sameness.json").mkdir()
    with pytest.raises(UserError, match=r"Is a directory.*Make it readable again"):
        Sameness([tmp_path / "sameness.json"])


def test_a_link_that_leads_nowhere_is_not_taken_for_no_records(tmp_path: Path):
    """As to a disk that is not mounted: without its records results would lose their names."""
    (tmp_path / "sameness.json").symlink_to(tmp_path / "not mounted" / "sameness.json")
    with pytest.raises(
        UserError, match=f"{tmp_path}/sameness.json: found a file that cannot be read .*No such file.*disk"
    ):
        Sameness([tmp_path / "sameness.json"])


def test_the_records_of_this_project_have_to_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sameness, "SHIPPED", tmp_path / "sameness.json")
    with pytest.raises(UserError, match="No such file"):
        Sameness([tmp_path / "sameness.json"])


def test_a_record_that_is_none_is_shown_and_not_a_page_of_it(tmp_path: Path):
    file = tmp_path / "sameness.json"
    bad = {"of": "job.score", "why": "long " * 1000}
    file.write_text(json.dumps({"known": {}, "records": [FIELDS, bad]}))
    with pytest.raises(UserError, match=r"'of': 'job\.score'") as error:
        read(file)
    assert len(str(error.value)) < 800


def test_no_file_has_no_records(tmp_path: Path):
    assert read(tmp_path / "sameness.json") == ({}, [])


# Adding records


def test_a_record_that_is_added_stands_with_what_it_names(tmp_path: Path):
    file = tmp_path / "sameness.json"
    add(file, [record("b", "a")])
    assert json.loads(file.read_bytes()) == {"known": {JOB: ["a", "b"]}, "records": [FIELDS]}
    assert Sameness([file]).oldest(JOB, "b") == "a"


def test_what_is_there_stays(tmp_path: Path):
    first = record("b", "a")
    file = written(tmp_path, first, known={JOB: ["0", "a", "b"], "task.mnli": ["7"]})
    second, third = record("c", "b"), record("2", "1", "kind.span")
    add(file, [second, third])
    known, records = read(file)
    assert records == [first, second, third]
    assert known == {JOB: ["0", "a", "b", "c"], "task.mnli": ["7"], "kind.span": ["1", "2"]}


def test_to_add_a_record_twice_is_to_add_it_once(tmp_path: Path):
    file = tmp_path / "sameness.json"
    add(file, [record("b", "a"), record("b", "a")])
    before = file.read_bytes()
    add(file, [record("b", "a")])
    assert file.read_bytes() == before
    assert len(read(file)[1]) == 1


def test_words_are_written_as_they_are(tmp_path: Path):
    file = tmp_path / "sameness.json"
    add(file, [record("b", "a", why='größer, "größer"\nund 漢字')])
    assert "größer" in file.read_text(encoding="utf-8")
    assert read(file)[1][0].why == 'größer, "größer"\nund 漢字'


def test_to_a_file_that_is_none_nothing_is_added(tmp_path: Path):
    file = tmp_path / "sameness.json"
    file.write_text('{"known": {}')
    with pytest.raises(UserError):
        add(file, [record("b", "a")])
    assert file.read_text() == '{"known": {}'


def test_a_file_is_written_whole_or_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = written(tmp_path, record("b", "a"))
    before = file.read_bytes()

    def full(self: Path, text: str, **_) -> None:
        self.write_bytes(text.encode()[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sameness.Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        add(file, [record("c", "b")])
    assert file.read_bytes() == before
    assert Sameness([file]).oldest(JOB, "c") == "c"
