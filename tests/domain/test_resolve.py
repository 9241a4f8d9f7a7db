"""Names: whatever a person calls a thing by leads to it, and to nothing else."""

from dataclasses import replace

import pytest

from cmk_admin.domain import resolve
from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.index import Index
from tests.domain import estates
from tests.domain.estates import AKS, AKS_ID, MYSQL, MYSQL_ID, MYSQL_KEY, NEW, PREMIUM, STANDARD

INDEX = estates.index()
NAME = MYSQL_KEY.id.name


@pytest.mark.parametrize(
    "text",
    [
        f"dcc-premium/{NAME}",
        f"DCC-PREMIUM/{NAME.upper()}",
        f"{PREMIUM.host}/{NAME}",
        f"https://{PREMIUM.host}:443/keys/{NAME}/",
        f"https://{PREMIUM.host.upper()}/keys/{NAME}/{NEW}",
        f"{PREMIUM.id}/keys/{NAME}",
        f"{PREMIUM.id}/{NAME}",
        f"  {NAME} ",
    ],
)
def test_every_way_to_name_a_key_leads_to_it(text: str) -> None:
    assert resolve.key(INDEX, text, vault_suffixes=(".vault.azure.net",)) == MYSQL_KEY.id


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "unknown-key"),
        ("nowhere", "unknown-key"),
        ("dcc-premium/nothing", "unknown-key"),
        ("no-vault/key", "unknown-vault"),
        ("https://evil.example/keys/k", "bad-key-id"),
        (f"https://{PREMIUM.host}/keys/absent", "unknown-key"),
    ],
)
def test_a_key_that_is_not_there_is_bad_input(text: str, code: str) -> None:
    with pytest.raises(BadInput) as caught:
        resolve.key(INDEX, text, vault_suffixes=(".vault.azure.net",))
    assert caught.value.code == code


def test_what_is_near_is_offered() -> None:
    with pytest.raises(BadInput) as caught:
        resolve.key(INDEX, "dcc-premium/mysql-encryption")
    assert caught.value.candidates == ("dcc-premium/mysql-encryption-key",)
    with pytest.raises(BadInput) as caught:
        resolve.vault(INDEX, "dcc-premum")
    assert "dcc-premium" in caught.value.candidates


def test_a_name_of_two_keys_is_ambiguous() -> None:
    twin = estates.key(STANDARD, NAME)
    index = Index(replace(estates.dcc(), keys=(*estates.dcc().keys, twin)))
    with pytest.raises(BadInput) as caught:
        resolve.key(index, NAME)
    assert caught.value.code == "ambiguous-key"
    assert caught.value.candidates == (f"dcc-premium/{NAME}", f"dcc-standard/{NAME}")


def test_a_key_that_only_a_service_names_can_be_named() -> None:
    index = Index(replace(estates.dcc(), keys=()))
    assert resolve.key(index, f"dcc-premium/{NAME}") == MYSQL_KEY.id


@pytest.mark.parametrize("text", ["dcc-mysql", "DCC-MySQL", MYSQL.id, MYSQL.id.upper() + "/"])
def test_a_service_is_found_by_name_and_by_id(text: str) -> None:
    assert resolve.consumer(INDEX, text) == MYSQL


def test_a_service_that_does_not_use_the_key_is_bad_input_with_those_that_do() -> None:
    assert resolve.consumer(INDEX, MYSQL.name, key=MYSQL_KEY.id) == MYSQL
    with pytest.raises(BadInput) as caught:
        resolve.consumer(INDEX, AKS.name, key=MYSQL_KEY.id)
    assert caught.value.code == "not-a-consumer"
    assert MYSQL.name in caught.value.candidates


def test_a_name_of_two_services_is_ambiguous() -> None:
    twin = replace(AKS, name="dcc-mysql")
    index = Index(replace(estates.dcc(), consumers=(MYSQL, twin)))
    with pytest.raises(BadInput) as caught:
        resolve.consumer(index, "dcc-mysql")
    assert (caught.value.code, len(caught.value.candidates)) == ("ambiguous-consumer", 2)


@pytest.mark.parametrize("text", ["dcc-mysql-id", MYSQL_ID.upper(), "c1", f"{estates.GROUP}/identities/DCC-mysql-id"])
def test_an_identity_is_found_by_name_and_by_every_id(text: str) -> None:
    assert resolve.principal(INDEX, text) == MYSQL_ID


def test_what_was_not_read_may_exist_all_the_same() -> None:
    index = estates.index(estates.incomplete(estates.dcc()))
    with pytest.raises(BadInput) as caught:
        resolve.consumer(index, "elsewhere")
    assert caught.value.next is not None
    assert "may exist" in caught.value.next


@pytest.mark.parametrize("text", ["", " ", "/", "//"])
def test_an_empty_name_finds_nothing(text: str) -> None:
    for find in (resolve.key, resolve.vault, resolve.consumer, resolve.principal):
        with pytest.raises(BadInput):
            find(INDEX, text)


def test_a_cluster_that_uses_keys_in_two_ways_is_one_thing_by_its_name() -> None:
    etcd = replace(AKS, service="aks-etcd", holder_id=None, slots=(estates.slot(MYSQL_KEY, AKS_ID, None),))
    index = Index(replace(estates.dcc(), consumers=(*estates.dcc().consumers, etcd)))
    assert resolve.consumer(index, "dcc-aks").service == "aks-disks"
    assert resolve.consumer(index, "dcc-aks", key=MYSQL_KEY.id).service == "aks-etcd"
    assert resolve.consumer(index, AKS.id, key=MYSQL_KEY.id).service == "aks-etcd"
    assert [one.service for one in index.consumers(AKS.id)] == ["aks-disks", "aks-etcd"]
    found = index.consumer_with(AKS.id, key=MYSQL_KEY.id)
    assert found is not None
    assert found.service == "aks-etcd"
