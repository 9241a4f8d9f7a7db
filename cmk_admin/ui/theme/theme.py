"""The look as it is now: which palette, and icons in its colours. Follows the system unless set by hand."""

from enum import StrEnum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

from cmk_admin.ui.theme import icons, sizes
from cmk_admin.ui.theme.colors import DARK, LIGHT, Colors, Tone
from cmk_admin.ui.theme.sheet import sheet


class Mode(StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Theme(QObject):
    """One per application; handed to whoever draws by hand or shows an icon."""

    changed = Signal()
    """Other colours from now on: ask for icons and colours again."""

    def __init__(self, app: QApplication, mode: Mode = Mode.SYSTEM) -> None:
        super().__init__(app)
        self._app = app
        self._mode = mode
        self._dressed = False
        self._icons: dict[tuple[str, str], QIcon] = {}
        self._pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}
        self._colors = self._wanted()
        self._apply()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow)

    @property
    def colors(self) -> Colors:
        return self._colors

    @property
    def mode(self) -> Mode:
        return self._mode

    def set_mode(self, mode: Mode) -> None:
        """Follow the system, or stay light or dark."""
        self._mode = mode
        self._follow()

    def dress(self) -> None:
        """Set the style sheet. After the first window was made: each widget is polished once then, and not at each step."""
        if not self._dressed:
            self._dressed = True
            self._apply()

    def color(self, name: str) -> QColor:
        """A colour of the palette by its field's name."""
        return QColor(getattr(self._colors, name))

    def icon(self, name: str, tone: Tone = "text") -> QIcon:
        """An icon of resources/icons in the colour of a meaning; pre-rendered and kept."""
        color = getattr(self._colors, tone)
        found = self._icons.get((name, color))
        if found is None:
            found = self._icons[name, color] = icons.icon(
                name, color, self._colors.disabled, self._app.devicePixelRatio()
            )
        return found

    def pixmap(self, name: str, tone: Tone = "text", size: int = sizes.ICON, ratio: float = 1.0) -> QPixmap:
        """The same as a pixmap for one pixel ratio, for delegates."""
        color = getattr(self._colors, tone)
        found = self._pixmaps.get((name, color, size, ratio))
        if found is None:
            found = self._pixmaps[name, color, size, ratio] = icons.pixmap(name, color, size, ratio)
        return found

    def _wanted(self) -> Colors:
        if self._mode is Mode.SYSTEM:
            return DARK if QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark else LIGHT
        return DARK if self._mode is Mode.DARK else LIGHT

    def _follow(self, *_: object) -> None:
        wanted = self._wanted()
        if wanted is not self._colors:
            self._colors = wanted
            self._apply()
            self.changed.emit()

    def _apply(self) -> None:
        self._app.setPalette(palette(self._colors))
        if self._dressed:
            self._app.setStyleSheet(sheet(self._colors))


def palette(colors: Colors) -> QPalette:
    """Qt's palette for Fusion."""
    result = QPalette()
    roles = {
        QPalette.ColorRole.Window: colors.window,
        QPalette.ColorRole.WindowText: colors.text,
        QPalette.ColorRole.Base: colors.surface,
        QPalette.ColorRole.AlternateBase: colors.raised,
        QPalette.ColorRole.Text: colors.text,
        QPalette.ColorRole.PlaceholderText: colors.secondary,
        QPalette.ColorRole.Button: colors.surface,
        QPalette.ColorRole.ButtonText: colors.text,
        QPalette.ColorRole.BrightText: colors.danger,
        QPalette.ColorRole.ToolTipBase: colors.raised,
        QPalette.ColorRole.ToolTipText: colors.text,
        QPalette.ColorRole.Highlight: colors.selected,
        QPalette.ColorRole.HighlightedText: colors.text,
        QPalette.ColorRole.Link: colors.accent,
        QPalette.ColorRole.LinkVisited: colors.accent,
        QPalette.ColorRole.Accent: colors.accent_fill,
        QPalette.ColorRole.Light: colors.surface,
        QPalette.ColorRole.Midlight: colors.raised,
        QPalette.ColorRole.Mid: colors.border,
        QPalette.ColorRole.Dark: colors.control,
        QPalette.ColorRole.Shadow: colors.border,
    }
    for role, value in roles.items():
        result.setColor(role, QColor(value))
    disabled = QColor(colors.disabled)
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, disabled)
    return result


def font(base: QFont, pixels: int = sizes.TEXT, *, bold: bool = False) -> QFont:
    """The system's font at a size, with digits of equal width."""
    result = QFont(base)
    result.setPixelSize(pixels)
    if bold:
        result.setWeight(QFont.Weight.DemiBold)
    result.setFeature(QFont.Tag("tnum"), 1)
    return result
