"""Differences between trees: the changes make the one into the other, and touch nothing else."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cmk_admin.domain.diff import Change, ChangeKind, apply, diff
from cmk_admin.domain.tree import Kind, Node


def node(node_id: str, text: str = "", children: tuple[Node, ...] = ()) -> Node:
    return Node(id=node_id, kind=Kind.KEY, text=text, children=children)


@st.composite
def trees(draw: st.DrawFn, base: str = "", depth: int = 3) -> tuple[Node, ...]:
    names = draw(st.lists(st.sampled_from("abcdef"), unique=True, max_size=6 if depth == 3 else 3))
    return tuple(
        node(
            f"{base}/{name}",
            draw(st.sampled_from("xyz")),
            draw(trees(f"{base}/{name}", depth - 1)) if depth > 1 else (),
        )
        for name in names
    )


@settings(max_examples=150, deadline=None)
@given(trees(), trees())
def test_applying_the_difference_makes_the_new_tree(old: tuple[Node, ...], new: tuple[Node, ...]) -> None:
    assert apply(old, diff(old, new)) == new


@given(trees())
def test_the_same_tree_has_no_difference(tree: tuple[Node, ...]) -> None:
    assert diff(tree, tree) == ()


@given(trees(), trees())
def test_every_change_is_of_adjacent_rows_that_are_there(old: tuple[Node, ...], new: tuple[Node, ...]) -> None:
    for change in diff(old, new):
        assert change.nodes
        assert change.row >= 0
        assert change.kind is not ChangeKind.UPDATE or len(change.nodes) == 1


def test_a_row_that_appears_is_inserted_in_place() -> None:
    old, new = (node("a"), node("c")), (node("a"), node("b"), node("c"))
    assert diff(old, new) == (Change(ChangeKind.INSERT, "", 1, (node("b"),)),)


def test_a_row_that_changes_is_updated_and_its_children_stay() -> None:
    child = node("a/x")
    old, new = (node("a", "1", (child,)),), (node("a", "2", (child,)),)
    assert diff(old, new) == (Change(ChangeKind.UPDATE, "", 0, new),)


def test_rows_that_trade_places_keep_as_many_as_can_stay() -> None:
    old, new = tuple(map(node, "abcd")), tuple(map(node, "dabc"))
    assert [(one.kind, one.row, [n.id for n in one.nodes]) for one in diff(old, new)] == [
        (ChangeKind.REMOVE, 3, ["d"]),
        (ChangeKind.INSERT, 0, ["d"]),
    ]


def test_adjacent_rows_go_in_one_change() -> None:
    assert [len(one.nodes) for one in diff(tuple(map(node, "abcd")), (node("d"),))] == [3]
