"""Blast radius: everything that stops is in it, once, and whether that is all of it is said."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from cmk_admin.domain import graph
from cmk_admin.domain.graph import Blast
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer, Key
from tests.domain import estates
from tests.domain.estates import AKS_KEY, DES, DES_ID, MYSQL, MYSQL_ID, MYSQL_KEY, NEW, OLD, PREMIUM, STANDARD

INDEX = estates.index()


def names(blast: Blast) -> list[str]:
    return [hit.consumer.name for hit in blast.hits]


def test_a_key_takes_its_services_and_what_hangs_under_them() -> None:
    found = graph.of_key(INDEX, AKS_KEY.id)
    assert names(found) == ["dcc-des", "dcc-aks"]
    assert [hit.through for hit in found.hits] == [None, DES]


def test_a_version_takes_those_that_name_it_or_follow_the_newest() -> None:
    follows = replace(MYSQL, slots=(estates.slot(MYSQL_KEY, MYSQL_ID, None),))
    index = Index(replace(estates.dcc(), consumers=(follows,)))
    assert names(graph.of_key(index, replace(MYSQL_KEY.id, version=NEW))) == ["dcc-mysql"]
    assert names(graph.of_key(index, replace(MYSQL_KEY.id, version=OLD))) == []


def test_an_identity_and_a_vault_take_all_that_hangs_on_them() -> None:
    assert names(graph.of_identity(INDEX, DES_ID.upper())) == ["dcc-des", "dcc-aks"]
    assert len(graph.of_vault(INDEX, PREMIUM.host).hits) == 4
    assert graph.of_vault(INDEX, STANDARD.host).hits == ()


def test_the_identity_on_which_most_hangs_comes_first() -> None:
    assert graph.most_powerful(INDEX, 1) == ((DES_ID, 2),)


def test_it_is_only_complete_where_all_was_read() -> None:
    assert graph.of_key(INDEX, MYSQL_KEY.id).complete
    assert not graph.of_key(estates.index(estates.incomplete(estates.dcc())), MYSQL_KEY.id).complete


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([MYSQL_KEY, AKS_KEY]), st.sampled_from("ab")), max_size=8))
def test_every_consumer_that_names_the_key_is_hit_once(uses: list[tuple[int, Key, str]]) -> None:
    consumers: dict[int, Consumer] = {}
    for number, key, identity in uses:
        mine = consumers.get(number, replace(MYSQL, id=f"/c/{number}", name=str(number), slots=()))
        consumers[number] = replace(mine, slots=(*mine.slots, estates.slot(key, identity)))
    index = Index(replace(estates.dcc(), consumers=tuple(consumers.values())))
    for key in (MYSQL_KEY, AKS_KEY):
        expected = {str(number) for number, used, _ in uses if used is key}
        found = names(graph.of_key(index, key.id))
        assert sorted(found) == sorted(expected)
    for identity in "ab":
        assert set(names(graph.of_identity(index, identity))) == {
            str(number) for number, _, who in uses if who == identity
        }
