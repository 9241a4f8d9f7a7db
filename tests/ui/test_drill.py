"""A drill in the window: chosen, told from everything else in the strip, timed, and scored at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QRadioButton
from pytestqt.qtbot import QtBot

from cmk_admin import app as composition
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.ui.drill.choose import ChooseDrill
from cmk_admin.ui.drill.debrief import DebriefPage
from cmk_admin.ui.main_window import MainWindow
from tests.ui.conftest import Windows


@pytest.fixture
def window(windows: Windows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> Iterator[MainWindow]:
    monkeypatch.setenv("CMK_ADMIN_HOME", str(tmp_path / "home"))
    made = windows.doors(composition.connect)
    yield made
    made.close_connection()
    qtbot.waitUntil(lambda: made.connecting.idle, timeout=20_000)


def test_a_drill_is_chosen_on_the_doors_timed_in_the_strip_and_scored(window: MainWindow, qtbot: QtBot) -> None:
    window.doors.drill.click()
    dialog = window.findChild(ChooseDrill)
    assert dialog is not None
    choices = {one.property("drill"): one for one in dialog.findChildren(QRadioButton)}
    assert list(choices) == ["lock", "storm", "inherited", "shared", "blind", "expiry"]
    choices["expiry"].setChecked(True)
    start = dialog.findChild(QPushButton, "drill-start")
    assert start is not None
    start.click()
    qtbot.waitUntil(lambda: window.estate is not None and window.estate.coverage.finished, timeout=20_000)
    strip = window.strip
    assert strip.pill.text() == "DRILL"
    assert strip.pill.hatched
    assert strip.pill.accessibleName() == "A drill: expiry"
    assert strip.drill_end.isVisible()
    qtbot.waitUntil(lambda: strip.drill_clock.text() > "00:00", timeout=5_000)
    window.resize(760, 600)
    assert strip.coverage.width() >= strip.coverage.sizeHint().width()
    window.resize(1280, 800)
    # The door to a real Azure is shut meanwhile
    why = window.verbs.why_not("connect")
    assert why is not None
    assert "drill" in why
    assert not window.verbs.action("connect").isEnabled()
    # What is open last is not this
    assert window.remembered.last is None

    backend = window.backend
    assert backend is not None
    assert window.estate is not None
    key = next(one.id for one in window.estate.keys if one.id.name == "issuer-key")

    async def disable() -> None:
        await backend.run(await backend.prepare_revoke(RevokeDraft(key=key, method="disable")), watch=False)

    early = debrief_that_hides_the_way_out(window, qtbot)
    done: list[object] = []
    window.bridge.start(window, disable(), done.append, done.append)
    qtbot.waitUntil(lambda: bool(done), timeout=20_000)
    assert done == [None]
    strip.drill_end.click()
    qtbot.waitUntil(
        lambda: isinstance(window.pages.currentWidget(), DebriefPage) and window.pages.currentWidget() is not early,
        timeout=10_000,
    )
    page = window.pages.currentWidget()
    assert page is not None
    texts = {one.objectName(): one.text() for one in page.findChildren(QLabel) if one.objectName()}
    assert texts["debrief-outcome"] == "Passed: issuer-mysql lost the key, and nobody else did."
    assert [texts[f"verdict-{n}"] for n in range(3)] == ["Right"] * 3
    assert "issuer-key" in texts["debrief-operation-0"]
    assert "expiry is no revocation" in texts["debrief-better"]
    assert page.findChild(QPushButton, "debrief-show-better") is None

    again = page.findChild(QPushButton, "debrief-again")
    assert again is not None
    again.click()
    qtbot.waitUntil(lambda: window.backend is not None and window.backend is not backend, timeout=20_000)
    assert window.strip.pill.text() == "DRILL"


def debrief_that_hides_the_way_out(window: MainWindow, qtbot: QtBot) -> DebriefPage:
    """While nothing is done, it is told only to whoever asks for it."""
    window.strip.drill_end.click()
    qtbot.waitUntil(lambda: isinstance(window.pages.currentWidget(), DebriefPage), timeout=10_000)
    page = window.pages.currentWidget()
    assert isinstance(page, DebriefPage)
    better = page.findChild(QLabel, "debrief-better")
    show = page.findChild(QPushButton, "debrief-show-better")
    assert better is not None
    assert show is not None
    assert not better.isVisible()
    show.click()
    assert better.isVisible()
    return page


def test_an_ordinary_sandbox_shows_no_drill(windows: Windows) -> None:
    from tests.domain import estates

    window = windows.on(estates.dcc())
    assert window.strip.pill.text() == "SANDBOX"
    assert not window.strip.pill.hatched
    assert not window.strip.drill_end.isVisible()
    assert window.verbs.why_not("end-drill") == "No drill is being held."
