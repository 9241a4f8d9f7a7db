"""Ways to answer: cards of which one is chosen, boxes to tick, a moment, rows of names and values, a file."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import QDateTime, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QTextCharFormat
from PySide6.QtWidgets import (
    QButtonGroup,
    QCalendarWidget,
    QCheckBox,
    QDateTimeEdit,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.labels import label

INDENT = 24
"""From a radio button's or box's edge to its text."""


def indented(answer: QWidget) -> QWidget:
    """An answer that belongs to the choice above it, under that one's text; who goes to it goes to the answer."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(INDENT, 0, 0, 0)
    column.addWidget(answer)
    holder.setFocusProxy(answer)
    return holder


class _Sentence(QLabel):
    """What a choice means; a click on it chooses."""

    def __init__(self, text: str, button: QRadioButton) -> None:
        super().__init__(text)
        self._button = button
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "secondary")
        self.setWordWrap(True)
        self.setContentsMargins(INDENT, 0, 0, 4)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self._button.isEnabled():
            self._button.setFocus(Qt.FocusReason.MouseFocusReason)
            self._button.click()


class Cards(QFrame):
    """One of a few, each with a sentence. The arrow keys go through them."""

    chosen = Signal(str)

    def __init__(self, name: str, choices: Iterable[tuple[str, str, str]]) -> None:
        """`choices`: value, title, sentence."""
        super().__init__()
        self.setObjectName(f"choose-{name}")
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QRadioButton] = {}
        self._sentences: dict[str, _Sentence] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for value, title, sentence in choices:
            button = QRadioButton(title)
            button.setObjectName(f"choose-{name}-{value or 'none'}")
            button.setAccessibleDescription(sentence)
            button.setMinimumHeight(sizes.TARGET)
            button.clicked.connect(partial(self._clicked, value))
            self._group.addButton(button)
            self._buttons[value] = button
            self._sentences[value] = _Sentence(sentence, button)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
            column.addWidget(self._sentences[value])
            self._sentences[value].setVisible(bool(sentence))

    def choose(self, value: str) -> None:
        """Show one as chosen."""
        if value in self._buttons:
            self._buttons[value].setChecked(True)
            self.setFocusProxy(self._buttons[value])

    def offer(self, value: str, *, shown: bool = True, enabled: bool = True, sentence: str | None = None) -> None:
        """Hide or grey one, or explain it otherwise."""
        button, words = self._buttons[value], self._sentences[value]
        button.setVisible(shown)
        button.setEnabled(enabled)
        if sentence is not None:
            words.setText(sentence)
            button.setAccessibleDescription(sentence)
        words.setVisible(shown and bool(words.text()))

    def _clicked(self, value: str, *_: object) -> None:
        self.setFocusProxy(self._buttons[value])
        self.chosen.emit(value)


