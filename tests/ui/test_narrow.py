"""Where there is little room: in the strip nothing touches, and in a table what matters of a text stays."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from cmk_admin.operations.interface import ConnectionInfo, ConnectionKind
from cmk_admin.ui.details.page import Cell, Grid, GridRow
from cmk_admin.ui.strip import GAP, LEAST_SCOPE, Strip
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.grid import GridTab
from tests.domain import estates


@pytest.mark.parametrize("width", [760, 900, 1024, 1100, 1280, 1600])
@pytest.mark.parametrize("drill", [None, "shared"])
@pytest.mark.parametrize("name", ["administrator", "anna.administrator-of-the-keys@production.dcc.example"])
def test_the_tenant_gives_way_before_anything_in_the_strip_touches(
    theme: Theme, qtbot: QtBot, width: int, drill: str | None, name: str
) -> None:
    estate = estates.dcc()
    account = replace(estate.account, name=name)
    strip = Strip(theme)
    qtbot.addWidget(strip)
    strip.show_connection(
        ConnectionInfo(kind=ConnectionKind.SANDBOX, key="s", account=account, folder=Path("/nowhere"), drill=drill)
    )
    strip.show_drill_clock("12:34")
    strip.show_estate(estate, estates.NOW, reading=False)
    strip.resize(width, strip.height())
    strip.show()
    QApplication.processEvents()
    shown = sorted(
        (one for one in strip.findChildren(QWidget) if one.isVisible()), key=lambda one: one.geometry().left()
    )
    for left, right in pairwise(shown):
        assert right.geometry().left() - left.geometry().right() >= 4, (left.objectName(), right.objectName())
    assert shown[-1].geometry().right() <= strip.width()
    assert strip.coverage.width() >= strip.coverage.sizeHint().width()
    icon = shown[shown.index(strip.coverage) - 1]
    before = shown[shown.index(icon) - 1]
    assert icon.geometry().left() - before.geometry().right() >= GAP
    if strip.scope.isVisible():
        assert strip.scope.width() >= LEAST_SCOPE
    assert strip.account.width() >= min(strip.account.sizeHint().width(), 90)


def test_of_a_grant_its_day_can_be_read_beside_long_names(theme: Theme, qtbot: QtBot) -> None:
    granted = "26 Nov 2026 by administrator"
    cells = (
        Cell(text="id-mysql-of-the-payments-and-clearing-platform-identity-0001", icon="identity"),
        Cell(text="role Key Vault Crypto Service Encryption User on mysql-encryption-key-of-the-clearing-platform"),
        Cell(text="get, unwrapKey, wrapKey", begins=True),
        Cell(text=granted, tip="2026-11-26 06:00:00 UTC", begins=True),
        Cell(text="No service that was read uses it", begins=True),
    )
    tab = GridTab(theme, "access")
    qtbot.addWidget(tab)
    tab.resize(948, 560)
    tab.show_grid(
        Grid(
            name="access",
            title="Access",
            columns=("Who", "By which path", "Allows", "Granted", "Remarks"),
            rows=tuple(GridRow(cells=cells) for _ in range(60)),
        )
    )
    tab.show()
    QApplication.processEvents()
    widths = [tab.view.columnWidth(column) for column in range(5)]
    assert tab.view.horizontalScrollBar().maximum() == 0, widths
    assert widths[3] >= tab.view.fontMetrics().horizontalAdvance("26 Nov 2026 by…") + 12, widths
    assert widths[1] > widths[3]
    assert tab.model.index(0, 3).data(3) == f"{granted}\n2026-11-26 06:00:00 UTC", "whole in the tooltip"
