"""The window as a whole: what is shown, by which way it is reached, and that it is open to everybody."""

import ast
import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMenu, QPushButton, QWidget

from cmk_admin.domain.errors import AzureFailure, BadInput, FailureKind
from cmk_admin.domain.model import Coverage, CoverageProblem
from cmk_admin.domain.tree import Grouping
from cmk_admin.operations.interface import Backend, ConnectionChoice
from cmk_admin.ui.main_window import MainWindow
from cmk_admin.ui.pages import DETAIL
from cmk_admin.ui.selection import Selection
from cmk_admin.ui.theme.theme import Mode
from tests.domain import estates
from tests.ui.conftest import Windows, focusable
from tests.ui.shown import Shown

UI = Path(__file__).parents[2] / "cmk_admin" / "ui"


def select(window: MainWindow, windows: Windows, target: str) -> None:
    window.go(target)
    windows.qtbot.waitUntil(
        lambda: window.details.page is not None and window.details.page.title == window.selected().name
    )


def test_the_doors_come_first_and_the_primary_one_is_the_sandbox(windows: Windows) -> None:
    window = windows.doors()
    assert window.doors.isVisible()
    assert not window.doors.last.isVisible()
    assert window.doors.sandbox.button.property("role") == "primary"


def test_a_door_opens_the_estate_and_remembers_which(windows: Windows) -> None:
    window = windows.doors()
    window.doors.sandbox.button.click()
    windows.qtbot.waitUntil(lambda: window.estate is not None)
    assert window.strip.pill.text() == "SANDBOX"
    assert window.tree.tree.tree_model().rowCount() == 2
    window.close_connection()
    windows.qtbot.waitUntil(lambda: window.doors.isVisible())
    assert window.doors.last.isVisible()
    assert window.backend is None


def test_a_connection_that_cannot_be_opened_is_told_at_the_doors(windows: Windows) -> None:
    async def refuse(_: ConnectionChoice) -> Backend:
        raise BadInput("no-connection", "The file is no connection file.", next="Choose another one.")

    window = windows.doors(refuse)
    window.open(ConnectionChoice(file=Path("/nowhere/connection.json")))
    windows.qtbot.waitUntil(lambda: "no connection file" in window.doors.message.text())
    assert "Choose another one" in window.doors.message.text()
    assert window.doors.sandbox.button.isEnabled()


