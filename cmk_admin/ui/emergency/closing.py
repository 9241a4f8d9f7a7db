"""Leaving while the window runs an operation: asked first, in words that say what goes on and what is left."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QDialog

from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.interface import OperationReport
from cmk_admin.ui.dialogs import choose
from cmk_admin.ui.emergency.tray import Tray
from cmk_admin.ui.main_window import MainWindow
from cmk_admin.ui.operations import Operations

OVER = frozenset({StepState.DONE, StepState.SKIPPED, StepState.FAILED})


class LeavingGuard(QObject):
    """The window asks it before it closes the connection. What is stopped by that can be gone on with at the next start."""

    def __init__(self, window: MainWindow, operations: Operations) -> None:
        super().__init__(window)
        self._window, self._operations = window, operations
        self._asked: QDialog | None = None
        self._agreed = False
        self._hidden = _Background(window, operations)

    def may_leave(self, leave: Callable[[], None]) -> bool:
        """True where nothing runs. Else it is asked, and on a yes `leave` is called."""
        running = self._operations.running
        # Who ends the process while nothing is to be seen of it cannot be asked
        if self._agreed or not running or self._hidden.active:
            self._hidden.end()
            return True
        if self._asked is None:
            self._ask(running, leave)
        else:
            self._asked.raise_()
        return False

    def _ask(self, running: tuple[OperationReport, ...], leave: Callable[[], None]) -> None:
        writing = any(step.state not in OVER for report in running for step in report.steps)
        names = " and ".join(f"“{report.title}”" for report in running)
        are = "is" if len(running) == 1 else "are"
        if writing:
            text = (
                f"{names} {are} still being carried out. Stopped, the call in flight is finished and written down, and the "
                "steps after it wait: the next start offers to go on, or to take back what was done."
            )
            verb = "Stop after this step and close"
        else:
            text = (
                f"Every change of {names} was made; what the services do about it is still being watched. "
                "Stopped, the next start offers to watch on."
            )
            verb = "Stop watching and close"
        answers = [(verb, "confirm-do", partial(self._leave, leave))]
        if self._window.closing:
            text = f"{text}\n\n{self._hidden.words}"
            answers.insert(0, ("Go on in the background", "confirm-background", partial(self._hide, leave)))
        self._asked = choose(self._window, "Close while an operation runs", text, answers=answers, keep="Stay")
        self._asked.destroyed.connect(self._answered)

    def _answered(self, *_: object) -> None:
        self._asked = None

    def _hide(self, leave: Callable[[], None]) -> None:
        self._hidden.begin(partial(self._leave, leave))

    def _leave(self, leave: Callable[[], None]) -> None:
        # Closing the connection ends what runs at the next boundary, and leaves it to be gone on with
        self._agreed = True
        try:
            leave()
        finally:
            self._agreed = False


class _Background(QObject):
    """The window is hidden while its operations are finished; then the program ends by itself.

    Where one of them is not wholly done, the window comes back instead: nobody would know before the next start.
    """

    def __init__(self, window: MainWindow, operations: Operations) -> None:
        super().__init__(window)
        self._window, self._operations = window, operations
        self._then: Callable[[], None] | None = None
        self._tray: Tray | None = None
        self._undone = False
        operations.ended.connect(self._ended)
        operations.failed.connect(self._failed)

    @property
    def active(self) -> bool:
        return self._then is not None

    @property
    def words(self) -> str:
        """How the window is got back."""
        return (
            "In the background the window goes, the operation and its watch are finished, and the program ends by itself; "
            "where not all of it was done, the window comes back. "
            f"{Tray.way_back()}"
        )

    def begin(self, then: Callable[[], None]) -> None:
        """Hide the window; `then` is called when nothing runs any more."""
        self._then, self._undone = then, False
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setQuitOnLastWindowClosed(False)
        self._tray = Tray(self._window.theme, tuple(report.title for report in self._operations.running), self)
        self._tray.wanted.connect(self._show)
        self._tray.show()
        self._window.hide()
        self._look()

    def end(self) -> None:
        """The window is seen again, or goes for good."""
        if self._then is None:
            return
        self._then = None
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setQuitOnLastWindowClosed(True)
        if self._tray is not None:
            self._tray.remove()
            self._tray = None

    def _show(self, *_: object) -> None:
        self.end()
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()

    def _ended(self, report: OperationReport) -> None:
        self._undone = self._undone or report.outcome is not Outcome.DONE
        self._look()

    def _failed(self, *_: object) -> None:
        self._undone = True
        self._look()

    def _look(self) -> None:
        then = self._then
        if then is None or self._operations.running:
            return
        if self._undone:
            self._show()
            return
        self.end()
        then()
