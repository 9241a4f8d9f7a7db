"""The tree's view: what stays where it was while the filter comes and goes, on an estate of many vaults."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cmk_admin.domain.search import Search
from cmk_admin.domain.tree import Kind, Node
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.tree.view import FIRST_ROWS, TreeView

VAULTS = 3 * FIRST_ROWS
KEYS = 4


def search() -> Search:
    return Search(
        tuple(
            Node(
                id=f"v{n:03}",
                kind=Kind.VAULT,
                text=f"v{n:03}",
                hay=f"v{n:03}",
                children=tuple(
                    Node(id=f"v{n:03}/k{key}", kind=Kind.KEY, text=f"k{key}", hay=f"k{key}") for key in range(KEYS)
                ),
            )
            for n in range(VAULTS)
        )
    )


@pytest.fixture
def tree(app: QApplication, theme: Theme, qtbot: QtBot) -> Iterator[TreeView]:
    view = TreeView(theme)
    view.resize(320, 600)
    view.show_found(search().find(""))
    view.show()
    yield view
    view.close()
    view.deleteLater()


def test_a_key_press_lays_out_a_screenful_and_all_rows_follow(tree: TreeView, qtbot: QtBot) -> None:
    tree.show_filtered(search().find("k2"))
    model = tree.tree_model()
    assert model.rowCount() == FIRST_ROWS
    assert tree.isExpanded(model.index(0, 0))
    qtbot.waitUntil(lambda: model.rowCount() == VAULTS)
    tree.show_filtered(search().find(""))
    assert not tree.isExpanded(model.index(0, 0))
    qtbot.waitUntil(lambda: model.rowCount() == VAULTS)


def test_a_key_in_the_tree_does_not_wait_for_them(tree: TreeView) -> None:
    tree.show_filtered(search().find("k2"))
    tree.setCurrentIndex(tree.tree_model().index(0, 0))
    QTest.keyClick(tree, Qt.Key.Key_End)
    assert tree.tree_model().path_of(tree.currentIndex())[0] == f"v{VAULTS - 1:03}"


def test_a_filter_begins_at_the_top_and_without_it_the_place_comes_back(tree: TreeView) -> None:
    bar = tree.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    before = tree.indexAt(tree.viewport().rect().topLeft())
    path = tree.tree_model().path_of(before)
    tree.show_filtered(search().find("v"))
    tree.show_filtered(search().find("v1"))
    assert bar.value() == 0
    tree.show_filtered(search().find(""))
    assert tree.tree_model().path_of(tree.indexAt(tree.viewport().rect().topLeft())) == path


def test_what_was_found_and_selected_is_in_sight_among_the_others_again(tree: TreeView) -> None:
    path = (f"v{VAULTS - 20:03}", f"v{VAULTS - 20:03}/k1")
    tree.show_filtered(search().find(path[0]))
    assert tree.select_path(path)
    tree.show_filtered(search().find(""))
    assert tree.selected_path == path
    assert tree.tree_model().path_of(tree.currentIndex()) == path
    assert tree.viewport().rect().contains(tree.visualRect(tree.currentIndex()))


def test_what_the_user_unfolded_far_down_is_unfolded_again(tree: TreeView, qtbot: QtBot) -> None:
    model = tree.tree_model()
    tree.setExpanded(model.index(VAULTS - 1, 0), True)
    tree.show_filtered(search().find("v001"))
    tree.show_filtered(search().find(""))
    qtbot.waitUntil(lambda: model.rowCount() == VAULTS)
    assert tree.isExpanded(model.index(VAULTS - 1, 0))
