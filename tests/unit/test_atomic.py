"""Files, folders and links appear completely or not at all, and no temporary files remain."""

import os
from pathlib import Path

import pytest

from xstilts.fingerprints.atomic import clear, replacing


def test_a_file_takes_the_place_of_an_earlier_one_when_the_block_ends(tmp_path: Path):
    place = tmp_path / "deep" / "x.txt"
    for text in ("old", "new"):
        with replacing(place) as scratch:
            scratch.write_text(text)
            assert not place.exists() or place.read_text() == "old"
        assert place.read_text() == text
    assert list(place.parent.iterdir()) == [place]


def test_a_block_that_fails_leaves_the_earlier_file_and_nothing_beside_it(tmp_path: Path):
    place = tmp_path / "x.txt"
    place.write_text("old")

    def fail() -> None:
        with replacing(place) as scratch:
            scratch.write_text("half")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        fail()
    assert place.read_text() == "old"
    assert list(tmp_path.iterdir()) == [place]


def test_a_folder_appears_with_all_that_it_holds_and_without_leftovers_of_a_killed_process(tmp_path: Path):
    place = tmp_path / "model"
    left = tmp_path / f".model.{os.getpid()}"
    left.mkdir()
    (left / "half").touch()
    with replacing(place) as scratch:
        scratch.mkdir()
        (scratch / "whole").touch()
    assert [file.name for file in place.iterdir()] == ["whole"]
    assert list(tmp_path.iterdir()) == [place]


def test_a_folder_does_not_replace_another_one(tmp_path: Path):
    (tmp_path / "model" / "mine").mkdir(parents=True)
    with pytest.raises(OSError), replacing(tmp_path / "model") as scratch:  # noqa: PT011
        scratch.mkdir()
    assert [file.name for file in tmp_path.rglob("*")] == ["model", "mine"]


def test_a_link_takes_the_place_of_an_earlier_one_and_leads_elsewhere(tmp_path: Path):
    place = tmp_path / "latest"
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        with replacing(place) as scratch:
            scratch.symlink_to(name)
        assert place.readlink() == Path(name)


def test_clearing_removes_a_link_and_not_what_it_leads_to(tmp_path: Path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to("kept")
    clear(tmp_path / "link")
    clear(tmp_path / "nothing")
    assert [file.name for file in tmp_path.iterdir()] == ["kept"]
