"""The services' facts: each names its source, and one that is not known says so."""

import pytest

from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.domain.services import SERVICES, service
from cmk_admin.domain.services.facts import Heal, Service
from cmk_admin.domain.verbs.ways import METHODS
from tests.operations.effects import KINDS
from tests.operations.effects import METHODS as TRIED


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


@pytest.mark.parametrize("facts", SERVICES.values(), ids=SERVICES)
def test_a_time_is_documented_or_its_absence_is_said(facts: Service) -> None:
    """A number has a document of Microsoft's; without one the words say so, and nothing is guessed."""
    assert facts.source.split()[0] in {"AD", "CD", "DBD", "AKSD", "SQLD"}
    assert (facts.lost_seconds is None) == ("documents no time" in facts.stops)
    assert facts.lost_seconds is None or facts.lost_seconds > 0
    assert facts.back_seconds is None or facts.back_seconds > 0
    assert "nknown" not in facts.stops + facts.lost + facts.comes_back


def test_each_kind_of_consumer_is_known_to_the_program_and_cut_by_every_method_in_the_matrix() -> None:
    assert set(SERVICES) == set(CONSUMERS) == set(KINDS)
    assert set(METHODS) == set(TRIED)


def test_databases_are_revalidated_and_nodes_started() -> None:
    assert service("mysql-flexible").heal is service("mysql-single").heal is Heal.REVALIDATE
    assert service("aks-disks").heal is Heal.START_NODES


def test_a_service_that_is_not_known_has_an_effect_that_is_not_known() -> None:
    unknown = service("quantum-store")
    assert (unknown.name, unknown.stops, unknown.lost_seconds) == ("quantum-store", "Effect unknown", None)
