"""Official archives are downloaded once, checked, unpacked completely, and searched like the folders of a user."""

import hashlib
import io
import tarfile
import threading
import time
import zipfile

import pytest
from hub_server import cut, damaged, serving, short, status
from released import SENTENCE

from xstilts import tasks
from xstilts.checks import check
from xstilts.config import parse
from xstilts.errors import DataError, UserError
from xstilts.fingerprints.spec import FileHashes
from xstilts.sources import download, fetch, files, reading
from xstilts.sources.archives import ARCHIVES

GREEK, ANCIENT = SENTENCE, SENTENCE.replace("Dogs", "Logos")
TREEBANKS = {
    "ud-treebanks-v2.5/UD_Greek-GDT/el_gdt-ud-dev.conllu": GREEK,
    "ud-treebanks-v2.5/UD_Greek-GDT/el_gdt-ud-test.conllu": GREEK,
    "ud-treebanks-v2.5/UD_Ancient_Greek-Perseus/grc_perseus-ud-dev.conllu": ANCIENT,
    "ud-treebanks-v2.5/UD_English-EWT/en_ewt-ud-dev.conllu": SENTENCE,
    "ud-treebanks-v2.5/UD_English-GUM/en_gum-ud-dev.conllu": SENTENCE,
}
BUCC = {
    "bucc2018/de-en/de-en.sample.de": "de-1\tJa.\n",
    "bucc2018/de-en/de-en.sample.en": "en-1\tYes.\n",
    "bucc2018/de-en/de-en.sample.gold": "de-1\ten-1\n",
}


def tar(contents: dict[str, str], compression="gz") -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode=f"w:{compression}") as archive:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content.encode())
            archive.addfile(entry, io.BytesIO(content.encode()))
    return sink.getvalue()


