"""What is taken without being told: a changed file, or a changed secret, once it stands still."""

from __future__ import annotations

from pathlib import Path

import pytest

from bngcorr.app.file_watch import FileWatch
from bngcorr.config.loading import files_named


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration that names two files, laid out as kubelet does: behind a link that is exchanged."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "secret").write_text(name)
    (tmp_path / "data").symlink_to("one")
    path = tmp_path / "bngcorr.yaml"
    secret = tmp_path / "data" / "secret"
    path.write_text(f"store: {{url_file: {tmp_path}/absent}}\nbngs: [{{name: b, secret_file: {secret}}}]\n")
    return path


def test_nothing_new_is_nothing_to_take(file: Path) -> None:
    """Also a file that was written again as it was."""
    watch = FileWatch(file)
    before = watch.changed()
    file.write_text(file.read_text())

    assert [False, False, False] == [before, watch.changed(), watch.changed()]


def test_a_change_is_taken_once_it_stands_still(file: Path) -> None:
    """Half of what is being written would be refused as faulty."""
    watch = FileWatch(file)
    file.write_text("bngs: [")
    first = watch.changed()
    file.write_text("bngs: []")

    assert [False, False, True, False] == [first, watch.changed(), watch.changed(), watch.changed()]


def test_a_secret_behind_an_exchanged_link_counts(file: Path) -> None:
    """And one that was not there, too; a configuration that is away for a moment is not taken for an empty one."""
    watch = FileWatch(file)
    (file.parent / "next").symlink_to("two")
    (file.parent / "next").rename(file.parent / "data")
    exchanged = [watch.changed(), watch.changed()]
    (file.parent / "absent").write_text("redis://127.0.0.1/0")
    appeared = [watch.changed(), watch.changed()]
    file.rename(file.parent / "elsewhere")

    assert [[False, True], [False, True]] == [exchanged, appeared]
    assert [False, False] == [watch.changed(), watch.changed()]


def test_a_text_that_is_no_configuration_names_no_files() -> None:
    """It is the reload that says what is wrong with it."""
    assert [[]] * 4 == [files_named(text) for text in (b"\xff\xfe\xff", b"a: [", b"text", b"secret_file: 5")]
