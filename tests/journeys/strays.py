"""Windows that nobody asked for: a widget that is shown before it stands in one flashes, and takes the keyboard along."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QMainWindow, QWidget


class Strays(QObject):
    """Notes every window that is shown and is neither the program's, nor a dialog, a menu or a tooltip."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() is QEvent.Type.Show
            and isinstance(watched, QWidget)
            and watched.isWindow()
            and watched.windowType() is Qt.WindowType.Window
            and not isinstance(watched, QMainWindow)
        ):
            self.seen.append(f"{type(watched).__name__} {watched.objectName()}")
        return False