class Ticks(QWidget):
    """Boxes of which any may be ticked."""

    ticked = Signal(object)
    """The ticked values, a tuple in the order of the boxes."""

    def __init__(self, name: str, values: Iterable[str], columns: int = 3) -> None:
        super().__init__()
        self.setObjectName(f"tick-{name}")
        self._boxes: dict[str, QCheckBox] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(2)
        for at, value in enumerate(values):
            box = QCheckBox(value)
            box.setObjectName(f"tick-{name}-{value}")
            box.setMinimumHeight(sizes.TARGET)
            box.clicked.connect(self._tell)
            self._boxes[value] = box
            grid.addWidget(box, at // columns, at % columns, Qt.AlignmentFlag.AlignLeft)
        grid.setColumnStretch(columns, 1)
        self.setFocusProxy(next(iter(self._boxes.values())))

    def tick(self, values: Iterable[str]) -> None:
        wanted = set(values)
        for value, box in self._boxes.items():
            box.setChecked(value in wanted)

    def _tell(self, *_: object) -> None:
        self.ticked.emit(tuple(value for value, box in self._boxes.items() if box.isChecked()))


class Moment(QWidget):
    """A moment or none: a box that says whether, and the time in the place's own time zone."""

    set = Signal(object)
    """The moment, aware and in UTC, or None."""

    def __init__(self, theme: Theme, name: str, words: str, spoken: str) -> None:
        super().__init__()
        self._theme = theme
        self.box = QCheckBox(words)
        self.box.setObjectName(f"{name}-set")
        self.box.setMinimumHeight(sizes.TARGET)
        self.edit = QDateTimeEdit()
        self.edit.setObjectName(f"{name}-time")
        self.edit.setAccessibleName(spoken)
        self.edit.setDisplayFormat("d MMM yyyy  HH:mm")
        self.edit.setCalendarPopup(True)
        self.edit.setFixedWidth(220)
        self.edit.setMinimumHeight(sizes.TARGET)
        self.zone = label("", "secondary")
        self.box.toggled.connect(self._toggled)
        self.edit.dateTimeChanged.connect(self._tell)
        row = QHBoxLayout()
        row.setContentsMargins(INDENT, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.edit)
        row.addWidget(self.zone)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.box, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(row)
        self.setFocusProxy(self.box)
        self._filling = False
        calendar = self.edit.calendarWidget()
        calendar.setHorizontalHeaderFormat(QCalendarWidget.HorizontalHeaderFormat.SingleLetterDayNames)
        calendar.setMinimumWidth(280)
        theme.changed.connect(self._paint)
        self._paint()

    def _paint(self) -> None:
        """The calendar in our colours: red is for what is taken away, and not for Sundays."""
        calendar = self.edit.calendarWidget()
        plain = QTextCharFormat()
        plain.setForeground(self._theme.color("text"))
        for day in Qt.DayOfWeek:
            calendar.setWeekdayTextFormat(day, plain)
        for name, icon in (("prevmonth", "chevron-left"), ("nextmonth", "chevron-right")):
            button = calendar.findChild(QToolButton, f"qt_calendar_{name}")
            if isinstance(button, QToolButton):
                button.setIcon(self._theme.icon(icon, "text"))

    def show_moment(self, moment: datetime | None, proposed: datetime) -> None:
        """Show a moment; without one `proposed` stands ready for when the box is ticked."""
        self._filling = True
        self.box.setChecked(moment is not None)
        self.edit.setEnabled(moment is not None)
        self.edit.setDateTime(QDateTime.fromSecsSinceEpoch(int((moment or proposed).timestamp())))
        self._filling = False
        self._say_zone()

    def _moment(self) -> datetime | None:
        if not self.box.isChecked():
            return None
        return datetime.fromtimestamp(self.edit.dateTime().toSecsSinceEpoch(), UTC)

    def _say_zone(self) -> None:
        moment = self._moment()
        local = self.edit.dateTime()
        zone = local.timeZoneAbbreviation()
        also = f", which is {moment:%H:%M} UTC" if moment is not None and local.offsetFromUtc() else ""
        self.zone.setText(f"{zone}{also}")

    def _toggled(self, on: bool) -> None:
        self.edit.setEnabled(on)
        self._tell()

    def _tell(self, *_: object) -> None:
        self._say_zone()
        if not self._filling:
            self.set.emit(self._moment())


class Pairs(QWidget):
    """Rows of a name and a value."""

    changed = Signal(object)
    """Tuple of (name, value); rows with neither are left out."""

    def __init__(self, theme: Theme, name: str, one: str) -> None:
        """`one` is what a row is called: ``tag``."""
        super().__init__()
        self._theme, self._name, self._one = theme, name, one
        self._rows: list[tuple[QWidget, QLineEdit, QLineEdit]] = []
        self.setObjectName(name)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self.more = QPushButton(f"Add a {one}")
        self.more.setObjectName(f"{name}-add")
        self.more.setProperty("role", "link")
        self.more.setAutoDefault(False)  # a page is begun here: Enter goes on, Space adds one
        self.more.clicked.connect(self._on_more)
        self._column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self.setFocusProxy(self.more)

    def show_pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        wanted = tuple(pairs)
        if wanted == self._pairs():
            return
        for row, _, _ in self._rows:
            row.hide()
            row.deleteLater()
        self._rows.clear()
        for left, right in wanted:
            self._add(left, right)

    def _pairs(self) -> tuple[tuple[str, str], ...]:
        found = ((left.text().strip(), right.text().strip()) for _, left, right in self._rows)
        return tuple(pair for pair in found if any(pair))

    def _add(self, left: str = "", right: str = "") -> QLineEdit:
        at = len(self._rows) + 1
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        fields = QLineEdit(left), QLineEdit(right)
        for field, word in zip(fields, ("name", "value"), strict=True):
            field.setObjectName(f"{self._name}-{at}-{word}")
            field.setAccessibleName(f"{self._one.capitalize()} {at}, {word}")
            field.setPlaceholderText(word.capitalize())
            field.textEdited.connect(self._tell)
            line.addWidget(field, 1)
        remove = QToolButton()
        remove.setObjectName(f"{self._name}-{at}-remove")
        remove.setAccessibleName(f"Remove {self._one} {at}")
        remove.setToolTip(f"Remove this {self._one}")
        remove.setIcon(self._theme.icon("close", "secondary"))
        remove.setIconSize(QSize(12, 12))
        remove.setFixedSize(sizes.TARGET, sizes.TARGET)
        remove.clicked.connect(partial(self._remove, row))
        line.addWidget(remove)
        before = self._rows[-1][0] if self._rows else None
        self._column.insertWidget(len(self._rows), row)
        self._rows.append((row, *fields))
        if before is not None:
            QWidget.setTabOrder(before, row)
        QWidget.setTabOrder(row, self.more)
        return fields[0]

    def _remove(self, row: QWidget, *_: object) -> None:
        self._rows = [one for one in self._rows if one[0] is not row]
        self.more.setFocus()
        row.hide()
        row.deleteLater()
        self._tell()

    def _on_more(self, *_: object) -> None:
        self._add().setFocus()

    def _tell(self, *_: object) -> None:
        self.changed.emit(self._pairs())


class FileToWrite(QWidget):
    """The path of a file that will be written, typed or chosen."""

    named = Signal(str)

    def __init__(self, name: str, spoken: str, filters: str) -> None:
        super().__init__()
        self._name, self._spoken, self._filters = name, spoken, filters
        self._proposed = ""
        self.edit = QLineEdit()
        self.edit.setObjectName(f"{name}-path")
        self.edit.setAccessibleName(spoken)
        self.edit.textEdited.connect(self.named)
        choose = QPushButton("&Choose…")
        choose.setObjectName(f"{name}-choose")
        choose.setAccessibleName(f"{spoken}: choose")
        choose.setAutoDefault(True)
        choose.clicked.connect(self._choose)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.edit, 1)
        row.addWidget(choose)
        self.setFocusProxy(self.edit)

    def show_path(self, path: str, proposed: str) -> None:
        if self.edit.text() != path:
            self.edit.setText(path)
        self._proposed = proposed

    def _choose(self, *_: object) -> None:
        dialog = QFileDialog(self, self._spoken)
        dialog.setObjectName(f"{self._name}-dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(self._filters)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # nothing is overwritten: the plan refuses it
        dialog.selectFile(self.edit.text() or self._proposed)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._chosen)
        dialog.open()

    def _chosen(self, path: str) -> None:
        self.edit.setText(path)
        self.named.emit(path)
