"""Closing the window while it runs an operation: asked first, in words that say what is left."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog

from cmk_admin.domain.steps import StepState
from cmk_admin.operations.interface import OperationReport
from cmk_admin.ui.dialogs import confirm
from cmk_admin.ui.main_window import MainWindow
from cmk_admin.ui.operations import Operations

OVER = frozenset({StepState.DONE, StepState.SKIPPED, StepState.FAILED})


class ClosingGuard(QObject):
    """Watches for the window's close event. What is stopped by closing can be gone on with at the next start."""

    def __init__(self, window: MainWindow, operations: Operations) -> None:
        super().__init__(window)
        self._window, self._operations = window, operations
        self._asked: QDialog | None = None
        self._agreed = False
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.Close or watched is not self._window or self._agreed:
            return False
        running = self._operations.running
        if not running or not isinstance(event, QCloseEvent):
            return False
        event.ignore()
        self._ask(running)
        return True

    def _ask(self, running: tuple[OperationReport, ...]) -> None:
        if self._asked is not None:
            self._asked.raise_()
            return
        writing = any(step.state not in OVER for report in running for step in report.steps)
        names = " and ".join(f"“{report.title}”" for report in running)
        are = "is" if len(running) == 1 else "are"
        if writing:
            text = (
                f"{names} {are} still being carried out. The call in flight is finished and written down; the steps after it "
                "wait. The next start offers to go on, or to take back what was done."
            )
            verb = "Stop after this step and close"
        else:
            text = (
                f"Every change of {names} was made; what the services do about it is still being watched. "
                "The next start offers to watch on."
            )
            verb = "Stop watching and close"
        self._asked = confirm(
            self._window, "Close while an operation runs", text, verb=verb, keep="Stay", done=self._close
        )
        self._asked.destroyed.connect(self._answered)

    def _answered(self, *_: object) -> None:
        self._asked = None

    def _close(self) -> None:
        # Closing the connection ends what runs at the next boundary, and leaves it to be gone on with
        self._agreed = True
        self._window.close()
