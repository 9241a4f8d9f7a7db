"""What a screen reader is told of an operation while it runs: each thing once, politely, and at once what is bad."""

from datetime import UTC, datetime

from PySide6.QtWidgets import QWidget

from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.interface import Incident, OperationReport, WatchReport, WatchResult
from cmk_admin.ui.announce import announce
from cmk_admin.ui.emergency.lane_words import watch_words
from cmk_admin.ui.emergency.look import outcome
from cmk_admin.ui.emergency.operation_words import goes_on, not_done, sentence
from cmk_admin.ui.emergency.proof_card import CLOSED_INCIDENT, OPEN_INCIDENT, proof_counts

BAD = frozenset({Outcome.FAILED, Outcome.PARTIAL, Outcome.REFUSED})


class Spoken:
    """Remembers what of one operation was said already."""

    def __init__(self, widget: QWidget) -> None:
        self._widget = widget
        self._said: set[str] = set()
        self._asked_after: datetime | None = None

    def tell(self, report: OperationReport) -> None:
        """Say what is new in this report; its alarms are said by the window, wherever one is."""
        for step in report.steps:
            if step.state is StepState.FAILED:
                self._once(
                    f"step {step.n} {step.error}", f"Step {step.n} failed: {step.error or step.words}", urgent=True
                )
        for watch in report.watch:
            self._watch(watch, report)
        settled = [watch for watch in report.watch if watch.result is WatchResult.CONFIRMED]
        if len(report.watch) > 1 and settled:
            text = f"{len(settled)} of {len(report.watch)} confirmed"
            self._once(text, text)
        if report.paused:
            self._once(f"paused {report.paused}", report.paused)
        if report.proof is not None:
            counts = proof_counts(report.proof, datetime.now(UTC))
            if self._asked_after is not None and report.proof.at > self._asked_after:
                self._asked_after = None
                self._said.discard(f"proof {counts}")
            self._once(f"proof {counts}", f"Paths read again: {counts}", urgent=not report.proof.closed)
        if report.incident is not None:
            closed = report.incident is Incident.CLOSED
            self._once(f"incident {report.incident}", CLOSED_INCIDENT.word if closed else OPEN_INCIDENT.word)
        bad = report.outcome in BAD
        text = f"{report.title}: {outcome(report).word}. {sentence(report)}"
        self._once(f"outcome {report.outcome}", text, urgent=bad)

    def asked_for_proof(self, report: OperationReport) -> None:
        """Somebody wants the paths read: what is found is said, also where it is what was said before."""
        self._asked_after = report.proof.at if report.proof is not None else None

    def _watch(self, watch: WatchReport, report: OperationReport) -> None:
        said = watch_words(watch, goes_on=goes_on(report), not_done=not_done(report, watch))
        key, words = f"{watch.consumer_id} {watch.result}", f"{watch.consumer_name}: {said}"
        if watch.result is not WatchResult.WAITING:
            self._once(key, words, urgent=watch.result is not WatchResult.CONFIRMED)
        elif watch.now and watch.now != watch.before:
            self._once(f"{key} {watch.now}", f"{watch.consumer_name}: Azure says {watch.now}")

    def _once(self, key: str, text: str, *, urgent: bool = False) -> None:
        if key not in self._said:
            self._said.add(key)
            announce(self._widget, text, urgent=urgent)
