"""The revoke page of a key that fifty services use: what is long is folded, and nothing of it is out of reach."""

from dataclasses import replace
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QComboBox, QLabel, QWidget
from pytestqt.qtbot import QtBot

from cmk_admin.domain.plan import Choice, Plan
from cmk_admin.ui.bridge import Bridge
from cmk_admin.ui.emergency.lanes import Lanes
from cmk_admin.ui.emergency.revoke_page import RevokePage
from cmk_admin.ui.theme.theme import Theme
from tests.ui.test_emergency_pages import plan_now, revoke_page, start_button

W = TypeVar("W", bound=QWidget)

MANY = 50
NAMES = [f"server-{at}" for at in range(MANY)]
STOPS = tuple(
    Choice(id=f"stop:/x/{name}", title=f"Stop {name}", why="It stops at once.", chosen=False) for name in NAMES
)


def firsts(why: str = "") -> tuple[Choice, ...]:
    """Each could be cut first; with `why`, none."""
    return tuple(
        Choice(
            id=f"staged:/x/{name}",
            title=f"Cut {name} first, watch it, then the rest",
            why=f"{name} cannot be cut first: {why}" if why else f"The rest waits until {name} was seen.",
            chosen=False,
            possible=not why,
        )
        for name in NAMES
    )


def plan_of_many(choices: tuple[Choice, ...]) -> Plan:
    plan = plan_now()
    effects = [replace(plan.effects[0], consumer_id=f"/x/{name}", consumer_name=name) for name in NAMES]
    effects[-1] = replace(effects[-1], wanted=False)
    return replace(
        plan,
        effects=tuple(effects),
        choices=choices,
        steps=plan.steps[:1] * MANY,
        paths=tuple(replace(plan.paths[0], principal=name, principal_name=name) for name in NAMES),
    )


def opened(bridge: Bridge, theme: Theme, qtbot: QtBot, choices: tuple[Choice, ...]) -> RevokePage:
    plan = plan_of_many(choices)
    page = revoke_page(bridge, theme, qtbot, plan)
    qtbot.waitUntil(start_button(page).isEnabled)
    assert page.plan is plan
    page.activateWindow()
    return page


def found(page: QWidget, kind: type[W], name: str) -> W:
    one = page.findChild(kind, name)
    assert one is not None
    return one


def seen(page: QWidget, kind: type[QWidget], start: str) -> list[str]:
    parts = page.findChildren(kind)
    return [one.objectName() for one in parts if one.isVisible() and one.objectName().startswith(start)]


def click(page: QWidget, name: str) -> None:
    found(page, QAbstractButton, name).click()


def test_from_the_method_to_the_reason_it_is_a_short_way_by_keyboard(
    bridge: Bridge, theme: Theme, qtbot: QtBot
) -> None:
    page = opened(bridge, theme, qtbot, (*STOPS, *firsts()))
    found(page, QAbstractButton, f"revoke-method-{page.plan.method if page.plan else ''}").setFocus()
    way: list[str] = []
    while (focused := QApplication.focusWidget()) is not None and focused.objectName() != "revoke-reason":
        assert len(way) < 25
        QTest.keyClick(focused, Qt.Key.Key_Tab)
        way.append(focused.objectName())
    folds = {"revoke-all-stops", "revoke-all-lanes", "revoke-paths-all", "revoke-all-steps"}
    assert {*folds, "revoke-choice-staged", "revoke-choice-staged-which"} <= set(way)


def test_what_is_folded_is_unfolded_whole_and_folded_again(bridge: Bridge, theme: Theme, qtbot: QtBot) -> None:
    page = opened(bridge, theme, qtbot, STOPS)
    lanes = found(page, Lanes, "revoke-lanes")
    # Whom nobody asked to cut stands among those that are seen
    assert (len(lanes.lanes), lanes.lanes[0].name) == (8, NAMES[-1])
    assert len(seen(page, QAbstractButton, "step-")) == 8
    assert not seen(page, QCheckBox, "revoke-choice-")
    for fold, text in (("lanes", "services"), ("steps", "steps")):
        assert found(page, QAbstractButton, f"revoke-all-{fold}").text() == f"Show all 50 {text}"
        click(page, f"revoke-all-{fold}")
    assert found(page, QAbstractButton, "revoke-all-stops").text() == "Stop services at once (50)…"
    click(page, "revoke-all-stops")
    assert len(lanes.lanes) == MANY
    qtbot.waitUntil(lambda: len(seen(page, QAbstractButton, "step-")) == MANY)
    assert len(seen(page, QCheckBox, "revoke-choice-")) == MANY
    for fold in ("lanes", "steps", "stops"):
        click(page, f"revoke-all-{fold}")
    assert len(lanes.lanes) == 8
    assert not seen(page, QCheckBox, "revoke-choice-")


def test_unfolding_by_keyboard_goes_to_what_came_and_what_is_ticked_there_stays_in_sight(
    bridge: Bridge, theme: Theme, qtbot: QtBot
) -> None:
    page = opened(bridge, theme, qtbot, STOPS)
    fold = found(page, QAbstractButton, "revoke-all-stops")
    fold.setFocus()
    QTest.keyClick(fold, Qt.Key.Key_Space)
    first = QApplication.focusWidget()
    assert first is not None
    assert first.objectName() == f"revoke-choice-{STOPS[0].id}"
    QTest.keyClick(first, Qt.Key.Key_Space)
    assert page.draft.choices == (STOPS[0].id,)
    ticked = (replace(STOPS[0], chosen=True), *STOPS[1:])
    again = opened(bridge, theme, qtbot, ticked)
    assert seen(again, QCheckBox, "revoke-choice-") == [f"revoke-choice-{STOPS[0].id}"]


def test_whoever_is_cut_first_is_picked_from_a_list(bridge: Bridge, theme: Theme, qtbot: QtBot) -> None:
    page = opened(bridge, theme, qtbot, firsts())
    which = found(page, QComboBox, "revoke-choice-staged-which")
    assert [which.itemText(at) for at in range(which.count())] == NAMES
    which.setFocus()
    QTest.keyClick(which, Qt.Key.Key_Down)
    assert not page.draft.choices
    assert "The rest waits until server-1 was seen." in [one.text() for one in page.findChildren(QLabel)]
    click(page, "revoke-choice-staged")
    assert list(page.draft.choices) == ["staged:/x/server-1"]


@pytest.mark.parametrize("separable", [0, 1])
def test_why_many_cannot_be_first_is_said_once(bridge: Bridge, theme: Theme, qtbot: QtBot, separable: int) -> None:
    none = firsts("this method cuts all at once.")
    page = opened(bridge, theme, qtbot, (*firsts()[:separable], *none[separable:]))
    said = found(page, QLabel, "revoke-choice-staged-cannot").text()
    box = found(page, QCheckBox, "revoke-choice-staged")
    if separable:
        assert said == "server-1, server-2, server-3 and 46 more cannot be cut first: this method cuts all at once."
        assert box.accessibleName() == "Cut server-0 first, watch it, then the rest"
    else:
        assert said == "No service can be cut first: this method cuts all at once."
    assert box.isVisible() is bool(separable)


def test_one_that_was_ticked_and_cannot_be_first_any_more_can_be_unticked(
    bridge: Bridge, theme: Theme, qtbot: QtBot
) -> None:
    none = firsts("this method cuts all at once.")
    page = opened(bridge, theme, qtbot, (replace(none[0], chosen=True), *none[1:]))
    box = found(page, QCheckBox, "revoke-choice-staged")
    assert (box.isChecked(), box.isEnabled()) == (True, True)
    box.click()
    assert not page.draft.choices
