"""The time axis: one lane for each service, when it should stop by documentation and what was measured."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.colors import Tone
from cmk_admin.ui.theme.theme import Theme, font

# Equal widths for spans that people think in: minutes, the hour, the day
MARKS: tuple[tuple[float, str], ...] = ((0, "now"), (600, "10 min"), (3600, "1 h"), (86400, "24 h"))
NAME_WIDTH = 196
LANE_HEIGHT = 52
AXIS_HEIGHT = 26
BAR_HEIGHT = 8


@dataclass(frozen=True, slots=True)
class Lane:
    """What is drawn of one service."""

    name: str
    kind: str
    """The service in words."""
    words: str
    """What is said at the right end of the lane, under the bar."""
    tone: Tone
    icon: str
    within_seconds: float | None
    """The documented bound; None: not documented."""
    seconds: float | None = None
    """Measured so far, or in the end."""
    running: bool = False
    tip: str = ""


def position(seconds: float) -> float:
    """Where a time stands on the axis, from 0 to 1; past the last mark it stays at the end."""
    for at in range(1, len(MARKS)):
        low, high = MARKS[at - 1][0], MARKS[at][0]
        if seconds <= high:
            return (at - 1 + (seconds - low) / (high - low)) / (len(MARKS) - 1)
    return 1.0


class Lanes(QWidget):
    """The lanes of a plan or of a running operation. Everything it shows is also in its accessible description."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("When each service stops")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = theme
        self._lanes: tuple[Lane, ...] = ()
        theme.changed.connect(self.update)

    @property
    def lanes(self) -> tuple[Lane, ...]:
        return self._lanes

    def show_lanes(self, lanes: tuple[Lane, ...]) -> None:
        """Draw these from now on."""
        if lanes == self._lanes:
            return
        grown = len(lanes) != len(self._lanes)
        self._lanes = lanes
        self.setAccessibleDescription(". ".join(f"{one.name}, {one.kind}: {one.words}" for one in lanes))
        if grown:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(520, AXIS_HEIGHT + LANE_HEIGHT * max(1, len(self._lanes)))

    def minimumSizeHint(self) -> QSize:
        return QSize(420, self.sizeHint().height())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = (event.pos().y() - AXIS_HEIGHT) // LANE_HEIGHT
            if event.pos().y() >= AXIS_HEIGHT and 0 <= row < len(self._lanes):
                QToolTip.showText(event.globalPos(), self._lanes[row].tip or self._lanes[row].words, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, right = float(NAME_WIDTH), self.width() - 16.0
        self._paint_axis(painter, left, right)
        for row, lane in enumerate(self._lanes):
            self._paint_lane(painter, lane, AXIS_HEIGHT + row * LANE_HEIGHT, left, right)
        painter.end()

    def _paint_axis(self, painter: QPainter, left: float, right: float) -> None:
        painter.setFont(font(self.font(), sizes.SMALL))
        bottom = AXIS_HEIGHT + LANE_HEIGHT * len(self._lanes)
        for seconds, label in MARKS:
            x = left + (right - left) * position(seconds)
            painter.setPen(QPen(self._theme.color("border"), 1))
            painter.drawLine(QPointF(x, AXIS_HEIGHT - 4), QPointF(x, bottom - 4))
            painter.setPen(self._theme.color("secondary"))
            width = 64.0
            at = min(max(x - width / 2, left - 8), self.width() - width)
            align = Qt.AlignmentFlag.AlignHCenter
            if seconds == 0:
                at, align = x, Qt.AlignmentFlag.AlignLeft
            elif seconds == MARKS[-1][0]:
                at, align = x - width, Qt.AlignmentFlag.AlignRight
            painter.drawText(QRectF(at, 2, width, AXIS_HEIGHT - 8), align | Qt.AlignmentFlag.AlignVCenter, label)

    def _paint_lane(self, painter: QPainter, lane: Lane, top: float, left: float, right: float) -> None:
        ratio = self.devicePixelRatioF()
        color = self._theme.color(lane.tone)
        painter.drawPixmap(QPointF(4, top + 4), self._theme.pixmap(lane.icon, lane.tone, sizes.ICON, ratio))
        self._text(painter, lane.name, QRectF(28, top + 2, NAME_WIDTH - 36, 18), "text", bold=True)
        self._text(painter, lane.kind, QRectF(28, top + 21, NAME_WIDTH - 36, 16), "secondary", small=True)
        track = QRectF(left, top + 8, right - left, BAR_HEIGHT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("unknown_soft"))
        painter.drawRoundedRect(track, 4, 4)
        if lane.within_seconds is not None:
            self._paint_bound(painter, lane, track, color)
        else:
            painter.setBrush(QColor(0, 0, 0, 0))
            painter.setPen(QPen(self._theme.color("unknown"), 1, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(track, 4, 4)
        if lane.seconds is not None:
            done = QRectF(track)
            done.setWidth(max(BAR_HEIGHT, track.width() * position(lane.seconds)))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawRoundedRect(done, 4, 4)
        self._text(painter, lane.words, QRectF(left, top + 21, right - left, 18), lane.tone, small=True)

    def _paint_bound(self, painter: QPainter, lane: Lane, track: QRectF, color: QColor) -> None:
        assert lane.within_seconds is not None
        end = track.left() + track.width() * position(lane.within_seconds)
        soft = QColor(color)
        soft.setAlphaF(0.28)
        painter.setBrush(soft)
        painter.drawRoundedRect(
            QRectF(track.left(), track.top(), max(BAR_HEIGHT, end - track.left()), BAR_HEIGHT), 4, 4
        )
        painter.setPen(QPen(color, 2))
        painter.drawLine(QPointF(end, track.top() - 3), QPointF(end, track.bottom() + 3))

    def _text(
        self, painter: QPainter, text: str, where: QRectF, tone: Tone, *, small: bool = False, bold: bool = False
    ) -> None:
        painter.setFont(font(self.font(), sizes.SMALL if small else sizes.TEXT, bold=bold))
        painter.setPen(self._theme.color(tone))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, int(where.width()))
        painter.drawText(where, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
