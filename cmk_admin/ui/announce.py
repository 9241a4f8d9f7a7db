"""Telling a screen reader what changed, without moving the focus (WCAG 2.2 SC 4.1.3)."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

Listener = Callable[[str, bool], None]
"""Gets what was said, and whether it was urgent."""

_listeners: list[Listener] = []


def listen(listener: Listener) -> Callable[[], None]:
    """Tell `listener` all that is announced from now on; what is returned ends that."""
    _listeners.append(listener)

    def stop() -> None:
        if listener in _listeners:
            _listeners.remove(listener)

    return stop


def announce(widget: QWidget, text: str, *, urgent: bool = False) -> None:
    """Say `text`: politely when the reader is free, or at once where something failed."""
    from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent  # large, and nothing is said at first

    event = QAccessibleAnnouncementEvent(widget, text)
    event.setPoliteness(
        QAccessible.AnnouncementPoliteness.Assertive if urgent else QAccessible.AnnouncementPoliteness.Polite
    )
    QAccessible.updateAccessibility(event)
    for listener in tuple(_listeners):
        listener(text, urgent)
