"""The font: the system's, or the bundled one where pictures have to look alike and where the system has none."""

from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication

from cmk_admin.ui.theme.resources import folder
from cmk_admin.ui.theme.theme import font

BUNDLED = "Inter"


def install(app: QApplication, *, bundled: bool = False) -> None:
    """Set the application's font; `bundled`: the one in resources/fonts whatever the system has."""
    base = app.font()
    if bundled or not QFontDatabase.families():
        for file in sorted((folder() / "fonts").glob("*.otf")):
            QFontDatabase.addApplicationFont(str(file))
        base = QFont(BUNDLED)
        # So that one picture is like another: no hinting by this machine's settings
        base.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    app.setFont(font(base))
