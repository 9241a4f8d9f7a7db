from xml.etree import ElementTree

import pytest
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication

from cmk_admin.ui.theme import icons
from cmk_admin.ui.theme.colors import DARK, LIGHT, TONES, Colors, contrast
from cmk_admin.ui.theme.resources import folder
from cmk_admin.ui.theme.theme import Mode, Theme

BACKGROUNDS = ("window", "surface", "raised", "hover", "selected")
FILLS = (
    ("on_accent", "accent_fill"), ("on_accent", "accent"), ("on_danger", "danger_fill"), ("on_danger", "danger_hover"),
    ("danger", "danger_soft"), ("caution", "caution_soft"), ("confirmed", "confirmed_soft"), ("unknown", "unknown_soft"),
    ("text", "caution_soft"), ("text", "danger_soft"), ("text", "confirmed_soft"), ("text", "unknown_soft"),
    ("surface", "text"), ("secondary", "unknown_soft"),
)  # fmt: skip


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("tone", [tone for tone in TONES if tone != "on_accent"])
def test_text_of_every_meaning_is_readable_on_every_background(colors: Colors, tone: str) -> None:
    for background in BACKGROUNDS:
        ratio = contrast(getattr(colors, tone), getattr(colors, background))
        assert ratio >= 4.5, f"{tone} on {background}: {ratio:.2f}"


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_text_on_fills_is_readable(colors: Colors) -> None:
    for text, fill in FILLS:
        ratio = contrast(getattr(colors, text), getattr(colors, fill))
        assert ratio >= 4.5, f"{text} on {fill}: {ratio:.2f}"
    assert contrast("#ffffff", colors.sandbox_fill) >= 4.5


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_controls_stand_out_from_what_is_around_them(colors: Colors) -> None:
    for part in ("control", "accent", "accent_fill", "danger_fill"):
        for background in ("window", "surface"):
            if (part, colors.dark) == ("danger_fill", True):
                continue  # its white text carries it, and it has a border when it is focused
            assert contrast(getattr(colors, part), getattr(colors, background)) >= 3, f"{part} on {background}"


def test_every_icon_is_one_colour_and_renders() -> None:
    assert len(icons.names()) >= 30
    for name in icons.names():
        source = (folder() / "icons" / f"{name}.svg").read_text()
        ElementTree.fromstring(source)  # noqa: S314 - our own file
        assert 'stroke="currentColor"' in source, name
        assert source.count("#") == 0, name
        image = icons.pixmap(name, "#123456", 24).toImage()
        assert any(image.pixelColor(x, y).alpha() for x in range(24) for y in range(24)), name


def test_the_hand_overrules_the_system_and_icons_follow(app: QApplication, theme: Theme) -> None:
    theme.set_mode(Mode.LIGHT)
    light = theme.pixmap("key").toImage()
    heard: list[bool] = []
    theme.changed.connect(lambda: heard.append(theme.colors.dark))
    theme.set_mode(Mode.DARK)
    assert heard == [True]
    assert theme.pixmap("key").toImage() != light
    assert app.palette().window().color().name() == DARK.window
    theme.set_mode(Mode.LIGHT)
    assert theme.pixmap("key").toImage() == light


def test_the_bundled_font_is_there_with_its_licence(app: QApplication) -> None:
    assert app.font().family() == "Inter"
    assert "Inter" in QFontDatabase.families()
    assert "SIL OPEN FONT LICENSE" in (folder() / "fonts" / "OFL.txt").read_text().upper()
