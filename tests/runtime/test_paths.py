"""Folders and files that only their owner can read."""

import os
import stat
from pathlib import Path

import pytest

from cmk_admin.domain.errors import BadInput
from cmk_admin.runtime import paths


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "deep" / "home"
    monkeypatch.setenv("CMK_ADMIN_HOME", str(place))
    return place


def test_the_home_is_made_for_its_owner_only(place: Path) -> None:
    assert paths.home() == place
    assert mode(place) == 0o700


def test_a_home_that_others_could_read_is_closed(place: Path) -> None:
    place.mkdir(parents=True, mode=0o755)
    place.chmod(0o755)
    paths.home()
    assert mode(place) == 0o700


def test_a_home_that_is_a_file_is_bad_input(place: Path) -> None:
    place.parent.mkdir(parents=True)
    place.write_text("")
    with pytest.raises(BadInput) as caught:
        paths.home()
    assert caught.value.code == "bad-home"
    assert str(place) in caught.value.message


def test_a_private_file_is_replaced_whole_and_stays_private(tmp_path: Path) -> None:
    target = tmp_path / "file"
    old = os.umask(0)
    try:
        paths.write_private(target, b"first")
        paths.write_private(target, b"second")
    finally:
        os.umask(old)
    assert target.read_bytes() == b"second"
    assert mode(target) == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_a_failed_write_leaves_the_old_file_and_no_scrap(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    (target / "inside").write_text("kept")
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the platform
        paths.write_private(target, b"new")
    assert (target / "inside").read_text() == "kept"
    assert list(tmp_path.iterdir()) == [target]
