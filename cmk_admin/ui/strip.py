"""The strip at the top: which Azure this is, who is signed in, what was read of it, and how old that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from cmk_admin.domain import words
from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.sign_in import CLOUD_WORDS, WAY_WORDS
from cmk_admin.operations.connection import ConnectionChoice, ConnectionInfo, ConnectionKind
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.colors import Tone
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.labels import Elided, ToneIcon, label, repolish

if TYPE_CHECKING:
    from datetime import datetime

    from cmk_admin.domain.model import Coverage, Estate

HEIGHT = 44
GAP = 16
"""Least width between what is at the left and what is at the right."""
LEAST_SCOPE = 96
"""Less of the tenant says nothing."""
WIDEST = 16_777_215
"""Qt's own bound of a width."""
NARROW = 1000
"""Below it the tenant stands in the account's tooltip only."""


class Pill(QLabel):
    """Which kind of Azure; a drill's is hatched, so that it is told from the others without its colour."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.hatched = False
        self.setObjectName("strip-pill")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "pill")

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.hatched:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            shape = QPainterPath()
            shape.addRoundedRect(QRectF(self.rect()), self.height() / 2, self.height() / 2)
            painter.setClipPath(shape)
            painter.fillRect(self.rect(), self._theme.color("drill_fill"))
            painter.setPen(QPen(self._theme.color("drill_stripe"), 4))
            for x in range(-self.height(), self.width(), 11):
                painter.drawLine(x, self.height(), x + self.height(), 0)
            painter.end()
        super().paintEvent(event)


class Strip(QFrame):
    coverage_clicked = Signal()
    end_drill = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("strip")
        self.setProperty("role", "strip")
        self.setFixedHeight(HEIGHT)
        self._theme = theme
        self._read_at: datetime | None = None
        self._coverage: Coverage | None = None
        self._where = ""
        """The cloud in words, on a real Azure."""
        self.pill = Pill(theme)
        self.pill.setFixedHeight(22)
        self.drill_clock, self.drill_end = self._drill_parts()
        self._account_icon = ToneIcon(theme, "user")
        self.account = Elided("")
        self.account.setObjectName("strip-account")
        self.scope = Elided("", "quiet")
        self.scope.setObjectName("strip-scope")
        self._coverage_icon = ToneIcon(theme, "info")
        self.coverage = QPushButton()
        self.coverage.setObjectName("strip-coverage")
        self.coverage.setProperty("role", "link")
        self.coverage.setCursor(Qt.CursorShape.PointingHandCursor)
        self.coverage.clicked.connect(self.coverage_clicked)
        self._age_icon = ToneIcon(theme, "clock")
        self.age = label("", "quiet", name="strip-age")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, sizes.GRID, 0)
        row.setSpacing(6)
        row.addWidget(self.pill)
        row.addWidget(self.drill_clock)
        row.addWidget(self.drill_end)
        row.addSpacing(10)
        row.addWidget(self._account_icon)
        for words_ in (self.account, self.scope):
            words_.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row.addWidget(self.account)
        row.addSpacing(6)
        row.addWidget(self.scope)
        row.addSpacing(GAP)
        row.addStretch(1)
        row.addWidget(self._coverage_icon)
        row.addWidget(self.coverage)
        row.addSpacing(12)
        row.addWidget(self._age_icon)
        row.addWidget(self.age)
        row.addSpacing(8)
        self._row = row
        self._show_reading(False)

    def _drill_parts(self) -> tuple[QLabel, QPushButton]:
        """The clock of a drill and the button that ends it."""
        clock = label("", "strong", name="strip-drill-clock")
        clock.setToolTip("How long the drill has been held")
        end = QPushButton("End drill")
        end.setObjectName("strip-end-drill")
        end.setAccessibleName("End the drill and see how it turned out")
        end.clicked.connect(self.end_drill)
        return clock, end

    def add_button(self, action: QAction) -> None:
        """A verb as an icon at the right end."""
        button = QToolButton()
        button.setObjectName(f"strip-{action.objectName()}")
        button.setDefaultAction(action)
        button.setAccessibleName(action.text().replace("&", ""))
        button.setIconSize(QSize(18, 18))
        button.setFixedSize(30, 30)
        shortcut = action.shortcut().toString()
        button.setToolTip(f"{action.toolTip()} ({shortcut})" if shortcut else action.toolTip())
        self._row.addWidget(button)

    def show_opening(self, choice: ConnectionChoice) -> None:
        """A connection is being opened."""
        self.show_connection(None)
        opening = "Signing in to Azure…" if choice.live is not None else "Opening the connection…"
        if choice.drill is not None:
            opening = "Starting the drill…"
        self.account.setText("Starting the sandbox…" if choice.own_sandbox and choice.drill is None else opening)
        self.account.set_tip("")
        self.account.show()

    def show_connection(self, info: ConnectionInfo | None) -> None:
        """Which Azure; None: none is open."""
        self.pill.setVisible(info is not None)
        drill = info is not None and info.drill is not None
        self.drill_clock.setVisible(drill)
        self.drill_end.setVisible(drill)
        parts: tuple[QWidget, ...] = (self._account_icon, self.account, self.scope)
        for widget in parts:
            widget.setVisible(info is not None)
        if info is None:
            self._read_at = None
            self._show_reading(False)
            return
        sandbox = info.kind is ConnectionKind.SANDBOX
        self.pill.setText("SANDBOX" if sandbox else "LIVE")
        self.pill.setProperty("tone", "sandbox" if sandbox else "live")
        self.pill.setAccessibleName("Connected to a sandbox" if sandbox else "Connected to the live Azure")
        speed = f", time runs {info.speed:g} times as fast" if sandbox and info.speed != 1 else ""
        cloud = CLOUD_WORDS.get(info.account.cloud, info.account.cloud)
        self._where = "" if sandbox else f" · {cloud}"
        self.pill.setToolTip(
            f"An Azure on this machine{speed}. Nothing here reaches a live account."
            if sandbox
            else f"{cloud}, tenant {info.account.tenant_id}. What is done here is done for real."
        )
        self.pill.hatched = drill
        if drill:
            self.pill.setText("DRILL")
            self.pill.setProperty("tone", "drill")
            self.pill.setAccessibleName(f"A drill: {info.drill}")
            self.pill.setToolTip(f"The drill “{info.drill}”{speed}. Nothing here reaches a live account.")
        repolish(self.pill)
        self.account.setText(info.account.name)
        way = f" through {WAY_WORDS[info.signed_in_by]}" if info.signed_in_by in WAY_WORDS else ""
        self.account.set_tip(
            f"Signed in as {info.account.name}{way}\nObject id {info.account.object_id}\nTenant {info.account.tenant_id}"
        )
        self.scope.setText(f"tenant {words.shortened(info.account.tenant_id, 13)}{self._where}")
        self.scope.set_tip(f"Tenant {info.account.tenant_id}, cloud {info.account.cloud}")

    def show_drill_clock(self, text: str) -> None:
        """How long the drill has been held: ``07:12``."""
        self.drill_clock.setText(text)
        self.drill_clock.setAccessibleName(f"The drill has been held for {text}")

    def show_estate(self, estate: Estate, now: datetime, *, reading: bool) -> None:
        """What was read, and when."""
        subscriptions = words.count(len(estate.subscriptions), "subscription")
        names = ", ".join(one.name for one in estate.subscriptions[:8])
        tenant = words.shortened(estate.account.tenant_id, 13)
        self.scope.setText(f"tenant {tenant}{self._where} · {subscriptions}")
        self.scope.set_tip(f"Tenant {estate.account.tenant_id}, cloud {estate.account.cloud}\n{names}")
        coverage = estate.coverage
        self._coverage = coverage
        self.coverage.setAccessibleName(f"Coverage: {words.coverage(coverage)}")
        self.coverage.setToolTip(f"{words.coverage(coverage)}. Click for what could not be read.")
        self._fit()
        icon, tone = coverage_look(coverage)
        self._coverage_icon.show_icon(icon, tone)
        self._read_at = estate.read_at
        self.tick(now, reading=reading)
        self._show_reading(True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def tick(self, now: datetime, *, reading: bool) -> None:
        """Time has passed."""
        if self._read_at is None:
            return
        age = words.ago(self._read_at, now)
        said = f"{age} · reading…" if reading else f"read {age}"
        if said != self.age.text():
            self.age.setText(said)
            self._fit()
        self.age.setToolTip(f"Read at {words.exact(self._read_at)}. F5 reads what is selected again.")

    def _fit(self) -> None:
        """The coverage in as many words as there is room for: it is never cut off. The tenant gives way first."""
        if self._coverage is None:
            return
        self.scope.setMaximumWidth(WIDEST)
        self.scope.setVisible(self.width() > NARROW)
        wanted = 0 if self.scope.isHidden() else self.scope.sizeHint().width()
        left = 0
        for said in (words.coverage(self._coverage), short_coverage(self._coverage)):
            self.coverage.setText(said)
            left = wanted + self.width() - self._row.sizeHint().width()
            if left >= min(wanted, LEAST_SCOPE):
                break
        self.scope.setMaximumWidth(max(left, 0))
        self.scope.setVisible(left >= LEAST_SCOPE and not self.scope.isHidden())

    def _show_reading(self, shown: bool) -> None:
        parts: tuple[QWidget, ...] = (self._coverage_icon, self.coverage, self._age_icon, self.age)
        for widget in parts:
            widget.setVisible(shown)


def short_coverage(coverage: Coverage) -> str:
    """``14 of 16 subscriptions read, 4 problems``: where there is no room for which."""
    read = f"{coverage.subscriptions_read} of {words.count(coverage.subscriptions_listed, 'subscription')} read"
    return f"{read}, {words.count(len(coverage.problems), 'problem')}" if coverage.problems else read


def coverage_look(coverage: Coverage) -> tuple[str, Tone]:
    """Icon and tone."""
    if not coverage.finished:
        return "refresh", "secondary"
    if coverage.complete:
        return "info", "secondary"
    kinds = {one.kind for one in coverage.problems}
    if kinds <= {FailureKind.NOT_VISIBLE, FailureKind.UNREACHABLE}:
        return "unknown", "caution"
    return "warning", "caution"
