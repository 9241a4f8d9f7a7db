"""Which steps failed and why, at the top of an operation's page, with what can be done about it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QWidget

from cmk_admin.domain.steps import StepState
from cmk_admin.domain.words import count
from cmk_admin.operations.interface import OperationReport, StepReport
from cmk_admin.ui.announce import announce
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
        self._copy = link("Copy", "operation-failed-copy", self._on_copy)
        self._copy.setAccessibleName("Copy why it failed, with the numbers that Azure's support asks for")
        self._report: OperationReport | None = None
        for at, button in enumerate((self._again, self._other, self._copy)):
            self.offers.insertWidget(at, button)

    @property
    def buttons(self) -> tuple[QWidget, ...]:
        return (self._again, self._other, self._copy)

    def show_report(self, report: OperationReport) -> None:
        self._report = report
        failed = _failed(report)
        open_yet = report.alive or report.resumable
        told = [_why(step) for step in failed[:MOST]]
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

    def _on_copy(self, *_: object) -> None:
        report = self._report
        if report is not None:
            lines = [report.title, f"Operation {report.operation}"]
            for step in _failed(report):
                numbers = (("Azure's request id", step.request_id), ("Correlation id", step.correlation_id))
                lines += [_why(step), *(f"{name}: {value}" for name, value in numbers if value)]
            QApplication.clipboard().setText("\n".join(lines))
            announce(self, "Copied")


def _failed(report: OperationReport) -> list[StepReport]:
    return [step for step in report.steps if step.state is StepState.FAILED]


def _why(step: StepReport) -> str:
    return f"Step {step.n} failed: {step.words}. {step.error or ''}".rstrip()
