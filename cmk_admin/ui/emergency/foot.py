"""The foot of a page: the buttons that answer it, at the platform's places."""

from PySide6.QtWidgets import QDialogButtonBox, QFrame, QHBoxLayout, QLayout, QPushButton, QStyle, QVBoxLayout, QWidget

from cmk_admin.ui.emergency.parts import PAGE_MARGIN


def footer(above: QLayout | None = None) -> tuple[QWidget, QHBoxLayout]:
    """The bar with the buttons under a page, which never scrolls away; `above`: what else stands there, over them."""
    line = QFrame()
    line.setProperty("role", "line")
    bar = QFrame()
    bar.setProperty("role", "surface")
    rows = QVBoxLayout(bar)
    rows.setContentsMargins(PAGE_MARGIN, 10, PAGE_MARGIN, 10)
    rows.setSpacing(10)
    if above is not None:
        rows.addLayout(above)
    row = QHBoxLayout()
    row.setSpacing(12)
    rows.addLayout(row)
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(line)
    column.addWidget(bar)
    return whole, row


def place_answers(row: QHBoxLayout, accept: QPushButton, reject: QPushButton) -> None:
    """Put two buttons at the right end in the platform's order.

    Not by a QDialogButtonBox: outside a dialog it makes the accepting button the default, which Enter then presses, and
    takes the default as its focus proxy, which keeps Tab among its buttons.
    """
    layout = QDialogButtonBox.ButtonLayout
    hint = accept.style().styleHint(QStyle.StyleHint.SH_DialogButtonLayout, None, accept)
    first = (reject, accept) if hint in (layout.MacLayout.value, layout.GnomeLayout.value) else (accept, reject)
    row.addStretch(1)
    for button in first:
        row.addWidget(button)
