"""Where restore files go is said in full: the same folder wherever the program is started."""

from pathlib import Path

import pytest

from cmk_admin.domain.errors import BadInput
from cmk_admin.runtime.settings import RESTORE_VARIABLE, restore_folder


@pytest.mark.parametrize("named", ["share", "share/restores", "./share", "../share"])
@pytest.mark.parametrize("by_variable", [False, True])
def test_a_folder_that_is_not_named_in_full_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, by_variable: bool
) -> None:
    monkeypatch.delenv(RESTORE_VARIABLE, raising=False)
    if by_variable:
        monkeypatch.setenv(RESTORE_VARIABLE, named)
    else:
        (tmp_path / "settings.json").write_text(f'{{"restore_folder": "{named}"}}')
    with pytest.raises(BadInput, match="in full") as refused:
        restore_folder(tmp_path)
    assert (refused.value.code, refused.value.subject) == ("bad-settings", named)
    assert (RESTORE_VARIABLE if by_variable else "settings.json") in refused.value.message


def test_a_folder_in_full_or_from_home_on_counts_and_the_variable_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(RESTORE_VARIABLE, raising=False)
    assert restore_folder(tmp_path) is None
    (tmp_path / "settings.json").write_text('{"restore_folder": "~/restores"}')
    assert restore_folder(tmp_path) == Path.home() / "restores"
    monkeypatch.setenv(RESTORE_VARIABLE, str(tmp_path / "share"))
    assert restore_folder(tmp_path) == tmp_path / "share"
