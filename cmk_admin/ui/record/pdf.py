"""A record as a PDF: its page, laid out by Qt on A4, each sheet with its number, the operation and the head hash."""

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSizeF, Qt, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFont,
    QFontDatabase,
    QPageLayout,
    QPageSize,
    QPainter,
    QPalette,
    QPdfWriter,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextOption,
)

from cmk_admin.domain.record import Record
from cmk_admin.operations.record_html import to_html
from cmk_admin.runtime.paths import write_private
from cmk_admin.ui.theme.fonts import BUNDLED
from cmk_admin.ui.theme.resources import folder

_DPI = 300
_MARGIN_MM = 18.0
_FOOT_MM = 9.0
"""Kept free under the text for the foot of the page."""


class PlainDocument(QTextDocument):
    """Rich text that loads nothing: no picture, no style sheet, no address."""

    def loadResource(self, kind: int, name: QUrl | str) -> None:
        return None


def document_of(record: Record) -> QTextDocument:
    """The record's page as a document that no address can break out of, and that breaks long ids where it must."""
    document = PlainDocument()
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    document.setDefaultTextOption(option)
    document.setHtml(to_html(record))
    return document


def print_record(record: Record, path: Path) -> None:
    """Write the PDF, mode 0600. Needs a QGuiApplication. Raises OSError; FileNotFoundError where fonts are missing."""
    write_private(path, to_pdf(record))


def to_pdf(record: Record) -> bytes:
    """The PDF's bytes."""
    _load_font()
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_DPI)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    margins = QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM)
    writer.setPageMargins(margins, QPageLayout.Unit.Millimeter)
    writer.setTitle(f"Record of operation {record.operation}")
    writer.setCreator("CMK Admin")
    document = document_of(record)
    document.setDefaultFont(_font(9))
    document.setDocumentMargin(0)
    document.documentLayout().setPaintDevice(writer)
    page = QRectF(writer.pageLayout().paintRectPixels(_DPI))
    foot = _FOOT_MM / 25.4 * _DPI
    body = QSizeF(page.width(), page.height() - foot)
    document.setPageSize(body)
    _keep_headings(document, body.height())
    painter = QPainter(writer)
    try:
        for number in range(document.pageCount()):
            if number:
                writer.newPage()
            _paint(painter, document, body, number)
            _paint_foot(painter, record, QRectF(0, body.height(), body.width(), foot), number, document.pageCount())
    finally:
        painter.end()
    buffer.close()
    return bytes(held.data())


def _keep_headings(document: QTextDocument, height: float) -> None:
    """No heading stands alone at the foot of a sheet: it goes over with what it heads. Each is moved once, top down."""
    block = document.begin()
    while block.isValid():
        following = block.next()
        if block.blockFormat().headingLevel() and following.isValid():
            layout = document.documentLayout()
            top, under = layout.blockBoundingRect(block).top(), layout.blockBoundingRect(following).bottom()
            if int(top // height) != int((under - 1) // height):
                moved = QTextBlockFormat()
                moved.setPageBreakPolicy(QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore)
                QTextCursor(block).mergeBlockFormat(moved)
        block = following


def _paint(painter: QPainter, document: QTextDocument, body: QSizeF, number: int) -> None:
    shown = QRectF(0, number * body.height(), body.width(), body.height())
    context = QAbstractTextDocumentLayout.PaintContext()
    # Black on white, whatever colours the window has
    context.palette.setColor(QPalette.ColorRole.Text, Qt.GlobalColor.black)
    context.clip = shown
    painter.save()
    painter.translate(0, -shown.top())
    painter.setClipRect(shown)
    document.documentLayout().draw(painter, context)
    painter.restore()


def _paint_foot(painter: QPainter, record: Record, place: QRectF, number: int, of: int) -> None:
    painter.save()
    painter.setFont(_font(7))
    painter.setPen(Qt.GlobalColor.darkGray)
    state = "" if record.complete else "INTERIM, "
    bottom = Qt.AlignmentFlag.AlignBottom
    painter.drawText(
        place, Qt.AlignmentFlag.AlignLeft | bottom, f"{state}operation {record.operation}, head {record.head}"
    )
    painter.drawText(place, Qt.AlignmentFlag.AlignRight | bottom, f"{number + 1} of {of}")
    painter.restore()


def _font(points: int) -> QFont:
    font = QFont(BUNDLED, points)
    # Inter sets hyphens and colons between digits by other glyphs, which a PDF cannot be searched for or copied by
    font.setFeature(QFont.Tag("calt"), 0)
    return font


def _load_font() -> None:
    """So that the PDF is the same on every machine, and has letters where the system has none."""
    if BUNDLED not in QFontDatabase.families():
        for file in sorted((folder() / "fonts").glob("*.otf")):
            QFontDatabase.addApplicationFont(str(file))
