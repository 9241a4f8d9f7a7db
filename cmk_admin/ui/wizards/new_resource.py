"""Four answers that say what a new resource is called and where it is made."""

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QWidget

from cmk_admin.domain.index import Index
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.widgets.labels import label
from cmk_admin.ui.wizards import places


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the four answers say."""

    subscription_id: str
    group: str
    name: str
    location: str


class NewResource(QWidget):
    """Name, resource group, region, subscription. Groups and regions that were seen are offered; others can be typed."""

    changed = Signal(object)
    """The `Place`."""

    def __init__(self, name: str, what: str, example: str) -> None:
        """`what` it is in words: ``identity``."""
        super().__init__()
        self.setObjectName(name)
        self._index: Index | None = None
        self._filling = False
        self.name, self._group, self._region, self._subscription = QLineEdit(), QComboBox(), QComboBox(), QComboBox()
        self.name.setPlaceholderText(example)
        self.name.textEdited.connect(self._tell)
        for box in (self._group, self._region):
            box.setEditable(True)
            box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
            box.currentTextChanged.connect(self._tell)
        self._subscription.currentIndexChanged.connect(self._moved)
        rows = (
            ("Name", self.name, "name"),
            ("Resource group", self._group, "group"),
            ("Region", self._region, "region"),
            ("Subscription", self._subscription, "subscription"),
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        for at, (caption, field, word) in enumerate(rows):
            field.setObjectName(f"{name}-{word}")
            field.setAccessibleName(f"{caption} of the new {what}")
            field.setMinimumHeight(sizes.TARGET)
            typed = field.lineEdit() if isinstance(field, QComboBox) else None
            if typed is not None:
                typed.setObjectName(f"{name}-{word}-text")
                typed.setAccessibleName(f"{caption} of the new {what}")
            grid.addWidget(label(caption), at, 0)
            grid.addWidget(field, at, 1)
        grid.setColumnStretch(1, 1)
        self.setFocusProxy(self.name)

    def show_place(self, index: Index, place: Place) -> None:
        """Show answers."""
        self._filling = True
        if self._index is not index:
            self._index = index
            self._subscription.clear()
            for one in places.subscriptions(index):
                self._subscription.addItem(one.name, one.id)
            self._region.clear()
            self._region.addItems(places.regions(index))
        self._subscription.setCurrentIndex(max(0, self._subscription.findData(place.subscription_id)))
        self._offer_groups(place.group)
        self._region.setCurrentText(place.location)
        if self.name.text() != place.name:
            self.name.setText(place.name)
        self._filling = False

    @property
    def place(self) -> Place:
        return Place(
            subscription_id=str(self._subscription.currentData() or ""),
            group=self._group.currentText().strip(),
            name=self.name.text().strip(),
            location=self._region.currentText().strip().replace(" ", "").lower(),
        )

    def _offer_groups(self, group: str) -> None:
        self._group.clear()
        if self._index is not None:
            self._group.addItems(places.groups(self._index, str(self._subscription.currentData() or "")))
        self._group.setCurrentText(group)

    def _moved(self, *_: object) -> None:
        if not self._filling:
            self._filling = True
            self._offer_groups(self._group.currentText())
            self._filling = False
            self._tell()

    def _tell(self, *_: object) -> None:
        if not self._filling:
            self.changed.emit(self.place)
