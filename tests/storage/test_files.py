"""Files appear whole or not at all, and nothing else is touched."""

import os

import pytest

from keras_selectivity.storage.files import remove_unfinished, replacing


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_at_the_end(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("before")
    with replacing(path) as file:
        file.write(b"after")
        assert file.name.endswith("note.txt")
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    assert names(tmp_path) == ["note.txt"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_after_an_error_all_is_as_it_was(tmp_path, error):
    path = tmp_path / "note.txt"
    path.write_text("before")
    with pytest.raises(error), replacing(path) as file:
        file.write(b"half")
        raise error
    assert path.read_text() == "before"
    assert names(tmp_path) == ["note.txt"]


def test_content_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    done = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (done.append("sync"), sync(fd)))
    monkeypatch.setattr(os, "replace", lambda *a: (done.append("name"), replace(*a)))
    with replacing(tmp_path / "note.txt") as file:
        file.write(b"all")
    assert done == ["sync", "name"]


def test_others_may_read_it_as_the_umask_says(tmp_path):
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "note.txt"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "note.txt").stat().st_mode & 0o777 == 0o640


def test_no_link_is_followed(tmp_path, monkeypatch):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    path = tmp_path / "note.txt"
    # As a path of its own, a link is replaced.
    path.symlink_to(victim)
    with replacing(path) as file:
        file.write(b"all")
    assert not path.is_symlink()
    # At the temporary name, if somebody could guess it, it stops the writing.
    monkeypatch.setattr("secrets.token_hex", lambda size: "0" * 16)
    link = tmp_path / f".unfinished-{'0' * 16}-note.txt"
    link.symlink_to(victim)
    with pytest.raises(FileExistsError), replacing(path):
        pass
    assert link.is_symlink()
    assert victim.read_text() == "precious"


def test_what_killed_processes_left_is_removed_and_nothing_else(tmp_path, monkeypatch):
    left = [f".unfinished-{digit * 16}-a.npz" for digit in "0f"]
    kept = [f".unfinished-{'0' * 16}-b.npz", "a.npz", ".unfinished-a.npz"]
    for name in [*left, *kept]:
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    remove_unfinished("", "a.npz")
    assert names(tmp_path) == sorted(kept)
    remove_unfinished(tmp_path)
    assert names(tmp_path) == sorted(kept[1:])
    remove_unfinished(tmp_path / "none")
