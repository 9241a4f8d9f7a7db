import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from cmk_admin.domain.errors import AzureFailure, BadInput, FailureKind
from cmk_admin.ui import dialogs


@pytest.fixture
def parent(app: QApplication, qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    return made


def button(dialog: QDialog, name: str) -> QPushButton:
    found = dialog.findChild(QPushButton, name)
    assert found is not None
    return found


def test_enter_answers_with_the_safe_button_and_only_the_click_does_it(parent: QWidget, qtbot: QtBot) -> None:
    done: list[bool] = []
    dialog = dialogs.confirm(
        parent, "Stop watching 3 servers?", "They go on without being watched.", verb="Stop watching 3 servers",
        done=lambda: done.append(True), danger=True,
    )  # fmt: skip
    assert button(dialog, "confirm-keep").isDefault()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert not dialog.isVisible()
    assert done == []
    again = dialogs.confirm(parent, "Again?", "", verb="Do it", done=lambda: done.append(True))
    button(again, "confirm-do").click()
    assert done == [True]


def test_escape_answers_no(parent: QWidget) -> None:
    done: list[bool] = []
    dialog = dialogs.confirm(parent, "Close?", "", verb="Close it", done=lambda: done.append(True))
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert done == []
    assert not dialog.isVisible()


def test_a_wrong_answer_is_told_under_its_field_and_the_dialog_stays(parent: QWidget) -> None:
    answers: list[str] = []
    dialog = dialogs.ask(
        parent, "Name it", "", label="Name", verb="Use the name", done=answers.append,
        problem=lambda text: None if text else "A name is needed.",
    )  # fmt: skip
    button(dialog, "ask-do").click()
    wrong = dialog.findChild(QLabel, "ask-problem")
    assert wrong is not None
    assert wrong.text() == "A name is needed."
    assert dialog.isVisible()
    field = dialog.findChild(QLineEdit, "ask-field")
    assert field is not None
    QTest.keyClicks(field, "payroll")
    button(dialog, "ask-do").click()
    assert answers == ["payroll"]


def test_a_failure_says_what_happened_to_what_and_what_to_do_next(parent: QWidget) -> None:
    error = AzureFailure(
        FailureKind.FORBIDDEN, "The role assignment may not be removed.", subject="dcc-mysql-id",
        next="Ask for User Access Administrator on dcc-premium.", status=403, azure_code="AuthorizationFailed",
        request_id="r-1",
    )  # fmt: skip
    text = dialogs.failure_text(error)
    assert text.split("\n\n") == [
        "The role assignment may not be removed.",
        "It happened to dcc-mysql-id.",
        "Ask for User Access Administrator on dcc-premium.",
    ]
    assert "r-1" in dialogs.failure_details(error)
    dialog = dialogs.tell_failure(parent, "The revoke stopped", error)
    button(dialog, "tell-copy").click()
    assert "AuthorizationFailed" in QApplication.clipboard().text()
    button(dialog, "tell-close").click()


def test_our_own_mistakes_are_not_told_as_tracebacks() -> None:
    assert "Traceback" not in dialogs.failure_text(KeyError("x"))
    assert dialogs.failure_text(BadInput("b", "It makes no sense.")) == "It makes no sense."


@pytest.mark.parametrize("words", [1, 12, 40])
def test_no_gap_stands_between_the_lines_of_a_dialog(parent: QWidget, words: int) -> None:
    dialog = dialogs.confirm(parent, "Stop watching?", "Nothing more. " * words, verb="Stop", done=lambda: None)
    for label in dialog.findChildren(QLabel):
        assert label.height() == label.heightForWidth(label.width()), label.text()
    dialog.close()
