"""The program's icon in the system tray, while its window is hidden and its operations go on."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from cmk_admin.ui.theme.theme import Theme


class Tray(QObject):
    """One way back to the hidden window: a click on the icon, or its menu. Some desktops have no tray."""

    wanted = Signal()
    """The window should be shown again."""

    def __init__(self, theme: Theme, running: tuple[str, ...], parent: QObject) -> None:
        """`running`: the titles of the operations that go on."""
        super().__init__(parent)
        self.menu = QMenu()
        self.menu.addAction("Show the window").triggered.connect(self._asked)
        self.icon = QSystemTrayIcon(theme.icon("watch", "accent"), self)
        self.icon.setToolTip(f"CMK Admin: {', '.join(running)}")
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._asked)

    @staticmethod
    def way_back() -> str:
        """How a hidden window is got back on this desktop, in a sentence."""
        if QSystemTrayIcon.isSystemTrayAvailable():
            return "A click on the program's icon in the system tray brings it back."
        return "You cannot bring it back before that, since this desktop has no system tray."

    def show(self) -> None:
        """Put the icon there, where the desktop has a tray."""
        if QSystemTrayIcon.isSystemTrayAvailable():
            self.icon.show()

    def remove(self) -> None:
        """Take the icon away for good."""
        self.icon.hide()
        self.menu.deleteLater()
        self.deleteLater()

    def _asked(self, *_: object) -> None:
        self.wanted.emit()
