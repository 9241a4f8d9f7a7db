"""A service whose key is not known may use any: no key is taken from everybody meanwhile."""

from dataclasses import replace

import pytest

from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate, Vault
from cmk_admin.domain.steps import StepState
from cmk_admin.domain.verbs import changes, making, undo
from cmk_admin.domain.verbs.restore import RestoreDraft
from tests.domain import estates
from tests.domain.verbs.test_undo import CREATE, GRANT

BLIND = replace(
    estates.AKS, slots=(), holder_id=f"{estates.GROUP}/providers/Microsoft.Compute/diskEncryptionSets/hidden"
)
SENTENCE = "which key dcc-aks uses could not be read, so that it may be this one (its disk encryption set hidden cannot"
OFF = changes.set_enabled((estates.MYSQL_KEY.versions or ())[0], False)
SHUT = changes.inverse(making.let_trusted_in(estates.PREMIUM))


def with_blind(vault: Vault = estates.PREMIUM) -> Estate:
    made = estates.dcc()
    vaults = tuple(vault if one.id == vault.id else one for one in made.vaults)
    return replace(made, consumers=(BLIND,), vaults=vaults)


@pytest.mark.parametrize("step", [OFF, SHUT], ids=lambda step: step.verb.value)
def test_a_version_or_a_firewall_waits_for_a_cluster_whose_set_cannot_be_seen(step: object) -> None:
    assert isinstance(step, type(OFF))
    (said,) = undo.would_cut(Index(with_blind()), (step,))
    assert said.startswith(f"“{step.words}” waits: {SENTENCE}")
    assert undo.would_cut(Index(replace(with_blind(), consumers=())), (step,)) == ()


def test_a_key_that_was_made_stays_while_a_cluster_may_use_it() -> None:
    draft = RestoreDraft(operation="op", plan=CREATE, states=(StepState.DONE,) * len(CREATE.steps))
    assert any(SENTENCE in each for each in undo.plan(draft, Index(with_blind())).problems)


def test_a_cluster_takes_no_key_of_another_region() -> None:
    far = replace(estates.PREMIUM, location="North Europe")
    assert undo.would_cut(Index(with_blind(far)), (OFF,)) == ()
    near = replace(estates.PREMIUM, location="West Europe")
    assert undo.would_cut(Index(with_blind(near)), (OFF,))


def test_a_grant_of_an_identity_of_its_own_does_not_wait_for_it() -> None:
    draft = RestoreDraft(operation="op", plan=GRANT, states=(StepState.DONE,) * len(GRANT.steps))
    assert undo.plan(draft, Index(with_blind())).problems == ()
