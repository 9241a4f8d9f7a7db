"""The time axis: one lane for each service, when it should stop by documentation and what was measured."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from cmk_admin.ui.emergency.parts import set_role, words_label
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.colors import Tone
from cmk_admin.ui.theme.theme import Theme, font
from cmk_admin.ui.widgets.labels import Elided, ToneIcon, label

# Equal widths for spans that people think in: minutes, the hour, the day
MARKS: tuple[tuple[float, str], ...] = ((0, "now"), (600, "10 min"), (3600, "1 h"), (86400, "24 h"))
AXIS_HEIGHT = 18
BAR_HEIGHT = 8
BAR_ROOM = 16

TOLD: frozenset[Tone] = frozenset({"danger", "confirmed", "unknown"})
"""Tones in which the words are drawn too; what is only to be expected is said in plain text."""


@dataclass(frozen=True, slots=True)
class Lane:
    """What is shown of one service."""

    name: str
    kind: str
    """The service in words."""
    words: str
    """The line under the bar: when it stops, or what was measured."""
    tone: Tone
    icon: str
    within_seconds: float | None
    """The documented bound; None: not documented, or it does not stop."""
    seconds: float | None = None
    """Measured so far, or in the end."""
    note: str = ""
    """In grey under that: what is lost, how it comes back."""
    tip: str = ""


def position(seconds: float) -> float:
    """Where a time stands on the axis, from 0 to 1; past the last mark it stays at the end."""
    for at in range(1, len(MARKS)):
        low, high = MARKS[at - 1][0], MARKS[at][0]
        if seconds <= high:
            return (at - 1 + (seconds - low) / (high - low)) / (len(MARKS) - 1)
    return 1.0


class Lanes(QWidget):
    """The lanes of a plan or of an operation; changed in place. What a bar draws stands in words under it."""

    def __init__(self, theme: Theme, name: str, spoken: str) -> None:
        """`spoken`: the accessible name, as ``When each service stops``."""
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        self._theme = theme
        self._lanes: tuple[Lane, ...] = ()
        self._rows: list[_Row] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(sizes.GRID)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        self._axis = _Axis(theme)
        self._grid.addWidget(self._axis, 0, 1)

    @property
    def lanes(self) -> tuple[Lane, ...]:
        return self._lanes

    def show_lanes(self, lanes: tuple[Lane, ...]) -> None:
        """Show these from now on."""
        if lanes == self._lanes:
            return
        self._lanes = lanes
        self.setAccessibleDescription(". ".join(f"{one.name}, {one.kind}: {one.words}" for one in lanes))
        self._axis.setVisible(bool(lanes))
        while len(self._rows) > len(lanes):
            self._rows.pop().remove(self._grid)
        while len(self._rows) < len(lanes):
            self._rows.append(_Row(self._theme, self._grid, len(self._rows)))
        for row, lane in zip(self._rows, lanes, strict=True):
            row.show(lane)


class _Row:
    """The widgets of one lane in the grid."""

    def __init__(self, theme: Theme, grid: QGridLayout, number: int) -> None:
        self._lane: Lane | None = None
        self._icon = ToneIcon(theme, "clock", "secondary")
        self._name, self._kind = Elided("", "section", Qt.TextElideMode.ElideMiddle), label("", "secondary")
        # As wide as it needs, and shortened where that is not there
        self._name.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._bar = _Bar(theme)
        self._words, self._note = words_label(""), words_label("", "secondary")
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(sizes.GRID)
        head.addWidget(self._name)
        head.addWidget(self._kind)
        head.addStretch(1)
        top = 1 + number * 5
        grid.setRowMinimumHeight(top, 16 if number else 6)
        grid.addWidget(self._icon, top + 1, 0)
        for at, part in enumerate((self._head, self._bar, self._words, self._note), start=top + 1):
            grid.addWidget(part, at, 1)
        self._parts: tuple[QWidget, ...] = (self._icon, self._head, self._bar, self._words, self._note)

    def show(self, lane: Lane) -> None:
        if lane == self._lane:
            return
        self._lane = lane
        self._icon.show_icon(lane.icon, lane.tone)
        self._name.setText(lane.name)
        self._name.set_tip(lane.tip)
        self._kind.setText(lane.kind)
        self._words.setText(lane.words)
        set_role(self._words, lane.tone if lane.tone in TOLD else "")
        self._note.setText(lane.note)
        self._note.setVisible(bool(lane.note))
        self._bar.show_lane(lane)
        self._bar.setToolTip(lane.tip)

    def remove(self, grid: QGridLayout) -> None:
        for part in self._parts:
            grid.removeWidget(part)
            part.hide()
            part.deleteLater()


class _Axis(QWidget):
    """The marks above the bars."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFixedHeight(AXIS_HEIGHT)
        theme.changed.connect(self.update)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(font(self.font(), sizes.SMALL))
        painter.setPen(self._theme.color("secondary"))
        width = 64.0
        for seconds, text in MARKS:
            x = self.width() * position(seconds)
            align, at = Qt.AlignmentFlag.AlignHCenter, x - width / 2
            if seconds == 0:
                align, at = Qt.AlignmentFlag.AlignLeft, x
            elif seconds == MARKS[-1][0]:
                align, at = Qt.AlignmentFlag.AlignRight, x - width
            painter.drawText(QRectF(at, 0, width, AXIS_HEIGHT), align | Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()


class _Bar(QWidget):
    """One track: up to the bound in a soft colour, what was measured in the full one."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._lane: Lane | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(280, BAR_ROOM)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, BAR_ROOM)

    def show_lane(self, lane: Lane) -> None:
        self._lane = lane
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        if self._lane is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(0.5, (self.height() - BAR_HEIGHT) / 2, self.width() - 1.0, BAR_HEIGHT)
        self._paint_track(painter, self._lane, track)
        painter.setPen(QPen(self._theme.color("border"), 1))
        for seconds, _text in MARKS[1:-1]:
            x = track.left() + track.width() * position(seconds)
            painter.drawLine(QPointF(x, track.top()), QPointF(x, track.bottom()))
        self._paint_times(painter, self._lane, track)
        painter.end()

    def _paint_track(self, painter: QPainter, lane: Lane, track: QRectF) -> None:
        half = BAR_HEIGHT / 2
        if lane.within_seconds is None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.color("control"), 1, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(track, half, half)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("unknown_soft"))
        painter.drawRoundedRect(track, half, half)
        soft = QColor(self._theme.color(lane.tone))
        soft.setAlphaF(0.30)
        painter.setBrush(soft)
        painter.drawRoundedRect(self._until(track, lane.within_seconds), half, half)

    def _paint_times(self, painter: QPainter, lane: Lane, track: QRectF) -> None:
        color = self._theme.color(lane.tone)
        if lane.seconds is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawRoundedRect(self._until(track, lane.seconds), BAR_HEIGHT / 2, BAR_HEIGHT / 2)
        if lane.within_seconds is not None:
            end = self._until(track, lane.within_seconds).right()
            painter.setPen(QPen(color, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(QPointF(end, track.top() - 3), QPointF(end, track.bottom() + 3))

    def _until(self, track: QRectF, seconds: float) -> QRectF:
        done = QRectF(track)
        done.setWidth(max(float(BAR_HEIGHT), track.width() * position(seconds)))
        return done
