"""Tell, confirm, ask: none of them blocks. Each opens and calls back when it was answered.

The default button is always the safe one: Enter never destroys, Esc answers no.
"""

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from cmk_admin.domain.errors import AzureFailure, CmkError

WIDTH = 440
DETAILS_LINES = 8
"""More of them are scrolled."""


class _Box(QDialog):
    """A heading, a text and buttons in the platform's order."""

    def __init__(self, parent: QWidget, name: str, heading: str, text: str) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(heading)
        self.setAccessibleName(heading)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(WIDTH)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(24, 20, 24, 16)
        self.body.setSpacing(12)
        title = QLabel(heading)
        title.setProperty("role", "title")
        title.setWordWrap(True)
        self.body.addWidget(title)
        if text:
            label = QLabel(text)
            label.setObjectName(f"{name}-text")
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self.body.addWidget(label)
        self.buttons = QDialogButtonBox()
        self.buttons.setObjectName(f"{name}-buttons")

    def add(self, text: str, role: QDialogButtonBox.ButtonRole, name: str) -> QPushButton:
        button = self.buttons.addButton(text, role)
        button.setObjectName(name)
        button.setAccessibleName(text)
        button.setAutoDefault(False)
        return button

    def finish(self) -> None:
        """The buttons, and no more height than the text takes at this width: what is left over would part the lines."""
        self.body.addSpacing(4)
        self.body.addWidget(self.buttons)
        width = max(WIDTH, self.body.totalSizeHint().width())
        self.resize(width, self.body.totalHeightForWidth(width))


def tell(
    parent: QWidget,
    heading: str,
    text: str,
    *,
    details: str = "",
    copy: str = "Copy details",
    content: QWidget | None = None,
) -> QDialog:
    """Say something that has to be read; one button, *Close*, and `copy`, which copies the `details`.

    `content` stands whole under the text.
    """
    box = _Box(parent, "tell", heading, text)
    if content is not None:
        box.body.addWidget(content)
    if details:
        shown = QPlainTextEdit(details)
        shown.setObjectName("tell-details")
        shown.setAccessibleName("Details")
        shown.setReadOnly(True)
        lines = min(details.count("\n") + 2, DETAILS_LINES)
        shown.setFixedHeight(lines * shown.fontMetrics().lineSpacing() + 16)
        box.body.addWidget(shown)
        button = box.add(copy, QDialogButtonBox.ButtonRole.ActionRole, "tell-copy")
        button.clicked.connect(partial(_copy, details))
    close = box.add("Close", QDialogButtonBox.ButtonRole.RejectRole, "tell-close")
    close.setDefault(True)
    box.buttons.rejected.connect(box.reject)
    box.finish()
    box.open()
    close.setFocus()
    return box


def tell_failure(parent: QWidget, heading: str, error: Exception) -> QDialog:
    """Say what went wrong: what happened, to what, and what to do next; never a traceback."""
    return tell(parent, heading, failure_text(error), details=failure_details(error))


def failure_text(error: Exception) -> str:
    """An error in sentences: what happened, to what, what to do next."""
    if not isinstance(error, CmkError):
        return "The program made a mistake of its own. What was going on is in its log; nothing more was sent."
    parts = [error.message]
    if error.subject and error.subject not in error.message:
        parts.append(f"It happened to {error.subject}.")
    if error.next:
        parts.append(error.next)
    return "\n\n".join(parts)


def failure_details(error: Exception) -> str:
    """What somebody who helps would ask for: codes and the request's id, no secrets."""
    if isinstance(error, AzureFailure):
        facts = {
            "kind": error.kind.value,
            "status": error.status,
            "code": error.azure_code,
            "request id": error.request_id,
            "retry after (s)": error.retry_after,
        }
        return "\n".join(f"{name}: {value}" for name, value in facts.items() if value is not None)
    if isinstance(error, CmkError):
        return ""
    return f"{type(error).__name__}: {error}"


def confirm(
    parent: QWidget,
    heading: str,
    text: str,
    *,
    verb: str,
    done: Callable[[], None],
    keep: str = "Cancel",
    danger: bool = False,
) -> QDialog:
    """Ask whether to do it. `verb` is the button's text (``Stop watching 3 servers``); `done` is called if it was pressed.

    The other button is the default.
    """
    box = _Box(parent, "confirm", heading, text)
    stay = box.add(keep, QDialogButtonBox.ButtonRole.RejectRole, "confirm-keep")
    go = box.add(verb, QDialogButtonBox.ButtonRole.AcceptRole, "confirm-do")
    if danger:
        go.setProperty("role", "danger")
    stay.setDefault(True)
    box.buttons.rejected.connect(box.reject)
    box.buttons.accepted.connect(box.accept)
    box.accepted.connect(done)
    box.finish()
    box.open()
    stay.setFocus()
    return box


def choose(
    parent: QWidget, heading: str, text: str, *, answers: Iterable[tuple[str, str, Callable[[], None]]], keep: str
) -> QDialog:
    """Ask which of a few things to do: text and name of each button, and what is called when it was pressed.

    `keep` is the text of the button that does nothing, which is the default.
    """
    box = _Box(parent, "confirm", heading, text)
    stay = box.add(keep, QDialogButtonBox.ButtonRole.RejectRole, "confirm-keep")
    for words, name, done in answers:
        button = box.add(words, QDialogButtonBox.ButtonRole.ActionRole, name)
        button.clicked.connect(partial(_chosen, box, done))
    stay.setDefault(True)
    box.buttons.rejected.connect(box.reject)
    box.finish()
    box.open()
    stay.setFocus()
    return box


def _chosen(box: QDialog, done: Callable[[], None], *_: object) -> None:
    box.accept()
    done()


def ask(
    parent: QWidget,
    heading: str,
    text: str,
    *,
    label: str,
    verb: str,
    done: Callable[[str], None],
    value: str = "",
    problem: Callable[[str], str | None] | None = None,
) -> QDialog:
    """Ask for one line of text. `problem(text)` says under the field what is wrong with it; the dialog then stays open."""
    box = _Box(parent, "ask", heading, text)
    field = QLineEdit(value)
    field.setObjectName("ask-field")
    field.setAccessibleName(label)
    caption = QLabel(label)
    caption.setBuddy(field)
    wrong = QLabel()
    wrong.setObjectName("ask-problem")
    wrong.setProperty("role", "danger")
    wrong.setWordWrap(True)
    wrong.hide()
    for widget in (caption, field, wrong):
        box.body.addWidget(widget)
    box.add("Cancel", QDialogButtonBox.ButtonRole.RejectRole, "ask-cancel")
    go = box.add(verb, QDialogButtonBox.ButtonRole.AcceptRole, "ask-do")
    go.setProperty("role", "primary")

    def answer() -> None:
        reason = problem(field.text()) if problem else None
        wrong.setText(reason or "")
        wrong.setVisible(reason is not None)
        if reason is None:
            typed = field.text()
            box.accept()
            done(typed)

    box.buttons.rejected.connect(box.reject)
    box.buttons.accepted.connect(answer)
    field.returnPressed.connect(answer)
    box.finish()
    box.open()
    field.setFocus()
    return box


def _copy(text: str, *_: object) -> None:
    QApplication.clipboard().setText(text)
