"""A window as its user has it: real backend, real sandbox, keys and clicks. What it did is looked up elsewhere."""

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QModelIndex, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QMenu, QWidget

from cmk_admin import app as composition
from cmk_admin.operations.interface import ConnectionChoice
from cmk_admin.runtime.background import Background
from cmk_admin.ui.application import make_application, make_window
from cmk_admin.ui.bridge import Bridge
from cmk_admin.ui.emergency.answer_page import AnswerPage
from cmk_admin.ui.emergency.install import Emergency
from cmk_admin.ui.emergency.operation_page import OperationPage
from cmk_admin.ui.emergency.parts import Badge
from cmk_admin.ui.emergency.revoke_page import RevokePage
from cmk_admin.ui.theme.theme import Mode, Theme
from tests.journeys.strays import Strays
from tests.support import Sandbox

W = TypeVar("W", bound=QWidget)

SECONDS = 40.0
"""For what the program does by itself; on a busy machine it takes a while."""


class Driver:
    """One window with its background, on a connection file or on none yet."""

    def __init__(self, home: Path, *, mode: Mode = Mode.LIGHT) -> None:
        self.closed = False
        self.app = make_application([], bundled_font=True)
        self.strays = Strays()
        self.app.installEventFilter(self.strays)
        self.background = Background().start()
        self.bridge = Bridge(self.background)
        self.window = make_window(
            bridge=self.bridge, connector=composition.connect, home=home, theme=Theme(self.app, mode)
        )
        self.window.resize(1280, 800)
        self.window.show()
        self.window.activateWindow()

    # Time

    def until(self, condition: Callable[[], object], what: str = "", seconds: float = SECONDS) -> None:
        """Let the window live until something is so."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited in vain: {what}"
            self.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
            time.sleep(0.002)
        self.app.processEvents()

    def live(self, seconds: float) -> None:
        """Let the window live for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)
            time.sleep(0.002)

    # The whole window

    def connect(self, sandbox: Sandbox, principal: str | None = None) -> "Driver":
        """Open the connection and wait until the whole estate is read; `principal`: as whom, if not the administrator."""
        self.window.open(ConnectionChoice(file=sandbox.file, principal=principal))
        self.until(
            lambda: self.window.estate is not None and self.window.estate.coverage.finished,
            "the tree to fill",
        )
        return self

    @property
    def emergency(self) -> Emergency:
        found = self.window.findChild(Emergency)
        assert isinstance(found, Emergency)
        return found

    def close(self) -> None:
        """Close the window as at the end of the program, whatever it does."""
        if self.closed:
            return
        self.closed = True
        for dialog in self.dialogs():
            dialog.close()
        self.window.close()
        self.live(0.05)
        for dialog in self.dialogs():
            go = dialog.findChild(QAbstractButton, "confirm-do")
            if go is not None:
                go.click()
        self.until(lambda: not self.window.isVisible(), "the window to go")
        self.bridge.stop()
        self.background.stop()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        self.app.processEvents()
        del self.window, self.bridge
        gc.collect()
        self.app.removeEventFilter(self.strays)
        assert not self.strays.seen, f"shown as windows of their own: {self.strays.seen}"

    # Finding

    def find(self, kind: type[W], name: str, under: QWidget | None = None) -> W:
        """The one visible widget of that name."""
        found = [w for w in (under or self.window).findChildren(kind, name) if w.isVisible()]
        assert len(found) == 1, f"{len(found)} visible {name}"
        return found[0]

    def text(self, name: str, under: QWidget | None = None) -> str:
        """What a visible label says; empty where it is hidden."""
        labels = [w for w in (under or self.window).findChildren(QLabel, name) if w.isVisible()]
        return labels[0].text() if labels else ""

    def page(self, kind: type[W]) -> W:
        """The page that is shown, once it is of that kind."""
        self.until(lambda: isinstance(self.window.pages.currentWidget(), kind), f"a {kind.__name__}")
        page = self.window.pages.currentWidget()
        assert isinstance(page, kind)
        return page

    def dialogs(self) -> list[QWidget]:
        return [w for w in QApplication.topLevelWidgets() if w.isVisible() and w is not self.window]

    # Doing

    def select(self, *names: str) -> None:
        """Select a row of the tree by the texts from the vault down."""
        view = self.window.tree.tree
        model = view.tree_model()
        view.setFocus()

        def row_of(parent: QModelIndex, name: str) -> QModelIndex | None:
            rows = (model.index(at, 0, parent) for at in range(model.rowCount(parent)))
            return next((i for i in rows if (node := model.node(i)) is not None and node.text == name), None)

        def there() -> bool:
            index: QModelIndex | None = QModelIndex()
            for name in names:
                assert index is not None
                index = row_of(index, name)
                if index is None:
                    return False
                view.expand(index)
            assert index is not None
            view.setCurrentIndex(index)
            return True

        self.until(there, f"the row {names}")
        self.until(lambda: self.window.selected().name == names[-1], "the selection")

    def click(self, name: str, under: QWidget | None = None) -> None:
        """Click a button as the mouse does; it has to be there and enabled."""
        button = self.find(QAbstractButton, name, under)
        self.until(button.isEnabled, f"{name} to be enabled")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the focus is."""
        QTest.keyClick(self._focused(), key, modifier)
        self.app.processEvents()

    def shortcut(self, key: Qt.Key) -> None:
        """Press Ctrl+Shift and a key."""
        self.key(key, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)

    def menu(self, name: str, verb: str) -> None:
        """Choose a verb from the menu bar."""
        self._choose(self._menu(name), verb)

    def context_menu(self, verb: str) -> None:
        """Choose a verb from the menu of the selected row."""
        view = self.window.tree.tree
        at = view.visualRect(view.currentIndex()).center()
        view.customContextMenuRequested.emit(QPoint(at))
        self.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu), "the context menu")
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        self._choose(menu, verb)

    def _menu(self, name: str) -> QMenu:
        menu = self.window.menuBar().findChild(QMenu, f"menu-{name}")
        assert isinstance(menu, QMenu)
        menu.popup(self.window.mapToGlobal(QPoint(40, 40)))
        self.until(menu.isVisible, f"the menu {name}")
        return menu

    def _choose(self, menu: QMenu, verb: str) -> None:
        action = self.window.verbs.action(verb)
        assert action in menu.actions()
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
        self.app.processEvents()

    # The job

    def revoke_page(self) -> RevokePage:
        """The revoke page, its plan checked with Azure."""
        page = self.page(RevokePage)
        self.until(lambda: self.text("revoke-state", page).startswith("Checked"), "the checked plan")
        return page

    def by_grants(self, page: RevokePage) -> RevokePage:
        """Choose that grants are removed, and wait until that plan is checked with Azure."""
        self.click("revoke-method-grants", page)
        self.until(lambda: page.plan is not None and page.plan.method == "grants", "the plan by grants")
        return self.revoke_page()

    def start(self) -> OperationPage:
        """Press the red button; the page of what it started."""
        before = self.window.pages.currentWidget()
        self.click("revoke-start" if isinstance(before, RevokePage) else "answer-start", before)
        self.until(lambda: self.window.pages.currentWidget() is not before, "the operation to begin")
        return self.page(OperationPage)

    def ended(self, page: OperationPage) -> OperationPage:
        """Wait until nobody runs it any more, and its locks are free."""
        operation = page.report.operation
        self.until(
            lambda: not page.report.alive and not self.emergency.operations.runs(operation), "the end of the operation"
        )
        return page

    def restore(self, page: OperationPage) -> OperationPage:
        """Give back what an operation took, and wait until it is back."""
        self.click("operation-restore", page)
        self.answer_page()
        self.say_clean()
        return self.ended(self.start())

    def say_clean(self, answer: str = "clean") -> None:
        """Answer whether the identity is clean."""
        self.click(f"answer-clean-{answer}", self.page(AnswerPage))

    def dialog(self, name: str) -> QWidget:
        """The dialog of that name, once it is there."""
        self.until(lambda: [w for w in self.dialogs() if w.objectName() == name], f"the dialog {name}")
        return next(w for w in self.dialogs() if w.objectName() == name)

    def open_operation(self, operation: str) -> OperationPage:
        """Open an operation from the list at the bottom, by keyboard."""
        self.shortcut(Qt.Key.Key_A)
        self.emergency.dock.select(operation)
        self.key(Qt.Key.Key_Return)
        page = self.page(OperationPage)
        assert page.report.operation == operation
        return page

    # The keyboard

    def _focused(self) -> QWidget:
        """What has the focus in this window or in a dialog of it, which comes to the front."""
        focused = QApplication.focusWidget()
        if focused is None or self.window not in (focused.window(), focused.window().parentWidget()):
            self.window.activateWindow()
            self.until(self.window.isActiveWindow, "the window to come to the front")
            focused = QApplication.focusWidget()
        return focused or self.window

    def type(self, letters: str) -> None:
        """Type where the focus is."""
        QTest.keyClicks(self._focused(), letters)
        self.app.processEvents()

    def tab_to(self, name: str) -> None:
        """Press Tab until a widget has the focus."""
        passed = []
        for _ in range(60):
            focused = QApplication.focusWidget()
            passed.append(focused.objectName() if focused is not None else None)
            if passed[-1] == name:
                return
            self.key(Qt.Key.Key_Tab)
        raise AssertionError(f"Tab does not lead to {name}, but to {dict.fromkeys(passed)}")

    def visible_row(self, text: str) -> bool:
        """True where the tree shows such a row."""
        return bool(self._rows(text))

    def walk_to(self, text: str) -> None:
        """Press Down in the tree until the row of that text is selected."""
        view = self.window.tree.tree
        for _ in range(60):
            node = view.current_node()
            if node is not None and node.text == text and self.window.selected().name == text:
                return
            QTest.keyClick(view, Qt.Key.Key_Down)
            self.app.processEvents()
        raise AssertionError(f"the arrow keys do not lead to {text}")

    def _rows(self, text: str) -> list[QModelIndex]:
        view = self.window.tree.tree
        model = view.tree_model()
        found = []
        index = model.index(0, 0, QModelIndex())
        while index.isValid():
            node = model.node(index)
            if node is not None and node.text == text:
                found.append(index)
            index = view.indexBelow(index)
        return found

    # Pages

    def button(self, name: str, under: QWidget) -> QAbstractButton:
        """A button, visible or not."""
        found = under.findChild(QAbstractButton, name)
        assert isinstance(found, QAbstractButton)
        return found

    def badge(self, name: str, under: QWidget) -> str:
        """The word of a state."""
        return self.find(Badge, name, under).word

    def operation_page(self, after: QWidget) -> OperationPage:
        """The page of the operation that `after` has started."""
        self.until(lambda: self.window.pages.currentWidget() is not after, "the operation to begin")
        return self.page(OperationPage)

    def answer_page(self) -> AnswerPage:
        """The page of a restore or an undo, with its plan."""
        page = self.page(AnswerPage)
        self.until(lambda: page.plan is not None, "the plan that gives back")
        return page
