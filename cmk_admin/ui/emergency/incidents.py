"""An incident in the window: its paths read again, its alarms said wherever one is, and its end."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from textwrap import shorten

from PySide6.QtCore import QObject

from cmk_admin.domain import words
from cmk_admin.domain.errors import Refused
from cmk_admin.operations.interface import Alarm, Incident, OperationReport
from cmk_admin.ui.dialogs import confirm, tell_failure
from cmk_admin.ui.emergency.operation_page import OperationPage
from cmk_admin.ui.emergency.operation_words import alarms
from cmk_admin.ui.emergency.proof_card import proof_counts
from cmk_admin.ui.main_window import MainWindow
from cmk_admin.ui.operations import Operations

MOST = 150
"""Letters of an alarm in the message bar: two lines of the narrowest window."""


class Incidents(QObject):
    """The incidents of one window's operations."""

    def __init__(
        self,
        window: MainWindow,
        operations: Operations,
        pages: Mapping[str, OperationPage],
        open_operation: Callable[[str], None],
    ) -> None:
        """`pages`: those that are open, by their operations; `open_operation` shows one."""
        super().__init__(window)
        self._window, self._operations = window, operations
        self._pages, self._open = pages, open_operation
        self._told_alarm = ("", "")

    def listed(self) -> None:
        """All operations were read anew: what the message says may be over."""
        told = self._operations.report(self._told_alarm[0])
        if told is not None:
            self.forget(told)

    def prove(self, report: OperationReport) -> None:
        """Read its paths again, now."""
        self._operations.prove(report.operation, partial(self._not_proved, report.operation))

    def _not_proved(self, operation: str, error: Exception) -> None:
        page = self._pages.get(operation)
        if page is not None:
            page.not_proved()
        tell_failure(self._window, "The paths could not be read again", error)

    def close(self, report: OperationReport) -> None:
        """Ask whether its paths need no watching any more; where one is open, not known or does not count, what that means."""
        proof, now = report.proof, datetime.now(UTC)
        held = proof.held_words(now) if proof is not None and report.answered_by is None else ""
        if proof is not None and held:
            self._ask_anyway(report, f"As last read at {words.exact(proof.at)}, {held}.")
            return
        standing = "" if proof is None or proof.closed else f"As last read: {proof_counts(proof, now)}. "
        confirm(
            self._window,
            "Close the incident",
            f"{standing}The paths of “{report.title}” are not read any more, and nothing tells when one of them opens again. "
            "What was cut stays cut, and can still be given back.",
            verb="Close the incident",
            done=partial(self._close, report, anyway=False),
        )

    def _ask_anyway(self, report: OperationReport, standing: str) -> None:
        confirm(
            self._window,
            "Close the incident all the same",
            f"{standing} What is open stays open, and nobody reads the paths of “{report.title}” again. The record keeps that "
            "it was closed like this.",
            verb="Close it anyway",
            keep="Keep it open",
            done=partial(self._close, report, anyway=True),
            danger=True,
        )

    def _close(self, report: OperationReport, *, anyway: bool) -> None:
        self._operations.close_incident(report.operation, anyway=anyway, refused=partial(self._not_closed, report))

    def _not_closed(self, report: OperationReport, error: Exception) -> None:
        """What the last reading found may be more than what was known when it was asked for."""
        self._operations.reload()
        if isinstance(error, Refused) and error.code == "still-open":
            self._ask_anyway(report, error.message)
        else:
            tell_failure(self._window, "The incident cannot be closed", error)

    def alarmed(self, report: OperationReport, alarm: Alarm) -> None:
        """Wherever one is: said at once, with the way to it."""
        whole = f"Alarm: {alarm.text} It belongs to “{report.title}”."
        # The whole of it stands on the operation's page, one click away
        text = shorten(whole, MOST, placeholder=" …")
        self._told_alarm = (report.operation, text)
        self._window.say(
            text,
            tone="danger",
            urgent=True,
            action="Show the operation",
            act=partial(self._open, report.operation),
        )

    def forget(self, report: OperationReport) -> None:
        """The message goes when nothing of it holds any more: closed again, given back, or the incident closed."""
        operation, text = self._told_alarm
        ended = report.answered_by is not None or report.incident is Incident.CLOSED
        over = ended or not alarms(report)[0]
        if operation == report.operation and over and self._window.message.text.text() == text:
            self._window.message.hide()
