"""The proof: every path read again from its provider, and again until the incident is closed."""

from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cmk_admin.domain.words import PATH_KINDS, count, exact
from cmk_admin.operations.interface import GIVEN_BACK, Incident, OperationReport, PathProof, Proof, ProvenPath
from cmk_admin.operations.proof_facts import moment
from cmk_admin.ui.emergency.look import ALL_BACK, COUNTING, PROOFS, Look, given_back
from cmk_admin.ui.emergency.option import heading
from cmk_admin.ui.emergency.parts import Badge, card, link, words_label
from cmk_admin.ui.emergency.paths import MOST, ScopeWords, path_row
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.places import clear

_AFTER_MS = 200
"""How long after a path counts it is shown so: a timer may come a little early."""
_LONGEST_MS = 3_600_000
_ORDER = (PathProof.OPEN, PathProof.UNKNOWN, PathProof.CLOSED)
_BACK = Look("restore", "given back", "secondary")
OPEN_INCIDENT = Look("watch", "Incident open", "accent")
CLOSED_INCIDENT = Look("step-done", "Incident closed", "secondary")


class ProofCard(QWidget):
    """Never says that all is closed while one path is unknown, nor in green while Azure may still let in by one."""

    again = Signal()
    """The paths should be read again, now."""
    close_wanted = Signal()
    """The incident should be closed."""

    def __init__(self, theme: Theme, scope_words: ScopeWords) -> None:
        super().__init__()
        self.setObjectName("operation-proof")
        self.setAccessibleName("Proof")
        self._theme, self._scope_words = theme, scope_words
        self._shown: tuple[Proof | None, tuple[ProvenPath, ...], Look | None] = (None, (), None)
        self._proof: Proof | None = None
        self._back: Look | None = None
        self._counts = QTimer(self)
        self._counts.setSingleShot(True)
        self._counts.timeout.connect(self._on_counts)
        self._verdict = Badge(theme)
        self._verdict.setObjectName("proof-verdict")
        self._when = words_label("", "secondary", name="proof-when")
        self._again = link("Read again now", "proof-again", self._on_again)
        self._incident = Badge(theme)
        self._incident.setObjectName("proof-incident")
        self._end = link("Close the incident…", "proof-close", self._on_close)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(sizes.GRID)
        head, stands = QHBoxLayout(), QHBoxLayout()
        for row, widgets in (
            (head, (heading("Proof"), self._verdict)),
            (stands, (self._incident, self._end, self._again)),
        ):
            row.setSpacing(12)
            for widget in widgets:
                row.addWidget(widget)
            row.addStretch(1)
        frame, column = card()
        column.addLayout(head)
        column.addWidget(self._when)
        column.addLayout(self._rows)
        column.addLayout(stands)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)

    @property
    def buttons(self) -> tuple[QWidget, ...]:
        return (self._end, self._again)

    def show_report(self, report: OperationReport) -> None:
        """Hidden where there is neither a proof nor an incident."""
        self.setVisible(report.proof is not None or report.incident is not None)
        self._back = given_back(report)
        self._show_proof(report.proof)
        self._when.setText(self._times(report))
        self._again.setEnabled(True)
        opened = report.incident is Incident.OPEN
        self._incident.setVisible(report.incident is not None)
        self._incident.show_look(OPEN_INCIDENT if opened else CLOSED_INCIDENT)
        self._end.setVisible(opened and not report.alive)

    def _show_proof(self, proof: Proof | None) -> None:
        """As it stands at this moment, and again when the next of its paths counts."""
        self._proof, now = proof, datetime.now(UTC)
        waiting = proof.uncounted(now) if proof is not None else ()
        self._verdict.show_look(*proof_look(proof, now, self._back))
        self._show_paths(proof, waiting, now)
        ends = [one.counting.settled_at for one in waiting if one.counting is not None]
        self._counts.stop()
        if ends:
            self._counts.start(min(int((min(ends) - now) / timedelta(milliseconds=1)) + _AFTER_MS, _LONGEST_MS))

    def _on_counts(self) -> None:
        self._show_proof(self._proof)

    def reading(self) -> None:
        """They are being read."""
        self._again.setEnabled(False)
        self._when.setText("Reading the paths from Azure …")

    def _times(self, report: OperationReport) -> str:
        said = []
        if report.proof is not None:
            said.append(f"Read {report.proof.at.astimezone(UTC):%d %b, %H:%M:%S} UTC.")
            self._when.setToolTip(exact(report.proof.at))
        if report.incident is Incident.CLOSED:
            said.append("The paths are not read any more.")
        elif report.next_proof_at is not None:
            said.append(f"Next reading {report.next_proof_at.astimezone(UTC):%H:%M:%S} UTC.")
        return " ".join(said)

    def _show_paths(self, proof: Proof | None, waiting: tuple[ProvenPath, ...], now: datetime) -> None:
        if (proof, waiting, self._back) == self._shown:
            return
        self._shown = (proof, waiting, self._back)
        clear(self._rows)
        if proof is None:
            return
        paths, at = proof.paths, proof.at
        for one in sorted(paths, key=lambda one: (_ORDER.index(one.state), one not in waiting))[:MOST]:
            look = COUNTING if one in waiting else _BACK if one.reason == GIVEN_BACK else PROOFS[one.state]
            if self._back is not None and one.state is PathProof.CLOSED:
                look = look._replace(tone="secondary")  # as it was read before it was given back, perhaps
            said = (PATH_KINDS.get(one.path.kind), one.counting_words(now) or one.reason, _when(one, at))
            notes = tuple(filter(None, said))
            self._rows.addWidget(path_row(self._theme, one.path, self._scope_words, look, notes))
        if len(paths) > MOST:
            self._rows.addWidget(words_label(f"and {count(len(paths) - MOST, 'more path')}", "quiet"))

    def _on_again(self, *_: object) -> None:
        self.reading()
        self.again.emit()

    def _on_close(self, *_: object) -> None:
        self.close_wanted.emit()


