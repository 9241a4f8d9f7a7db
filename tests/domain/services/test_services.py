"""The services' facts: each names its source, and one that is not known says so."""

import pytest

from cmk_admin.domain.services import SERVICES, service
from cmk_admin.domain.services.facts import Heal, Service


@pytest.mark.parametrize("facts", SERVICES.values(), ids=SERVICES)
def test_every_service_says_what_happens_and_where_that_is_written(facts: Service) -> None:
    assert facts.stops
    assert facts.lost
    assert facts.comes_back
    assert facts.source.endswith(".md")
    # Azure shows no state of a cluster from which the loss of its etcd key could be seen
    assert bool(facts.lost_words) is (facts.name != "aks-etcd")
    assert all(word == word.lower() for word in (*facts.lost_words, *facts.up_words))
    assert {word.lower() for word in facts.policy_permissions} == {"unwrapkey", "decrypt"}


def test_times_are_those_that_azure_documents() -> None:
    assert {name: facts.lost_seconds for name, facts in SERVICES.items()} == {
        "mysql-flexible": 600,
        "mysql-single": 600,
        "disk-encryption-set": 3600,
        "aks-disks": 3600,
        "aks-etcd": None,
    }


def test_databases_are_revalidated_and_nodes_started() -> None:
    assert service("mysql-flexible").heal is service("mysql-single").heal is Heal.REVALIDATE
    assert service("aks-disks").heal is Heal.START_NODES


def test_a_service_that_is_not_known_has_an_effect_that_is_not_known() -> None:
    unknown = service("quantum-store")
    assert (unknown.name, unknown.stops, unknown.lost_seconds) == ("quantum-store", "Effect unknown", None)
