"""The tree: everything of the estate stands in it once, where it belongs, and nothing is called none that was not read."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.lone_keys import LoneKeys
from cmk_admin.domain.model import CoverageProblem, Estate, Source
from cmk_admin.domain.tree import Grouping, Kind, Mark, Node, build
from tests.domain import estates
from tests.domain.estates import MYSQL, PREMIUM, STANDARD


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from walk(node.children)


def tree(estate: Estate | None = None, grouping: Grouping = Grouping.VAULT) -> tuple[Node, ...]:
    return build(Index(estate or estates.dcc()), grouping)


def texts(nodes: tuple[Node, ...]) -> list[str]:
    return [node.text for node in nodes]


@pytest.mark.parametrize("grouping", list(Grouping))
def test_ids_are_unique_in_every_grouping(grouping: Grouping) -> None:
    for estate in (estates.dcc(), estates.large(5, 20)):
        ids = [node.id for node in walk(tree(estate, grouping))]
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize("grouping", list(Grouping))
def test_the_same_estate_gives_the_same_tree(grouping: Grouping) -> None:
    assert tree(grouping=grouping) == tree(grouping=grouping)


def test_a_cluster_hangs_under_the_set_that_holds_its_key() -> None:
    premium = tree()[0]
    aks_key = premium.children[0]
    (des, *versions) = aks_key.children
    assert (premium.text, aks_key.text, des.text, texts(des.children)) == (
        "dcc-premium",
        "aks-encryption-key",
        "dcc-des",
        ["dcc-aks"],
    )
    assert [node.kind for node in versions] == [Kind.VERSION, Kind.VERSION]
    assert (premium.consumers, aks_key.consumers) == (4, 2)


def test_other_groupings_start_from_services_identities_and_subscriptions() -> None:
    assert texts(tree(grouping=Grouping.SERVICE)) == [
        "AKS disks",
        "Disk encryption set",
        "MySQL flexible server",
        "MySQL single server",
    ]
    assert texts(tree(grouping=Grouping.IDENTITY)) == ["dcc-aks-id", "dcc-des", "dcc-mysql-id", "dcc-mysql-single"]
    (subscription,) = tree(grouping=Grouping.SUBSCRIPTION)
    assert (subscription.text, texts(subscription.children)) == ("Health", ["dcc-premium", "dcc-standard"])


def test_problems_climb_to_the_vault() -> None:
    premium, standard = tree()
    assert "unused-grant" in premium.problems
    assert premium.mark is Mark.CARE
    assert standard.problems == ("software-key",)


def test_what_a_key_has_by_itself_is_said_of_the_key_and_not_of_its_services() -> None:
    aks_key = tree()[0].children[0]
    assert aks_key.problems == ("unused-grant",)
    assert aks_key.children[0].problems == ()


def test_an_identity_that_holds_a_grant_and_serves_nothing_is_marked() -> None:
    idle, *others = tree(grouping=Grouping.IDENTITY)
    assert (idle.text, idle.mark, idle.problems) == ("dcc-aks-id", Mark.CARE, ("unused-grant",))
    assert all(node.consumers for node in others)


def test_a_service_that_lost_its_data_marks_all_above_it_broken() -> None:
    estate = estates.dcc()
    lost = replace(MYSQL, state="Inaccessible")
    broken = tree(replace(estate, consumers=(lost, *estate.consumers[1:])))[0]
    assert broken.mark is Mark.BROKEN
    assert broken.children[1].mark is Mark.BROKEN


def test_a_vault_that_only_a_consumer_names_stands_in_the_tree_as_not_visible() -> None:
    estate = estates.dcc()
    elsewhere = replace(MYSQL.slots[0], key_id=KeyId("elsewhere.vault.azure.net", "their-key"))
    seen = tree(replace(estate, consumers=(replace(MYSQL, slots=(elsewhere,)),)))
    unseen = next(node for node in seen if node.text == "elsewhere")
    assert (unseen.state, unseen.mark, texts(unseen.children)) == ("not-visible", Mark.UNKNOWN, ["their-key"])


def test_an_empty_vault_is_only_called_so_when_it_was_read() -> None:
    estate = replace(estates.dcc(), keys=(), consumers=())
    assert tree(estate)[0].children[0].text == "No keys"
    problem = CoverageProblem(scope=PREMIUM.host, kind=FailureKind.FORBIDDEN, message="You lack keys/read")
    closed = replace(PREMIUM, keys_from=Source.UNREAD, problem=problem)
    (note,) = tree(replace(estate, vaults=(closed, STANDARD)))[0].children
    assert (note.kind, note.text, note.secondary) == (Kind.NOTE, "Keys forbidden", "You lack keys/read")


def test_an_estate_with_nothing_says_why() -> None:
    empty = replace(estates.dcc(), vaults=(), keys=(), consumers=(), identities=())
    assert [node.text for node in tree(empty)] == ["No key vaults"]
    (unread,) = tree(estates.incomplete(empty))
    assert unread.text == "No key vaults could be read"
    assert "Reader" in unread.secondary
    reading = replace(empty, coverage=replace(empty.coverage, finished=False))
    assert [node.text for node in tree(reading)] == ["Reading…"]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(estates.dcc().consumers), unique=True), st.sampled_from(list(Grouping)))
def test_no_part_of_an_estate_can_make_two_rows_alike(consumers: list[object], grouping: Grouping) -> None:
    estate = replace(estates.dcc(), consumers=tuple(consumers))  # type: ignore[arg-type]
    ids = [node.id for node in walk(tree(estate, grouping))]
    assert len(ids) == len(set(ids))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.booleans(), st.booleans(), st.integers(-3, 40), st.booleans()),
        min_size=1,
        max_size=5,
    )
)
def test_what_the_tree_before_had_worked_out_makes_no_difference(
    changes: list[tuple[bool, bool, bool, int, bool]],
) -> None:
    whole = estate = estates.large(3, 6)
    closed = CoverageProblem(scope=whole.vaults[0].id, kind=FailureKind.UNREACHABLE, message="No.")
    lone, now = None, estate.read_at
    for disabled, granted, unused, days, reachable in changes:
        first, *others = estate.keys
        estate = replace(
            estate,
            keys=(replace(first, enabled=not disabled), *others),
            role_assignments=whole.role_assignments[: 1 if granted else None],
            consumers=() if unused else whole.consumers,
            vaults=whole.vaults if reachable else (replace(whole.vaults[0], problem=closed), *whole.vaults[1:]),
        )
        now += timedelta(days=days)
        index = estates.index(estate)
        lone = LoneKeys(lone)
        assert build(index, Grouping.VAULT, now, lone) == build(index, Grouping.VAULT, now)
