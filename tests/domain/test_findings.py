"""Findings: what is wrong stands with the key, the service and the vault that have it, in words with advice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cmk_admin.domain import findings, mapping
from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.findings import Problems
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import CoverageProblem, Source
from tests.domain import estates
from tests.domain.estates import AKS_KEY, DES, MYSQL, MYSQL_KEY, NOW, PREMIUM, SOFT_KEY, STANDARD

INDEX = estates.index()


def test_a_key_has_its_own_problems_and_those_of_its_uses() -> None:
    assert [one.code for one in findings.of_key(INDEX, AKS_KEY.id)] == ["unused-grant"]
    assert [one.code for one in findings.of_key(INDEX, SOFT_KEY.id)] == ["software-key"]
    assert findings.of_key(INDEX, MYSQL_KEY.id) == ()


def test_the_broken_comes_first() -> None:
    off = replace(
        AKS_KEY, key_type="RSA", versions=tuple(replace(one, enabled=False) for one in AKS_KEY.versions or ())
    )
    index = Index(replace(estates.dcc(), keys=(off,)))
    found = findings.of_key(index, AKS_KEY.id)
    assert found[0].code == "disabled-version-in-use"
    assert found[0].broken
    assert {one.subject for one in found if one.broken} == {"dcc-des", "dcc-aks"}
    assert all(one.title and one.help for one in found)


def test_a_date_that_comes_near_is_said_and_that_it_is_no_revocation() -> None:
    soon = replace(MYSQL_KEY, expires=NOW + timedelta(days=5))
    (found,) = findings.of_key(Index(replace(estates.dcc(), keys=(soon,))), MYSQL_KEY.id)
    assert (found.code, found.title) == ("expires-soon", "expires in 5 days")
    assert "still unwraps" in found.help


def test_a_service_has_the_problems_of_its_rows() -> None:
    assert [one.code for one in findings.of_consumer(INDEX, DES.id.upper())] == ["unused-grant"]
    assert findings.of_consumer(INDEX, MYSQL.id) == ()


def test_a_vault_says_why_it_could_not_be_read_and_that_nothing_keeps_keys_from_being_purged() -> None:
    problem = CoverageProblem(scope=STANDARD.id, kind=FailureKind.FORBIDDEN, message="You lack keys/read")
    vault = replace(STANDARD, purge_protection=False, problem=problem)
    assert [(one.code, one.doubt) for one in findings.of_vault(INDEX, vault)] == [
        ("forbidden", True),
        ("no-purge-protection", False),
    ]
    assert findings.of_vault(INDEX, PREMIUM) == ()


def test_the_cheap_answer_for_a_lone_key_is_the_answer() -> None:
    for vault in (
        PREMIUM,
        replace(PREMIUM, problem=CoverageProblem(scope="x", kind=FailureKind.UNREACHABLE, message="")),
    ):
        for kind in ("RSA", "RSA-HSM", None):
            lone = replace(MYSQL_KEY, key_type=kind)
            index = Index(replace(estates.dcc(), vaults=(vault,), keys=(lone,), consumers=(), role_assignments=()))
            assert Problems(index).of_lone_key(lone) == Problems(index).of_key(lone)


def test_a_service_that_has_lost_its_key_is_found_with_its_key_its_vault_and_itself() -> None:
    lost = replace(MYSQL, state="Inaccessible")
    estate = estates.dcc()
    index = Index(replace(estate, consumers=(lost, *estate.consumers[1:])))
    for found in (
        findings.of_key(index, MYSQL_KEY.id),
        findings.of_vault(index, PREMIUM),
        findings.of_consumer(index, MYSQL.id),
    ):
        assert [(one.code, one.subject, one.broken) for one in found] == [("lost-key", "dcc-mysql", True)]
        assert "Inaccessible" in found[0].title
    assert all("lost-key" not in row.problems for row in mapping.rows(index)), "the mapping is about grants and keys"


@pytest.mark.parametrize(
    ("source", "said"), [(Source.ARM, "through Azure Resource Manager"), (Source.UNREAD, "could not be read at all")]
)
def test_of_a_vault_that_cannot_be_reached_it_is_said_how_its_keys_were_read(source: Source, said: str) -> None:
    problem = CoverageProblem(scope=PREMIUM.id, kind=FailureKind.UNREACHABLE, message="")
    closed = replace(PREMIUM, problem=problem, keys_from=source)
    index = Index(replace(estates.dcc(), vaults=(closed, STANDARD)))
    for found in (
        findings.of_vault(index, closed),
        findings.of_key(index, MYSQL_KEY.id),
        findings.of_consumer(index, MYSQL.id),
    ):
        assert [one.help for one in found if one.code == "vault-unreachable" and said in one.help]
        assert [one for one in found if "Resource Manager" in one.help] == (
            [one for one in found if one.code == "vault-unreachable"] if source is Source.ARM else []
        )