@pytest.mark.parametrize("route", ["key", "link", "table", "palette", "click"])
def test_every_way_to_a_key_shows_its_page(windows: Windows, route: str) -> None:
    window = windows.on(estates.dcc())
    target = str(estates.MYSQL_KEY.id)
    if route == "link":
        select(window, windows, estates.MYSQL.id)
        window.details.go.emit(target)
    elif route == "table":
        window.pages.setCurrentIndex(1)
        windows.qtbot.waitUntil(lambda: len(window.table.model.rows) == 4)
        row = next(at for at, one in enumerate(window.table.model.rows) if one.cells[1] == "mysql-encryption-key")
        window.table.view.setCurrentIndex(window.table.model.index(row, 0))
        QTest.keyClick(window.table.view, Qt.Key.Key_Return)
    elif route == "palette":
        window.show_palette()
        QTest.keyClicks(window.palette_.field, "mysql-encryption")
        QTest.keyClick(window.palette_.field, Qt.Key.Key_Return)
    else:
        window.tree.tree.setFocus()
        window.tree.tree.setCurrentIndex(window.tree.tree.tree_model().index(0, 0))
        QTest.keyClick(window.tree.tree, Qt.Key.Key_Right)
        if route == "key":
            QTest.keyClick(window.tree.tree, Qt.Key.Key_Down)
            QTest.keyClick(window.tree.tree, Qt.Key.Key_Down)
        else:
            model = window.tree.tree.tree_model()
            spot = window.tree.tree.visualRect(model.index(1, 0, model.index(0, 0))).center()
            QTest.mouseClick(window.tree.tree.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    windows.qtbot.waitUntil(lambda: window.details.header.title.text() == "mysql-encryption-key")
    assert window.selected().key == estates.MYSQL_KEY.id
    assert window.tree.tree.current_node().text == "mysql-encryption-key"  # type: ignore[union-attr]


def test_a_consumer_in_the_tree_is_selected_together_with_its_key(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    select(window, windows, estates.MYSQL.id)
    selected = window.selected()
    assert (selected.kind, selected.consumer_id, selected.key) == ("consumer", estates.MYSQL.id, estates.MYSQL_KEY.id)


def test_typing_in_the_tree_filters_and_escape_brings_all_back(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    select(window, windows, str(estates.MYSQL_KEY.id))
    tree = window.tree.tree
    tree.setFocus()
    QTest.keyClicks(tree, "s")
    QTest.keyClicks(window.tree.filter, "oft-key")
    assert window.tree.filter.text() == "soft-key"
    model = tree.tree_model()
    assert model.rowCount() == 1
    assert tree.isExpanded(model.index(0, 0)), "what was found is in sight"
    assert window.details.header.title.text() == "mysql-encryption-key", "what is selected stays"
    assert tree.selectedIndexes() == [], "and nothing else is marked in its place"
    QTest.keyClick(window.tree.filter, Qt.Key.Key_Escape)
    assert model.rowCount() == 2
    assert tree.current_node().text == "mysql-encryption-key"  # type: ignore[union-attr]
    assert tree.isExpanded(model.index(0, 0)), "what the user had unfolded is unfolded"
    assert not tree.isExpanded(model.index(1, 0)), "what only the filter had unfolded is folded again"


def test_escape_in_the_tree_brings_all_back_too(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    tree = window.tree.tree
    tree.setFocus()
    QTest.keyClicks(tree, "s")
    QTest.keyClicks(window.tree.filter, "oft-key")
    QTest.keyClick(window.tree.filter, Qt.Key.Key_Down)
    assert tree.tree_model().rowCount() == 1
    QTest.keyClick(tree, Qt.Key.Key_Escape)
    assert window.tree.filter.text() == ""
    assert tree.tree_model().rowCount() == 2


def test_enter_in_the_filter_goes_to_the_first_match(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    QTest.keyClicks(window.tree.filter, "dcc-mysql-single")
    QTest.keyClick(window.tree.filter, Qt.Key.Key_Return)
    windows.qtbot.waitUntil(lambda: window.selected().consumer_id == estates.SINGLE.id)


def test_a_filter_that_finds_nothing_says_so(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    QTest.keyClicks(window.tree.filter, "zzz")
    label = window.findChild(QWidget, "filter-nothing")
    assert label is not None
    assert label.isVisible()


def test_a_newer_estate_changes_rows_in_place(windows: Windows) -> None:
    backend = Shown(estates.dcc(), windows.home)
    window = windows.on(backend)
    select(window, windows, str(estates.MYSQL_KEY.id))
    window.tree.tree.setExpanded(window.tree.tree.currentIndex(), True)
    more = replace(estates.vault("aaa-first"), name="aaa-first")
    off = replace(estates.MYSQL_KEY, enabled=False)
    estate = estates.dcc()
    backend.newest = replace(estate, vaults=(*estate.vaults, more), keys=(off, *estate.keys[1:]))
    QTest.keyClick(window, Qt.Key.Key_F5)
    windows.qtbot.waitUntil(lambda: window.estate is backend.newest)
    assert backend.refreshed == [str(estates.MYSQL_KEY.id)]
    tree = window.tree.tree
    assert tree.tree_model().rowCount() == 3
    assert tree.current_node().state == "disabled"  # type: ignore[union-attr]
    assert tree.isExpanded(tree.currentIndex())


def test_what_operations_refresh_reaches_the_screen_by_itself(windows: Windows) -> None:
    backend = Shown(estates.dcc(), windows.home)
    window = windows.on(backend)
    backend.newest = replace(estates.dcc(), vaults=(estates.PREMIUM,))
    windows.qtbot.waitUntil(lambda: window.tree.tree.tree_model().rowCount() == 1, timeout=5000)


def test_the_last_estate_is_shown_first_and_its_age_with_it(windows: Windows) -> None:
    old = replace(estates.dcc(), read_at=estates.NOW.replace(hour=10), vaults=(estates.PREMIUM,))
    backend = Shown(estates.dcc(), windows.home, last=old)
    seen: list[int] = []
    window = windows.doors(lambda _: _give(backend))
    window.estate_changed.connect(lambda estate: seen.append(len(estate.vaults)))
    window.open(ConnectionChoice(own_sandbox=True))
    windows.qtbot.waitUntil(lambda: window.estate is backend.newest)
    assert seen[-1] == 2
    assert window.strip.age.text() == "read just now"


async def _give(backend: Shown) -> Backend:
    return backend


def test_a_reading_that_fails_is_told_with_its_reason(windows: Windows) -> None:
    backend = Shown(estates.dcc(), windows.home)
    backend.failure = AzureFailure(
        FailureKind.UNREACHABLE, "Resource Manager cannot be reached.", next="Check the network."
    )
    window = windows.doors(lambda _: _give(backend))
    window.open(ConnectionChoice(own_sandbox=True))
    windows.qtbot.waitUntil(lambda: "Check the network" in window.message.text.text())
    node = window.tree.tree.tree_model().node(window.tree.tree.tree_model().index(0, 0))
    assert node is not None
    assert node.text == "The estate could not be read"


@pytest.mark.parametrize("complete", [True, False])
def test_an_empty_estate_says_none_only_where_all_was_read(windows: Windows, complete: bool) -> None:
    problem = CoverageProblem(scope="/subscriptions/x", kind=FailureKind.FORBIDDEN, message="No Reader role here.")
    coverage = Coverage(
        subscriptions_listed=3, subscriptions_read=3 if complete else 2, problems=() if complete else (problem,)
    )
    empty = replace(
        estates.dcc(), vaults=(), keys=(), consumers=(), identities=(), role_assignments=(), coverage=coverage
    )
    window = windows.on(empty)
    node = window.tree.tree.tree_model().node(window.tree.tree.tree_model().index(0, 0))
    assert node is not None
    assert node.text == ("No key vaults" if complete else "No key vaults could be read")


def test_the_coverage_opens_what_could_not_be_read(windows: Windows) -> None:
    window = windows.on(estates.incomplete(estates.dcc()))
    window.strip.coverage.click()
    dialog = window.findChild(QDialog, "coverage")
    assert dialog is not None
    assert "forbidden" in " ".join(label.text() for label in dialog.findChildren(type(window.strip.age)))
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


@pytest.mark.parametrize("grouping", list(Grouping))
def test_every_grouping_shows_something_and_is_remembered(windows: Windows, grouping: Grouping) -> None:
    window = windows.on(estates.dcc())
    window.tree.set_grouping(grouping)
    model = window.tree.tree.tree_model()
    prefix = {Grouping.VAULT: "vault", Grouping.SERVICE: "service", Grouping.IDENTITY: "identity"}
    windows.qtbot.waitUntil(
        lambda: (
            (node := model.node(model.index(0, 0))) is not None
            and node.id.startswith(prefix.get(grouping, "subscription"))
        )
    )
    window.close()
    windows.qtbot.waitUntil(lambda: not window.isVisible())
    assert json.loads((windows.home / "window.json").read_text())["grouping"] == grouping.value
    assert windows.doors().tree.current_grouping() is grouping


def test_a_page_opens_on_a_tab_and_one_that_must_not_go_stays(windows: Windows) -> None:
    class Stubborn(QWidget):
        may_go = False

        def closeEvent(self, event: object) -> None:
            event.setAccepted(self.may_go)  # type: ignore[attr-defined]

    window = windows.on(estates.dcc())
    page = Stubborn()
    page.setObjectName("stubborn")
    window.open_page(page, title="Revoke R&D key")
    assert window.pages.currentWidget() is page
    window.open_page(page, title="Revoke R&D key")
    count = window.pages.count()
    QTest.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert window.pages.count() == count
    window.close()
    assert window.isVisible(), "the window waits for its page"
    page.may_go = True
    window.close_page(page)
    assert window.pages.count() == count - 1


def test_going_back_shows_what_was_selected_before(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    select(window, windows, str(estates.MYSQL_KEY.id))
    select(window, windows, estates.DES.id)
    QTest.keyClick(window, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    windows.qtbot.waitUntil(lambda: window.details.header.title.text() == "mysql-encryption-key")


def test_the_id_of_what_is_selected_is_copied_whole(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    select(window, windows, estates.DES.id)
    window.verbs.run("copy-id")
    assert QApplication.clipboard().text() == estates.DES.id


def test_verbs_that_need_something_say_what(windows: Windows) -> None:
    window = windows.doors()
    for verb in ("export", "refresh", "revoke", "copy-id"):
        assert window.verbs.why_not(verb), verb
        assert not window.verbs.action(verb).isEnabled()
    assert window.verbs.why_not("quit") is None


def test_the_window_remembers_its_look_and_nothing_secret(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    window.verbs.run("colours-dark")
    window.close()
    windows.qtbot.waitUntil(lambda: not window.isVisible())
    file = windows.home / "window.json"
    assert file.stat().st_mode & 0o077 == 0
    assert json.loads(file.read_text())["mode"] == "dark"
    windows.theme.set_mode(Mode.LIGHT)


def test_a_broken_memory_is_no_reason_not_to_start(windows: Windows) -> None:
    (windows.home / "window.json").write_text('{"tree_width": "wide", "table": 7, "grouping": "moon", "mode": 3}')
    assert windows.doors().doors.isVisible()


# Open to everybody


def screens(windows: Windows) -> MainWindow:
    """Everything that can be seen at once without a change."""
    window = windows.on(estates.incomplete(estates.dcc()))
    select(window, windows, str(estates.MYSQL_KEY.id))
    window.strip.coverage.click()
    window.show_palette()
    window.say("A message")
    return window


def test_every_widget_that_takes_the_keyboard_has_a_name_and_is_named_to_a_reader(windows: Windows) -> None:
    window = screens(windows)
    nameless = [
        f"{type(widget).__name__} {widget.objectName()!r} in {widget.parentWidget().objectName()!r}"  # type: ignore[union-attr]
        for widget in focusable(window)
        if not widget.objectName() or not _spoken(widget)
    ]
    assert nameless == []


def _spoken(widget: QWidget) -> str:
    text = widget.accessibleName()
    if not text and isinstance(widget, QPushButton):
        text = widget.text()
    return text


def test_targets_are_large_enough(windows: Windows) -> None:
    window = screens(windows)
    small = [
        f"{widget.objectName()} {widget.width()}x{widget.height()}"
        for widget in focusable(window)
        if widget.isVisible() and (widget.height() < 24 or widget.width() < 24)
    ]
    assert small == []


def test_no_two_menus_or_entries_share_a_mnemonic(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    groups: list[list[QAction]] = [window.menuBar().actions()]
    groups += [menu.actions() for menu in window.menuBar().findChildren(QMenu)]
    for actions in groups:
        letters = Counter(
            found[1].lower() for action in actions if (found := re.search(r"&(\w)", action.text().replace("&&", "")))
        )
        assert [letter for letter, times in letters.items() if times > 1] == [], [a.text() for a in actions]


def test_no_shortcut_is_taken_twice(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    taken = Counter(verb.shortcut for verb in window.verbs if verb.shortcut)
    assert [keys for keys, times in taken.items() if times > 1] == []


def test_every_verb_says_a_verb_and_an_object_or_opens_a_place(windows: Windows) -> None:
    window = windows.doors()
    for verb in window.verbs:
        assert verb.text.strip("&…")
        assert "!" not in verb.text + verb.tip
        assert "are you sure" not in (verb.text + verb.tip).lower()


# House rules


def test_nothing_on_screen_blocks() -> None:
    allowed = {UI / "application.py"}  # the event loop itself
    for file in UI.rglob("*.py"):
        if file in allowed:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in ("exec", "exec_"), f"{file.name}:{node.lineno} blocks"


def test_the_screens_do_not_load_the_sdk() -> None:
    code = (
        "import sys, cmk_admin.ui.application, cmk_admin.ui.emergency.install;"
        "print([m for m in sys.modules if m.split('.')[0] in ('azure', 'aiohttp', 'msal', 'cryptography')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_the_file_dialogs_do_not_block(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    window.verbs.run("export")
    dialog = window.findChild(QFileDialog, "export-dialog")
    assert dialog is not None
    dialog.reject()


def test_selection_is_plain_ids() -> None:
    assert Selection().kind == "none"


def test_tabs_that_would_say_the_same_tell_themselves_apart_and_the_tooltip_says_all(windows: Windows) -> None:
    window = windows.doors()
    pages = {vault: QWidget() for vault in ("north", "south")}
    for vault, page in pages.items():
        page.setObjectName(vault)
        page.setWindowTitle("payroll: disable")
        page.setProperty(DETAIL, f"payroll in {vault}")
        window.open_page(page, title="payroll: disable")
    bar = window.pages

    def said(page: QWidget) -> tuple[str, str]:
        return bar.tabText(bar.indexOf(page)), bar.tabToolTip(bar.indexOf(page))

    assert said(pages["north"]) == ("payroll: disable · payroll in north",) * 2
    assert said(pages["south"]) == ("payroll: disable · payroll in south",) * 2
    window.close_page(pages["south"])
    assert said(pages["north"]) == ("payroll: disable",) * 2
    long = f"{'a-very-long-name-' * 4}end: disable"
    pages["north"].setWindowTitle(long)
    text, tip = said(pages["north"])
    assert tip == long
    assert text.startswith("a-very-long")
    assert text.endswith("end: disable")
