"""Which steps failed and why, at the top of an operation's page, with what can be done about it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cmk_admin.domain.steps import StepState
from cmk_admin.domain.words import count
from cmk_admin.operations.interface import OperationReport
from cmk_admin.ui.emergency.operation_words import alternative
from cmk_admin.ui.emergency.parts import Notice, link
from cmk_admin.ui.theme.theme import Theme

MOST = 5
"""Failed steps whose reasons are told here; all of them stand among the steps."""


class FailedNotice(Notice):
    """Hidden where no step failed, or where nothing is left to do about it."""

    again = Signal()
    other = Signal()
    """The same once more; another method."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__(theme, "danger", "broken", name)
        self._again = link("Try again", "operation-retry", self._on_again)
        self._other = link("Another way…", "operation-other", self._on_other)
        for at, button in enumerate((self._again, self._other)):
            self.offers.insertWidget(at, button)

    @property
    def buttons(self) -> tuple[QWidget, ...]:
        return (self._again, self._other)

    def show_report(self, report: OperationReport) -> None:
        failed = [step for step in report.steps if step.state is StepState.FAILED]
        open_yet = report.alive or report.resumable
        told = [f"Step {step.n} failed: {step.words}. {step.error or ''}".rstrip() for step in failed[:MOST]]
        if len(failed) > MOST:
            told.append(f"And {count(len(failed) - MOST, 'more step')} failed: they stand first among the steps.")
        self.say(told if open_yet else ())
        self._again.setVisible(report.resumable and not report.alive)
        other = alternative(report)
        self._other.setVisible(other is not None)
        self._other.setText(f"Another way: {other[1]}…" if other is not None else "Another way…")

    def _on_again(self, *_: object) -> None:
        self.again.emit()

    def _on_other(self, *_: object) -> None:
        self.other.emit()
