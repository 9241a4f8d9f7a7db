"""Leaving a connection while the window runs an operation on it: asked first, in words that say what is left."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog

from cmk_admin.domain.steps import StepState
from cmk_admin.operations.interface import OperationReport
from cmk_admin.ui.dialogs import confirm
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

    def may_leave(self, leave: Callable[[], None]) -> bool:
        """True where nothing runs. Else it is asked, and on a yes `leave` is called."""
        running = self._operations.running
        if self._agreed or not running:
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
            self._window,
            "Close while an operation runs",
            text,
            verb=verb,
            keep="Stay",
            done=partial(self._leave, leave),
        )
        self._asked.destroyed.connect(self._answered)

    def _answered(self, *_: object) -> None:
        self._asked = None

    def _leave(self, leave: Callable[[], None]) -> None:
        # Closing the connection ends what runs at the next boundary, and leaves it to be gone on with
        self._agreed = True
        try:
            leave()
        finally:
            self._agreed = False