def _when(one: ProvenPath, at: datetime) -> str:
    """``closed since 01 Mar, 12:00:00 UTC, last read at 12:05:00 UTC``: a reading that failed is a try."""
    newest = f"last {'tried' if one.state is PathProof.UNKNOWN else 'read'} at {at.astimezone(UTC):%H:%M:%S} UTC"
    since = f"{PROOFS[one.state].word} since {one.since.astimezone(UTC):%d %b, %H:%M:%S} UTC, " if one.since else ""
    return f"{since}{newest}"


def proof_look(proof: Proof | None, now: datetime, back: Look | None = None) -> tuple[Look, str]:
    """How a proof stands, and in which words: green only where every path was found closed, and counts.

    `back`: how the revoke stands of which something was given back.
    """
    if proof is None:
        return PROOFS[PathProof.UNKNOWN], "not read again yet"
    if back is not None and (back is ALL_BACK or not proof.left):
        return back, back.word[:1].lower() + back.word[1:]
    counting = proof.closed and proof.uncounted(now)
    return COUNTING if counting else PROOFS[_worst(proof)], proof_counts(proof, now)


def _worst(proof: Proof) -> PathProof:
    ours = [one for one in proof.paths if one.reason != GIVEN_BACK]
    return next((state for state in _ORDER if any(one.state is state for one in ours)), PathProof.CLOSED)


def proof_counts(proof: Proof, now: datetime) -> str:
    """``1 open, 1 not known, 3 closed``; ``all 3 closed``; ``all 3 closed, counting by 12:04:10 UTC``."""
    back = sum(one.reason == GIVEN_BACK for one in proof.paths)
    found = {state: sum(one.state is state and one.reason != GIVEN_BACK for one in proof.paths) for state in _ORDER}
    if proof.closed:
        number = found[PathProof.CLOSED]
        said = f"all {number} closed" if number > 1 else "1 closed" if number else "no path was found"
        return said + _counting(proof, now)
    parts = [f"{number} {PROOFS[state].word}" for state, number in found.items() if number]
    return ", ".join([*parts, *([f"{back} given back"] if back else [])])


def _counting(proof: Proof, now: datetime) -> str:
    """By when what is closed counts, in the form in which each path says it."""
    waiting = proof.uncounted(now)
    known = [one.counts_at for one in waiting if one.counts_at is not None]
    if len(known) < len(waiting):
        return ", counting in several hours"
    return f", counting by {moment(max(known), now)}" if known else ""
