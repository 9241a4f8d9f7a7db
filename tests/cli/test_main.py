"""The first lines of the program: what it says before any room is loaded."""

import json
import sys

import pytest

from cmk_admin import __main__ as start


@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_while_the_program_is_loaded_ends_it_in_one_sentence(
    as_json: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Pressed:
        """Stands where the import system looks first, as a person's Ctrl+C comes at any moment."""

        def find_spec(self, *_: object) -> None:
            raise KeyboardInterrupt

    for name in [one for one in sys.modules if one in {"cmk_admin.app", "cmk_admin.cli.main"}]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(sys.modules["cmk_admin"], "app", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Pressed(), *sys.meta_path])
    assert start.main(["operations", *(["--format", "json"] if as_json else [])]) == 3
    told = capsys.readouterr()
    if as_json:
        assert json.loads(told.out)["error"]["code"] == "interrupted"
    else:
        assert told.err == "cmk-admin: Interrupted; nothing was changed.\n"
