"""Connect to Azure: choose, sign in, wait; closed when the connection is open."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.sign_in import SignInNews, tenant_words
from cmk_admin.operations.connection import LiveChoice
from cmk_admin.ui.connect.form import AT_HAND, ConnectForm
from cmk_admin.ui.connect.waiting import Waiting
from cmk_admin.ui.dialogs import failure_text
from cmk_admin.ui.widgets.labels import label

WIDTH = 500


class ConnectDialog(QDialog):
    wanted = Signal(object)
    """A `LiveChoice` to open."""
    given_up = Signal()
    """Stop signing in."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("connect")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(WIDTH)
        self.form, self.waiting = ConnectForm(), Waiting()
        self._title = label("", "title", name="connect-title")
        self._waits = False
        self.buttons = QDialogButtonBox()
        self.cancel = self.buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        self.cancel.setObjectName("connect-cancel")
        self.connect_ = self.buttons.addButton("Connect", QDialogButtonBox.ButtonRole.AcceptRole)
        self.connect_.setObjectName("connect-do")
        self.connect_.setProperty("role", "primary")
        self.buttons.accepted.connect(self._submit)
        self.buttons.rejected.connect(self.reject)
        self.form.submitted.connect(self._submit)
        body = QVBoxLayout(self)
        body.setContentsMargins(24, 20, 24, 16)
        body.setSpacing(12)
        body.addWidget(self._title)
        for side in (self.form, self.waiting):
            body.addWidget(side, 1)
        body.addWidget(self.buttons)
        self.show_form()

    @property
    def is_waiting(self) -> bool:
        """Somebody is being signed in."""
        return self._waits

    def show_form(self, problem: str = "") -> None:
        """Choose."""
        self._name("Connect to Azure")
        self.form.say(problem)
        self._turn(waits=False)
        self.connect_.show()
        self.connect_.setDefault(True)
        self.cancel.setEnabled(True)
        self.form.tenant.setFocus()
        self._fit()

    def show_waiting(self, choice: LiveChoice) -> None:
        """Somebody is being signed in."""
        self._name("Signing in to Azure")
        self.form.show_choice(choice)
        self.waiting.start(f"Signing in to {tenant_words(choice.tenant)}…")
        self._turn(waits=True)
        self.connect_.hide()
        self.cancel.setFocus()
        self._fit()

    def show_news(self, news: SignInNews) -> None:
        """What the sign-in says."""
        self.waiting.show_news(news)
        self._fit()

    def show_failure(self, error: Exception) -> None:
        """It did not work: say why, and offer what may."""
        nobody = isinstance(error, AzureFailure) and error.kind is FailureKind.SIGN_IN and self.form.way == AT_HAND
        if nobody:
            self.form.choose("browser")
        self.show_form(failure_text(error).replace("\n\n", " "))

    def reject(self) -> None:
        """Cancel, Esc and the window's own button: while it waits the sign-in is given up, else the dialog goes."""
        if not self.is_waiting:
            super().reject()
            return
        self.cancel.setEnabled(False)
        self.waiting.start("Stopping…")
        self.given_up.emit()

    def _submit(self) -> None:
        if not self.is_waiting:
            self.wanted.emit(self.form.choice())

    def _turn(self, *, waits: bool) -> None:
        """Show one side. A stack of both would be as high as the higher one."""
        self._waits = waits
        self.form.setVisible(not waits)
        self.waiting.setVisible(waits)

    def _fit(self) -> None:
        """As high as what is shown: a sentence that wraps must press nothing together."""
        layout = self.layout()
        assert layout is not None
        layout.activate()
        self.resize(WIDTH, layout.totalHeightForWidth(WIDTH))

    def _name(self, title: str) -> None:
        self._title.setText(title)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
