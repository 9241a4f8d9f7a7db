"""For every test: no display, and a home of its own."""

import os

# Before anything loads Qt: without a display the first QApplication would abort the whole run.
os.environ["QT_QPA_PLATFORM"] = "offscreen"

import pytest


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that a test remembers may reach the developer's own folders, or another test."""
    monkeypatch.setenv("CMK_ADMIN_HOME", str(tmp_path_factory.mktemp("home")))
