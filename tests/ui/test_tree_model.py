from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from cmk_admin.domain.index import Index
from cmk_admin.domain.search import Search
from cmk_admin.domain.tree import Kind, Node, build
from cmk_admin.ui.tree.model import FEW_CHANGES, TreeModel, spoken, tooltip
from tests.domain import estates

Shape = list[tuple[str, list[str]]]


@pytest.fixture
def model(app: QApplication) -> TreeModel:
    return TreeModel()


def shape(model: TreeModel) -> Shape:
    """The rows as a view would ask for them, two levels deep."""

    def text(row: int, parent: QModelIndex) -> str:
        return str(model.index(row, 0, parent).data())

    top = QModelIndex()
    return [
        (text(row, top), [text(at, model.index(row, 0)) for at in range(model.rowCount(model.index(row, 0)))])
        for row in range(model.rowCount())
    ]


def tree(plan: dict[str, str]) -> tuple[Node, ...]:
    """Vaults by name, each with keys named by single letters."""
    return tuple(
        Node(
            id=name,
            kind=Kind.VAULT,
            text=name,
            hay=name,
            children=tuple(Node(id=f"{name}/{key}", kind=Kind.KEY, text=key, hay=key) for key in keys),
        )
        for name, keys in plan.items()
    )


def test_it_shows_the_tree_and_qt_finds_nothing_wrong(model: TreeModel) -> None:
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    search = Search(build(Index(estates.dcc())))
    model.show(search.find(""))
    assert [name for name, _ in shape(model)] == ["dcc-premium", "dcc-standard"]
    model.show(search.find("mysql"))
    assert shape(model) == [("dcc-premium", ["mysql-encryption-key"])]
    model.show(search.find(""))
    assert len(shape(model)) == 2
    assert tester is not None


letters = st.text("abcdef", max_size=6).map(lambda text: "".join(sorted(set(text))))
plans = st.dictionaries(st.sampled_from([f"v{n}" for n in range(8)]), letters, max_size=8).map(
    lambda plan: dict(sorted(plan.items()))
)


@settings(max_examples=60, deadline=None)
@given(st.lists(plans, min_size=2, max_size=6), st.lists(st.sampled_from(["", "v", "a", "v1", "b", "zz"]), max_size=6))
def test_any_row_of_trees_and_filters_ends_in_the_right_rows(plans: list[dict[str, str]], texts: list[str]) -> None:
    model = TreeModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    for at, plan in enumerate(plans):
        search = Search(tree(plan))
        for text in (*texts[at : at + 2], ""):
            found = search.find(text)
            model.show(found)
            assert shape(model) == [(node.text, [one.text for one in found.children(node)]) for node in found.roots]
    assert tester is not None


def test_a_row_that_stays_keeps_its_index_whatever_comes_and_goes_around_it(model: TreeModel) -> None:
    model.show(Search(tree({"v1": "ab", "v3": "abc"})).find(""))
    kept = QPersistentModelIndex(model.index(1, 0, model.index(1, 0)))
    model.show(Search(tree({"v1": "a", "v2": "x", "v3": "b", "v4": ""})).find(""))
    assert (kept.row(), kept.data(), kept.parent().row()) == (0, "b", 2)


def test_it_is_kept_too_where_so_much_changes_that_the_layout_is_changed_at_once(model: TreeModel) -> None:
    names = [f"v{n:03}" for n in range(4 * FEW_CHANGES)]
    model.show(Search(tree(dict.fromkeys(names, "ab"))).find(""))
    kept = QPersistentModelIndex(model.index(0, 0, model.index(10, 0)))
    gone = QPersistentModelIndex(model.index(11, 0))
    assert kept.data() == "a"
    model.show(Search(tree(dict.fromkeys(names[::2], "ab"))).find(""))
    assert (kept.parent().row(), kept.data()) == (5, "a")
    assert not gone.isValid()


def test_new_facts_of_a_row_are_told_for_just_that_row(model: TreeModel) -> None:
    roots = tree({"v1": "abc"})
    model.show(Search(roots).find(""))
    model.rowCount(model.index(0, 0))
    told: list[tuple[int, bool]] = []
    model.dataChanged.connect(lambda first, last, *_: told.append((first.row(), first.parent().isValid())))
    children = tuple(node._replace(state="disabled") if node.text == "b" else node for node in roots[0].children)
    model.show(Search((roots[0]._replace(children=children),)).find(""))
    assert told == [(1, True)]


def test_a_note_cannot_be_selected(model: TreeModel) -> None:
    model.show(Search((Node(id="n", kind=Kind.NOTE, text="No key vaults"),)).find(""))
    assert not model.flags(model.index(0, 0)) & Qt.ItemFlag.ItemIsSelectable


def test_rows_speak_their_state_in_words() -> None:
    node = Node(
        id="k", kind=Kind.KEY, text="payroll-cmk", secondary="RSA 2048", consumers=7, state="enabled",
        problems=("software-key",), ref="https://v.vault.azure.net/keys/payroll-cmk",
    )  # fmt: skip
    assert spoken(node) == "key payroll-cmk, RSA 2048, enabled, 7 services, software key"
    assert "software key" in tooltip(node)
    assert "https://v.vault.azure.net/keys/payroll-cmk" in tooltip(node)


def test_an_invalid_index_has_nothing(model: TreeModel) -> None:
    assert isinstance(model, QAbstractItemModel)
    assert model.data(QModelIndex()) is None
    assert model.rowCount() == 0
    assert not model.parent(QModelIndex()).isValid()


def test_an_estate_that_grows_keeps_the_rows_that_were_there(model: TreeModel) -> None:
    estate = estates.dcc()
    model.show(Search(build(Index(replace(estate, vaults=estate.vaults[:1])))).find(""))
    first = QPersistentModelIndex(model.index(0, 0))
    model.show(Search(build(Index(estate))).find(""))
    assert first.data() == "dcc-premium"
    assert model.rowCount() == 2


def test_the_rows_that_were_left_for_later_follow_in_their_order(model: TreeModel) -> None:
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    names = [f"v{n:03}" for n in range(30)]
    found = Search(tree(dict.fromkeys(names, "ab"))).find("")
    model.begin(found, 10)
    assert ([name for name, _ in shape(model)], model.waiting) == (names[:10], 20)
    kept = QPersistentModelIndex(model.index_of(("v003", "v003/b")))
    model.complete()
    assert ([name for name, _ in shape(model)], model.waiting) == (names, 0)
    assert (kept.data(), kept.parent().row()) == ("b", 3)
    assert model.path_of(model.index_of(("v020", "v020/a"))) == ("v020", "v020/a")
    assert tester is not None


def test_a_newer_tree_brings_the_rows_that_were_left_for_later(model: TreeModel) -> None:
    search = Search(tree({f"v{n:03}": "ab" for n in range(30)}))
    model.begin(search.find(""), 10)
    model.show(search.find(""))
    assert (model.rowCount(), model.waiting) == (30, 0)


def test_a_row_is_found_where_it_stands_now_and_nowhere_else(model: TreeModel) -> None:
    model.show(Search(tree({"v1": "a", "v2": "b"})).find(""))
    assert model.index_of(("v1", "v1/a")).isValid()
    first, second = tree({"v1": "", "v2": "b"})
    moved = Node(id="v1/a", kind=Kind.KEY, text="a")
    model.rowCount(model.index(1, 0))
    model.show(Search((first, second._replace(children=(*second.children, moved)))).find(""))
    assert not model.index_of(("v1", "v1/a")).isValid()
    assert model.index_of(("v2", "v1/a")).row() == 1
