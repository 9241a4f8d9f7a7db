"""What an operation waits for, told while it runs: who reads along must not take it for one that hangs."""

from cmk_admin.cli.output import Output
from cmk_admin.operations.interface import OperationReport


class Waiting:
    """One line on standard error for each reason, as it comes."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._said: str | None = None
        self.now: str | None = None
        """Why it waits, in a sentence; None: it goes on."""

    def told(self, report: OperationReport) -> None:
        """How it stands now."""
        self.now = report.paused
        if self.now is not None and self.now != self._said:
            self._said = self.now
            self._output.waiting(report.operation, self.now)
