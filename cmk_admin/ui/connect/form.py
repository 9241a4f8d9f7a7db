"""Which Azure, and how to sign in to it: the first side of the dialog."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from cmk_admin.domain.sign_in import CLOUD_WORDS
from cmk_admin.operations.connection import LiveChoice
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.widgets.labels import label

AT_HAND = "at-hand"
"""The name of the first way, which `--auth` leaves out."""

_WAYS = (
    (AT_HAND, "Who is signed in &already", "Azure CLI (az login), else the AZURE_… variables. Nothing is asked."),
    ("browser", "&Web browser", "Opens Microsoft's sign-in page on this machine."),
    ("device", "&Device code", "A code to enter in any browser, also on another machine."),
    ("managed", "&Managed identity", "The identity of the Azure machine that this program runs on."),
)
_ASKS = ("browser", "device")


class ConnectForm(QWidget):
    submitted = Signal()
    """Enter was pressed in a field."""

    def __init__(self) -> None:
        super().__init__()
        self.cloud = QComboBox()
        self.cloud.setObjectName("connect-cloud")
        self.cloud.setAccessibleName("Cloud")
        self.cloud.view().setAccessibleName("Clouds")
        for name, words in CLOUD_WORDS.items():
            self.cloud.addItem(words, name)
        self.tenant = QLineEdit()
        self.tenant.setObjectName("connect-tenant")
        self.tenant.setAccessibleName("Tenant")
        self.tenant.setPlaceholderText("Id or domain; empty for the account's own")
        self.tenant.returnPressed.connect(self.submitted)
        self.anew = QCheckBox("Ask for the acco&unt, also where one is known")
        self.anew.setObjectName("connect-anew")
        self.problem = label("", "danger", name="connect-problem", wrap=True)
        self.problem.hide()
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(sizes.GRID)
        grid.setColumnStretch(1, 1)
        for row, (text, field) in enumerate((("&Cloud", self.cloud), ("&Tenant", self.tenant))):
            caption = label(text)
            caption.setBuddy(field)
            grid.addWidget(caption, row, 0)
            grid.addWidget(field, row, 1)
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(sizes.HALF)
        body.addLayout(grid)
        body.addSpacing(12)
        body.addWidget(label("Sign in through", "section"))
        self._ways = QButtonGroup(self)
        for name, text, why in _WAYS:
            self._add_way(body, name, text, why)
        body.addSpacing(sizes.HALF)
        body.addWidget(self.anew)
        body.addSpacing(sizes.GRID)
        body.addWidget(self.problem)
        body.addStretch(1)
        self._ways.buttonClicked.connect(self._way_chosen)
        self.show_choice(LiveChoice())

    @property
    def way(self) -> str:
        """The name of the way that is chosen."""
        button = self._ways.checkedButton()
        return button.objectName().removeprefix("connect-way-") if button else AT_HAND

    def choice(self) -> LiveChoice:
        """What is filled in."""
        way = self.way
        return LiveChoice(
            cloud=str(self.cloud.currentData()),
            tenant=self.tenant.text().strip() or None,
            way=None if way == AT_HAND else way,
            anew=way in _ASKS and self.anew.isChecked(),
        )

    def show_choice(self, choice: LiveChoice) -> None:
        """Fill it in."""
        self.cloud.setCurrentIndex(max(0, self.cloud.findData(choice.cloud)))
        self.tenant.setText(choice.tenant or "")
        self.anew.setChecked(choice.anew)
        self.choose(choice.way or AT_HAND)

    def choose(self, way: str) -> None:
        """Mark one way; one that has no button here (cli, environment) is part of the first."""
        names = {button.objectName(): button for button in self._ways.buttons()}
        names.get(f"connect-way-{way}", names[f"connect-way-{AT_HAND}"]).setChecked(True)
        self._way_chosen()

    def say(self, problem: str) -> None:
        """Why it could not be opened; empty: nothing is wrong."""
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))

    def _add_way(self, body: QVBoxLayout, name: str, text: str, why: str) -> None:
        button = QRadioButton(text)
        button.setObjectName(f"connect-way-{name}")
        button.setAccessibleDescription(why)
        under = label(why, "secondary", wrap=True)
        under.setContentsMargins(24, 0, 0, 4)
        self._ways.addButton(button)
        body.addWidget(button)
        body.addWidget(under)

    def _way_chosen(self, *_: object) -> None:
        self.anew.setVisible(self.way in _ASKS)
