"""The two palettes, by meaning. Contrast is held to WCAG 2.2: 4.5:1 for text (SC 1.4.3), 3:1 for controls (SC 1.4.11)."""

from dataclasses import dataclass
from typing import Literal

Tone = Literal["text", "secondary", "accent", "danger", "caution", "confirmed", "unknown", "sandbox", "on_accent"]
"""The meanings in which text and icons are drawn."""

TONES: tuple[Tone, ...] = (
    "text",
    "secondary",
    "accent",
    "danger",
    "caution",
    "confirmed",
    "unknown",
    "sandbox",
    "on_accent",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Colors:
    """One palette, as ``#rrggbb``. Red is for what is taken away or broken, green only for what was confirmed."""

    dark: bool
    window: str
    surface: str
    """Lists, fields, cards."""
    raised: str
    """Headers, alternate rows."""
    hover: str
    selected: str
    """Background of the selected row; text stays `text`."""
    border: str
    """Lines that only group."""
    control: str
    """Outlines of controls."""
    text: str
    secondary: str
    accent: str
    accent_fill: str
    on_accent: str
    danger: str
    danger_fill: str
    """The red button, under `on_danger`."""
    danger_hover: str
    on_danger: str
    danger_soft: str
    caution: str
    caution_soft: str
    confirmed: str
    confirmed_soft: str
    unknown: str
    unknown_soft: str
    sandbox: str
    sandbox_fill: str
    """The pill that says SANDBOX, under white."""
    drill_fill: str
    drill_stripe: str
    """The hatched pill that says DRILL, under `on_drill`."""
    on_drill: str
    disabled: str


LIGHT = Colors(
    dark=False,
    window="#f3f5f6",
    surface="#ffffff",
    raised="#f8fafa",
    hover="#edf3f4",
    selected="#d5ecef",
    border="#dbe1e4",
    control="#7c8a92",
    text="#1a2327",
    secondary="#52616a",
    accent="#0a6f80",
    accent_fill="#0b7285",
    on_accent="#ffffff",
    danger="#b8232b",
    danger_fill="#c22a31",
    danger_hover="#a61f26",
    on_danger="#ffffff",
    danger_soft="#fbe8e8",
    caution="#865300",
    caution_soft="#fdf1d5",
    confirmed="#17703a",
    confirmed_soft="#e2f3e8",
    unknown="#56646c",
    unknown_soft="#e9edef",
    sandbox="#5f3dc4",
    sandbox_fill="#6741d9",
    drill_fill="#ffc53d",
    drill_stripe="#e8a91c",
    on_drill="#2b1d00",
    disabled="#98a3a9",
)

DARK = Colors(
    dark=True,
    window="#171c20",
    surface="#1e252a",
    raised="#232b31",
    hover="#273137",
    selected="#1d434b",
    border="#323d44",
    control="#72828b",
    text="#e4eaed",
    secondary="#a6b3ba",
    accent="#56c7d8",
    accent_fill="#4dbfd0",
    on_accent="#06262b",
    danger="#ff928d",
    danger_fill="#c9363c",
    danger_hover="#d13e44",
    on_danger="#ffffff",
    danger_soft="#412428",
    caution="#f0bd5b",
    caution_soft="#3b3120",
    confirmed="#68ce8c",
    confirmed_soft="#1d3a2a",
    unknown="#a3b0b7",
    unknown_soft="#2c353b",
    sandbox="#b9a3ff",
    sandbox_fill="#7a5ae4",
    drill_fill="#ffc53d",
    drill_stripe="#e8a91c",
    on_drill="#2b1d00",
    disabled="#66737b",
)


def luminance(color: str) -> float:
    """Relative luminance (WCAG 2.2, definition of the same name)."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, definition of the same name)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
