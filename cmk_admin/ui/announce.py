"""Telling a screen reader what changed, without moving the focus (WCAG 2.2 SC 4.1.3)."""

from PySide6.QtWidgets import QWidget


def announce(widget: QWidget, text: str, *, urgent: bool = False) -> None:
    """Say `text`: politely when the reader is free, or at once where something failed."""
    from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent  # large, and nothing is said at first

    event = QAccessibleAnnouncementEvent(widget, text)
    event.setPoliteness(
        QAccessible.AnnouncementPoliteness.Assertive if urgent else QAccessible.AnnouncementPoliteness.Polite
    )
    QAccessible.updateAccessibility(event)
