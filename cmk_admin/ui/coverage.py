"""What could be read and what could not, as a dialog behind the strip's coverage."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from cmk_admin.domain import words
from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import CoverageProblem
from cmk_admin.ui.theme.colors import Tone
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.labels import ToneIcon, label

_ICONS: dict[FailureKind, tuple[str, Tone]] = {
    FailureKind.FORBIDDEN: ("forbidden", "unknown"),
    FailureKind.UNREACHABLE: ("unreachable", "unknown"),
    FailureKind.THROTTLED: ("clock", "caution"),
    FailureKind.FAILED: ("broken", "danger"),
    FailureKind.NOT_VISIBLE: ("unknown", "unknown"),
}


def show_coverage(parent: QWidget, theme: Theme, index: Index) -> QDialog:
    """Open the dialog; it does not block."""
    coverage = index.estate.coverage
    dialog = QDialog(parent)
    dialog.setObjectName("coverage")
    dialog.setWindowTitle("What was read")
    dialog.setAccessibleName("What was read")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.resize(620, 420)
    body = QVBoxLayout(dialog)
    body.setContentsMargins(24, 20, 24, 16)
    body.setSpacing(12)
    body.addWidget(label("What was read", "title"))
    body.addWidget(label(sentence(index), name="coverage-sentence", wrap=True))
    inner = QWidget()
    inner.setProperty("role", "surface")
    rows = QVBoxLayout(inner)
    rows.setContentsMargins(0, 4, 8, 4)
    rows.setSpacing(12)
    for problem in coverage.problems:
        rows.addLayout(_row(theme, index, problem))
    rows.addStretch(1)
    area = QScrollArea()
    area.setObjectName("coverage-problems")
    area.setAccessibleName("What could not be read")
    area.setWidgetResizable(True)
    area.setWidget(inner)
    area.setVisible(bool(coverage.problems))
    body.addWidget(area, 1)
    if not coverage.problems:
        body.addStretch(1)
    buttons = QDialogButtonBox()
    close = buttons.addButton("Close", QDialogButtonBox.ButtonRole.RejectRole)
    close.setObjectName("coverage-close")
    close.setAccessibleName("Close")
    close.setDefault(True)
    buttons.rejected.connect(dialog.reject)
    body.addWidget(buttons)
    dialog.open()
    return dialog


def sentence(index: Index) -> str:
    """What is covered; it never says that nothing else exists."""
    coverage = index.estate.coverage
    who = index.estate.account.name
    seen = words.count(coverage.subscriptions_listed, "subscription")
    first = f"{who} can list {seen}; {words.coverage(coverage)}. More may exist that this account cannot list."
    if not coverage.finished:
        return f"{first} Answers still arrive."
    if coverage.complete:
        return f"{first} All of what it can list was read."
    return f"{first} Where something is missing below, no answer here is ever “none”."


def _row(theme: Theme, index: Index, problem: CoverageProblem) -> QHBoxLayout:
    icon, tone = _ICONS.get(problem.kind, ("unknown", "unknown"))
    text = QVBoxLayout()
    text.setSpacing(2)
    where = words.scope(index, problem.scope) if problem.scope.startswith("/") else problem.scope
    head = label(f"{where}: {words.failure(problem.kind)}", "section", wrap=True)
    head.setToolTip(problem.scope)
    text.addWidget(head)
    message = label(problem.message, "quiet", wrap=True)
    message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    text.addWidget(message)
    row = QHBoxLayout()
    row.setSpacing(10)
    row.addWidget(ToneIcon(theme, icon, tone), 0, Qt.AlignmentFlag.AlignTop)
    row.addLayout(text, 1)
    return row
