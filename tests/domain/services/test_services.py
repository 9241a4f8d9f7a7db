"""The services' facts: each names its source, and one that is not known says so."""

from dataclasses import replace

import pytest

from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate
from cmk_admin.domain.services import SERVICES, service
from cmk_admin.domain.services.facts import Heal, Service
from cmk_admin.domain.verbs.revoke import RevokeDraft, plan
from cmk_admin.domain.verbs.ways import METHODS
from tests.domain import estates
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


# fmt: off
DOCUMENTED = (
    # service, lost within and back within Azure's seconds (None: no document says), how it comes back, document
    ("mysql-flexible", 600, 600, Heal.REVALIDATE, "DBD mysql/flexible-server/security-customer-managed-key.md"),
    ("mysql-single", 600, None, Heal.REVALIDATE, "AD mysql/single-server/concepts-data-encryption-mysql.md"),
    ("disk-encryption-set", 3600, None, Heal.AUTOMATIC, "CD virtual-machines/disk-encryption.md"),
    ("aks-disks", 3600, None, Heal.START_NODES, "CD virtual-machines/disk-encryption.md"),
    ("aks-etcd", None, None, Heal.AUTOMATIC, "AKSD use-kms-etcd-encryption.md"),
)
UNKNOWN = (
    # What else can use a customer's key. Some have documented times, which are not known here: nothing is said of them
    "mysql-replica", "postgresql-flexible", "storage-account", "storage-scope", "azure-sql-server", "azure-sql-database",
    "azure-sql-instance", "microsoft-365", "managed-hsm",
)
# fmt: on


def test_times_are_those_that_azure_documents() -> None:
    assert {(f.name, f.lost_seconds, f.back_seconds, f.heal, f.source) for f in SERVICES.values()} == set(DOCUMENTED)


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


def used_by(service_name: str) -> Estate:
    """A key that one consumer uses, of whatever kind."""
    versions = tuple(replace(one, operations=("unwrapKey", "wrapKey")) for one in estates.MYSQL_KEY.versions or ())
    key = replace(estates.MYSQL_KEY, versions=versions)
    return replace(estates.dcc(), keys=(key,), consumers=(replace(estates.MYSQL, service=service_name),))


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_service_that_is_not_known_has_an_effect_that_is_not_known(name: str) -> None:
    """And not one that Azure does not document: it may well."""
    facts = service(name)
    assert not facts.known
    assert (facts.name, facts.stops, facts.lost, facts.comes_back) == (name, "Effect unknown", "Not known", "Not known")
    assert (facts.lost_seconds, facts.back_seconds, facts.lost_words, facts.up_words) == (None, None, (), ())
    for method in TRIED:
        made = plan(RevokeDraft(key=estates.MYSQL_KEY.id, method=method), Index(used_by(name)))
        assert made.problems == ()
        (effect,), (watch,) = made.effects, made.watches
        assert effect.stops == "Effect unknown; how long it stays up meanwhile is not known"
        assert (effect.within_seconds, effect.source, effect.adds_up) == (None, None, "")
        assert watch.within_seconds is None
        assert f"What becomes of {name}, and when, is not known here." in made.warnings
        assert not any("Azure documents no time" in one for one in made.warnings)


def test_what_is_known_without_a_time_says_that_azure_documents_none() -> None:
    made = plan(RevokeDraft(key=estates.MYSQL_KEY.id), Index(used_by("aks-etcd")))
    assert "Azure documents no time within which AKS secrets in etcd stops." in made.warnings
    (effect,) = made.effects
    assert effect.stops.endswith("how long it stays up meanwhile is not documented")