def zipped(contents: dict[str, str]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return sink.getvalue()


@pytest.fixture
def server(monkeypatch):
    """A server for archives; waiting takes no time."""
    with serving() as server:
        monkeypatch.setattr(time, "sleep", lambda seconds: None)
        yield server


@pytest.fixture
def config(server, tmp_path):
    """The configuration for an archive that the server has, under the name of an official one."""

    def make(name: str, content: bytes, **source: str):
        server.files["/archive"] = content
        own = {"url": f"{server.url}/archive", "sha256": hashlib.sha256(content).hexdigest()} | source
        return parse({"source": "hub", "store": str(tmp_path / "store"), "sources": {name: own}})

    return make


def read(name: str, split: str, lang: str, config) -> list[dict]:
    task = tasks.load(name)
    return reading.read(fetch.sources(task, split, lang, config), task, lang).to_pylist()


def udpos(config, lang="en") -> list[dict]:
    return read("udpos", "dev", lang, config)


def refused(config) -> str:
    with pytest.raises(UserError) as caught:
        udpos(config)
    message = str(caught.value)
    assert message.startswith(f"ud-treebanks-v2.5 from {config.sources['ud-treebanks-v2.5'].url}: ")
    assert "Set sources.ud-treebanks-v2.5.url to a mirror, or unpack the archive yourself" in message
    assert {path.suffix for path in (config.store / "downloads").iterdir()} == {".lock"}
    return message


def test_treebanks_are_read_from_their_archive(config):
    own = config("ud-treebanks-v2.5", tar(TREEBANKS))
    assert [row["words"] for row in udpos(own)] == [["Dogs", "bark"]] * 2


def test_greek_is_not_ancient_greek(config):
    own = config("ud-treebanks-v2.5", tar(TREEBANKS))
    assert [row["words"] for row in udpos(own, "el")] == [["Dogs", "bark"]]


@pytest.mark.parametrize("content", [tar(BUCC, "bz2"), tar(BUCC, "xz"), zipped(BUCC)])
def test_sentences_are_read_from_the_archive_of_their_language(config, content):
    rows = read("bucc2018", "dev", "de", config("bucc2018-de-en.sample", content))
    assert [(row["id"], row["gold"]) for row in rows] == [("de-1", None), ("en-1", ["de-1"])]


def test_an_archive_is_fetched_once(config, server):
    own = config("ud-treebanks-v2.5", tar(TREEBANKS))
    for lang in ("en", "el", "en"):
        udpos(own, lang)
    assert server.requests == ["GET /archive"]


def test_jobs_that_need_the_same_archive_wait_for_the_first(config, server):
    own, rows = config("ud-treebanks-v2.5", tar(TREEBANKS)), []
    threads = [threading.Thread(target=lambda: rows.append(udpos(own))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(found) for found in rows] == [2] * 4
    assert server.requests == ["GET /archive"]


def test_what_a_killed_job_left_behind_is_replaced(config):
    own = config("ud-treebanks-v2.5", tar(TREEBANKS))
    left = own.store / "downloads" / f".ud-treebanks-v2.5~{own.sources['ud-treebanks-v2.5'].sha256[:12]}"
    (left / "files" / "ud-treebanks-v2.5").mkdir(parents=True)
    (left / "archive").write_bytes(b"half")
    assert len(udpos(own)) == 2
    assert not left.exists()


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(config, server, capsys, code):
    own = config("ud-treebanks-v2.5", tar(TREEBANKS))
    server.faults = [("/archive", status(code))] * 2
    assert len(udpos(own)) == 2
    log = capsys.readouterr().out
    assert f"ud-treebanks-v2.5: the server answered {code} " in log
    assert [f"retrying in {seconds} s" in log for seconds in (2, 4, 8)] == [True, True, False]


@pytest.mark.parametrize("resumes", [True, False])
def test_a_download_that_is_cut_off_goes_on(config, server, resumes):
    own = config("ud-treebanks-v2.5", content := tar(TREEBANKS))
    server.faults, server.resumes = [("/archive", cut)], resumes
    assert len(udpos(own)) == 2
    assert server.ranges == [f"bytes={len(content) // 2}-"] * resumes


def test_a_download_that_is_always_cut_off_is_given_up(config, server):
    own = config("ud-treebanks-v2.5", tar(TREEBANKS))
    server.faults, server.resumes = [("/archive", cut)] * 99, False
    assert "RemoteProtocolError: peer closed connection" in (message := refused(own))
    assert "in 6 attempts" in message
    server.faults = []
    assert len(udpos(own)) == 2


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_what_will_not_pass_is_said_at_once(config, server, code):
    own = config("ud-treebanks-v2.5", tar(TREEBANKS))
    server.faults = [("/archive", status(code))] * 99
    assert f"the server answered {code} " in refused(own)
    assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/archive", "ftp://nowhere/archive", "http://[", "archive"])
def test_an_address_that_leads_nowhere_is_named(config, server, url):
    assert f"from {url}: " in refused(config("ud-treebanks-v2.5", b"", url=url))


@pytest.mark.parametrize("fault", [short, damaged])
def test_another_content_is_refused_and_said_how_to_accept_it(config, server, fault):
    own = config("ud-treebanks-v2.5", tar(TREEBANKS))
    server.faults = [("/archive", fault)]
    message = refused(own)
    assert f", expected {own.sources['ud-treebanks-v2.5'].sha256}" in message
    assert "if the new file is intended, set sources.ud-treebanks-v2.5.sha256" in message


@pytest.mark.parametrize("content", [b"", b"no archive", tar(TREEBANKS)[:-400], zipped(TREEBANKS)[:-400]])
def test_what_is_no_archive_is_refused(config, content):
    assert "it cannot be unpacked" in refused(config("ud-treebanks-v2.5", content))


def test_an_archive_of_something_else_is_refused(config):
    assert "it has no folder 'ud-treebanks-v2.5'" in refused(config("ud-treebanks-v2.5", tar(BUCC)))


def test_an_archive_that_reaches_out_of_its_folder_is_refused(config, tmp_path):
    own = config("ud-treebanks-v2.5", tar({"../../../outside": "x", **TREEBANKS}))
    assert "it cannot be unpacked: '../../../outside' would be extracted to" in refused(own)
    assert not list(tmp_path.rglob("outside"))


def test_nothing_of_a_zip_lands_outside_of_its_folder(config, tmp_path):
    own = config("ud-treebanks-v2.5", zipped({"../../../outside": "x", **TREEBANKS}))
    assert len(udpos(own)) == 2
    assert not list(tmp_path.rglob("outside"))


def test_files_that_an_archive_lacks_are_named(config):
    own = config("ud-treebanks-v2.5", tar(TREEBANKS))
    with pytest.raises(DataError) as caught:
        udpos(own, "fi")
    assert "no files of udpos dev in 'fi'" in str(caught.value)
    assert "UD_*/fi_*-ud-dev.conllu" in str(caught.value)
    assert "Check that sources.ud-treebanks-v2.5 names the archive" in str(caught.value)


@pytest.mark.parametrize("inner", ["", "ud-treebanks-v2.5"])
def test_an_archive_that_is_unpacked_already_is_read_where_it_is(server, tmp_path, inner):
    with tarfile.open(fileobj=io.BytesIO(tar(TREEBANKS))) as archive:
        archive.extractall(tmp_path, filter="data")
    own = parse({"source": "hub", "sources": {"ud-treebanks-v2.5": {"folder": str(tmp_path / inner)}}})
    assert len(udpos(own)) == 2


def identity(config, split="dev", lang="el", name="udpos"):
    return files.identity(tasks.load(name), split, lang, config, FileHashes(config.store / "memory"))


def test_an_archive_stands_in_a_spec_by_its_hash_and_nothing_is_fetched_for_it(config, server):
    official = parse({"source": "hub"})
    sha256 = ARCHIVES["ud-treebanks-v2.5"].sha256
    assert identity(official) == {"archive": "ud-treebanks-v2.5", "sha256": sha256}
    mirror = config("ud-treebanks-v2.5", b"", sha256=sha256)
    assert identity(mirror) == identity(official)
    assert identity(config("ud-treebanks-v2.5", b"", sha256="0" * 64)) != identity(official)
    assert identity(official, name="bucc2018", lang="zh")["archive"] == "bucc2018-zh-en.sample"
    assert server.requests == []


def test_a_folder_stands_in_a_spec_by_its_content(tmp_path):
    own = parse({"source": "hub", "store": str(tmp_path), "sources": {"ud-treebanks-v2.5": {"folder": str(tmp_path)}}})
    assert "missing" in identity(own)
    (tmp_path / "UD_Greek-GDT").mkdir()
    (tmp_path / "UD_Greek-GDT" / "el_gdt-ud-dev.conllu").write_text(GREEK)
    assert identity(own)["sha256"] == [hashlib.sha256(GREEK.encode()).hexdigest()]


@pytest.mark.parametrize("name", tasks.names())
def test_the_archives_that_tasks_name_exist(name):
    task = tasks.load(name)
    assert {files.in_archive(task, split, lang) for split in task.archives for lang in task.languages} <= set(ARCHIVES)
    for copy in task.hub:
        assert len(copy.repository.revision) == 40
        assert copy.split in task.splits


def test_an_unknown_archive_is_a_mistake_in_the_configuration():
    grid = {"encoders": {"tiny": {"path": "nowhere"}}, "grid": {"encoders": ["tiny"], "targets": ["xquad"]}}
    with pytest.raises(UserError, match=r"unknown archive.*Did you mean 'ud-treebanks-v2.5'"):
        check(parse({**grid, "sources": {"ud-treebanks-v2.6": {"url": "https://nowhere"}}}))


@pytest.mark.parametrize("source", [{"folder": "here", "url": "there"}, {"sha256": "abc"}, {"path": "here"}])
def test_a_source_is_an_address_or_a_folder(source):
    with pytest.raises(UserError, match=r"sources\.ud-treebanks-v2\.5"):
        parse({"sources": {"ud-treebanks-v2.5": source}})


def test_waiting_between_attempts_has_a_limit():
    assert download.WAIT * 2 ** (download.ATTEMPTS - 1) < 120
