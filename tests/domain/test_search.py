"""The filter: what it shows is exactly what holds every word, with the rows above; however it was typed."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmk_admin.domain.search import Found, Search
from cmk_admin.domain.tree import Grouping, Kind, Node, build
from tests.domain import estates
from tests.domain.estates import MYSQL, MYSQL_ID, MYSQL_KEY, OLD, PREMIUM


def search(grouping: Grouping = Grouping.VAULT) -> Search:
    return Search(build(estates.index(), grouping))


def shown(found: Found) -> list[str]:
    def walk(nodes: tuple[Node, ...]) -> Iterator[str]:
        for node in nodes:
            yield node.id
            yield from walk(found.children(node))

    return list(walk(found.roots))


def brute(roots: tuple[Node, ...], words: tuple[str, ...]) -> list[str]:
    """The rule, row by row: every word in the row or above it, or something below for which that holds."""

    def walk(nodes: tuple[Node, ...], left: tuple[str, ...]) -> list[str]:
        found = []
        for node in nodes:
            still = tuple(word for word in left if word not in node.hay)
            below = walk(node.children, still)
            if not still or below:
                found += [node.id, *below]
        return found

    return walk(roots, words)


@pytest.mark.parametrize(
    "text",
    [
        "dcc-mysql.mysql.database",
        MYSQL.id.upper(),
        MYSQL_ID,
        "c1",
        str(MYSQL_KEY.id),
        f"https://DCC-Premium.vault.azure.net:443/keys/{MYSQL_KEY.id.name}/",
        f"{MYSQL_KEY.id}/{OLD}",
        f"{PREMIUM.id}/keys/{MYSQL_KEY.id.name}",
        OLD,
        "owner=payments",
        "premium mysql",
        "MYSQL health",
    ],
)
def test_what_is_known_of_a_key_finds_it(text: str) -> None:
    assert f"key:{PREMIUM.host}/{MYSQL_KEY.id.name}" in shown(search().find(text))


def test_words_may_stand_in_rows_above_and_all_of_them_must_be_there() -> None:
    found = search().find("premium aks")
    assert found.first() is not None
    assert [node.text for node in found.roots] == ["dcc-premium"]
    assert [node.text for node in found.children(found.roots[0])] == ["aks-encryption-key"]
    assert search().find("standard aks").roots == ()


def test_a_row_that_matches_is_shown_with_all_that_hangs_under_it() -> None:
    found = search().find("dcc-premium")
    assert found.children(found.roots[0]) == found.roots[0].children


def test_nothing_typed_shows_everything() -> None:
    found = search().find("  ")
    assert found.everything
    assert found.first() is None
    assert len(shown(found)) == len(brute(build(estates.index()), ()))


def test_enter_selects_the_first_row_with_a_word_of_its_own() -> None:
    first = search().find("aks-enc").first()
    assert first is not None
    assert (first.kind, first.text) == (Kind.KEY, "aks-encryption-key")


PIECES = st.sampled_from(["dcc", "mysql", "aks", "premium", "k", "a", "soft", "id", "zzz", "-", "e", "0", "disks"])


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES, max_size=3), st.sampled_from(list(Grouping)))
def test_it_shows_what_the_rule_says(pieces: list[str], grouping: Grouping) -> None:
    roots = build(estates.index(), grouping)
    words = tuple(dict.fromkeys(pieces))
    assert sorted(shown(Search(roots).find(" ".join(pieces)))) == sorted(brute(roots, words))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=3).map(" ".join), max_size=5), st.lists(PIECES, max_size=3).map(" ".join))
def test_what_was_typed_before_makes_no_difference(before: list[str], text: str) -> None:
    used, fresh = search(), search()
    for earlier in before:
        used.find(earlier)
    for end in range(len(text)):
        used.find(text[:end])
    assert shown(used.find(text)) == shown(fresh.find(text))
