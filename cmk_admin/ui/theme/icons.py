"""Icons: monochrome SVGs, recoloured and rendered to pixmaps once per colour.

No icon engine written in Python: it would be called back in the middle of painting.
"""

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from cmk_admin.ui.theme.resources import folder

SIZES = (16, 20)
"""Of menus and buttons; larger ones are asked for as pixmaps."""


@cache
def _source(name: str) -> str:
    return (folder() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


@cache
def names() -> tuple[str, ...]:
    """All icons there are, sorted."""
    return tuple(sorted(p.stem for p in (folder() / "icons").glob("*.svg")))


def pixmap(name: str, color: str, size: int, ratio: float = 1.0) -> QPixmap:
    """The icon in one colour, `size` device-independent pixels square. Raises FileNotFoundError for an unknown name."""
    return _rendered(_renderer(name, color), size, ratio)


def _renderer(name: str, color: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_source(name).replace("currentColor", color).encode()))


def _rendered(renderer: QSvgRenderer, size: int, ratio: float) -> QPixmap:
    picture = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return picture


def icon(name: str, color: str, disabled: str, ratio: float) -> QIcon:
    """The icon at all sizes, normal and disabled, for screens of up to that pixel ratio."""
    result = QIcon()
    for mode, tone in ((QIcon.Mode.Normal, color), (QIcon.Mode.Disabled, disabled)):
        renderer = _renderer(name, tone)
        for size in SIZES:
            result.addPixmap(_rendered(renderer, size, ratio), mode)
    return result
