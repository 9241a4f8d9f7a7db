"""A section as a card: the question, the answer in one line, and the things themselves."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from cmk_admin.ui.details.page import Fact, Line, Section
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.labels import Clickable, Copyable, Elided, ToneIcon, label


class SectionCard(QFrame):
    go = Signal(str)
    """A thing was clicked: its target."""
    tab = Signal(str)
    """The rest is wanted: the name of the tab."""

    def __init__(self, theme: Theme, section: Section) -> None:
        super().__init__()
        self.setObjectName(f"section-{section.name}")
        self.setProperty("role", "card")
        self.setAccessibleName(section.title)
        self._theme = theme
        body = QVBoxLayout(self)
        body.setContentsMargins(16, 12, 12, 12)
        body.setSpacing(2)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(ToneIcon(theme, section.icon, "secondary"))
        head.addWidget(label(section.title, "section"))
        tone = section.tone if section.tone in ("danger", "caution", "unknown") else "quiet"
        if tone in ("unknown", "caution"):
            head.addSpacing(4)
            head.addWidget(ToneIcon(theme, "unknown" if tone == "unknown" else "warning", section.tone, 14))
        summary = Elided(section.summary, tone)
        summary.setObjectName(f"section-{section.name}-summary")
        head.addWidget(summary, 1)
        if section.more:
            more = QPushButton(section.more_text)
            more.setObjectName(f"section-{section.name}-more")
            more.setAccessibleName(f"{section.title}: {section.more_text}")
            more.setProperty("role", "link")
            more.setCursor(Qt.CursorShape.PointingHandCursor)
            more.clicked.connect(partial(self._more, section.more))
            head.addWidget(more)
        body.addLayout(head)
        if section.lines:
            body.addSpacing(4)
        for number, line in enumerate(section.lines):
            body.addWidget(self._line(section.name, number, line))

    def _line(self, section: str, number: int, line: Line) -> QWidget:
        row: QFrame
        if line.target:
            clickable = Clickable(
                f"section-{section}-line-{number}", ", ".join(filter(None, (line.text, line.secondary)))
            )
            clickable.clicked.connect(partial(self.go.emit, line.target))
            row = clickable
        else:
            row = QFrame()
            row.setProperty("role", "plain-row")
        if line.tip:
            row.setToolTip(line.tip)
        whole = QVBoxLayout(row)
        whole.setContentsMargins(4 + 20 * line.indent, 0, 4, 0)
        whole.setSpacing(0)
        head = QWidget()
        head.setFixedHeight(sizes.ROW - 2)
        whole.addWidget(head)
        box = QHBoxLayout(head)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        box.addWidget(ToneIcon(self._theme, line.icon, line.tone if line.tone != "text" else "secondary"))
        name = Elided(
            line.text, line.tone if line.tone in ("danger", "caution", "unknown") else "", Qt.TextElideMode.ElideMiddle
        )
        name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        name.setMaximumWidth(360)
        box.addWidget(name)
        if line.wrap:
            box.addStretch(1)
            sentence = label(line.secondary, "quiet", wrap=True)
            sentence.setContentsMargins(sizes.ICON + 8, 0, 0, 6)
            whole.addWidget(sentence)
        else:
            box.addWidget(Elided(line.secondary, "quiet"), 1)
        return row

    def _more(self, tab: str, *_: object) -> None:
        self.tab.emit(tab)


class FactsCard(QFrame):
    """Names and values in two columns."""

    def __init__(self, theme: Theme, facts: tuple[Fact, ...]) -> None:
        super().__init__()
        self.setObjectName("section-facts")
        self.setProperty("role", "card")
        self.setAccessibleName("Facts")
        body = QVBoxLayout(self)
        body.setContentsMargins(16, 12, 12, 12)
        body.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(ToneIcon(theme, "info", "secondary"))
        head.addWidget(label("Facts", "section"))
        head.addStretch(1)
        body.addLayout(head)
        grid = QGridLayout()
        grid.setContentsMargins(28, 0, 0, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(0)
        grid.setColumnMinimumWidth(0, 128)
        grid.setColumnStretch(1, 1)
        for at, fact in enumerate(facts):
            grid.addWidget(label(fact.label, "quiet"), at, 0)
            grid.setRowMinimumHeight(at, 26)
            if fact.copyable:
                grid.addWidget(Copyable(theme, fact.label, fact.value, fact.exact), at, 1)
            else:
                value = Elided(fact.value)
                value.set_tip(fact.exact)
                grid.addWidget(value, at, 1)
        body.addLayout(grid)
