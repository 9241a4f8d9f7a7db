"""Undo: what was done last goes first, and nothing is taken from a key that a service uses."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Json, Step, StepState, StepVerb
from cmk_admin.domain.verbs import attach, create_key, grant, restore, revoke, undo
from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.domain.verbs.create_key import CreateKeyDraft
from cmk_admin.domain.verbs.grant import GrantDraft
from cmk_admin.domain.verbs.new_resource import NewIdentity
from cmk_admin.domain.verbs.restore import RestoreDraft
from cmk_admin.domain.verbs.revoke import RevokeDraft
from tests.domain import estates
from tests.domain.estates import AKS_KEY, MYSQL, MYSQL_KEY, NOW
from tests.domain.verbs.wizards import FREE, around, flexible, verbs, with_free

INDEX = estates.index()
CUT = revoke.plan(RevokeDraft(key=MYSQL_KEY.id, consumers=(MYSQL.id,)), INDEX)
BACK = restore.plan(RestoreDraft(operation="op-1", plan=CUT, states=(StepState.DONE,)), INDEX)


def answer(done: Plan, estate: Estate | None = None) -> Plan:
    draft = RestoreDraft(operation="op-2", plan=done, states=(StepState.DONE,) * len(done.steps))
    return undo.plan(draft, Index(estate or estates.dcc()))


def test_undoing_a_revoke_gives_back_and_heals() -> None:
    found = answer(CUT)
    assert [step.verb for step in found.steps] == [StepVerb.CREATE_ASSIGNMENT, StepVerb.REVALIDATE]
    assert [step.stage for step in found.steps] == [0, 1]
    assert (found.problems, found.verb, found.answers) == ((), "undo", "op-2")


@pytest.mark.parametrize("state", [StepState.SENT, StepState.ACCEPTED, StepState.UNKNOWN, StepState.DONE])
def test_a_role_that_was_asked_for_and_nothing_else_is_told_and_not_taken_back(state: StepState) -> None:
    asks = replace(CUT.steps[0], verb=StepVerb.ACTIVATE_ROLE, words="Activate your role A", undo_words=None, before={})
    draft = RestoreDraft(
        operation="op-2",
        plan=replace(CUT, steps=(asks, *CUT.steps)),
        states=(state, *(StepState.PLANNED,) * len(CUT.steps)),
    )
    found = undo.plan(draft, INDEX)
    [sentence] = found.problems
    assert sentence.startswith("“Activate your role A”: the activation is still waiting for approval, or active")
    assert "Privileged Identity Management" in sentence
    never = undo.plan(replace(draft, states=(StepState.PLANNED,) * len(draft.states)), INDEX)
    assert never.problems == ("No step of this operation changed anything, so there is nothing to take back.",)


def test_undoing_a_restore_is_refused_while_a_service_uses_the_key() -> None:
    found = answer(BACK)
    assert any("dcc-mysql uses mysql-encryption-key" in sentence for sentence in found.problems)


def test_undoing_a_restore_is_refused_while_a_service_may_use_the_key() -> None:
    nobody = replace(estates.dcc(), consumers=())
    assert answer(BACK, nobody).problems == ()
    assert "Not all services could be read" in answer(BACK, estates.incomplete(nobody)).problems[0]


def test_enabled_versions_are_not_disabled_under_a_service() -> None:
    disable = revoke.plan(RevokeDraft(key=MYSQL_KEY.id), INDEX)
    draft = RestoreDraft(operation="op-1", plan=disable, states=(StepState.DONE,) * 2)
    assert answer(restore.plan(draft, INDEX)).problems


def test_what_was_done_last_goes_first() -> None:
    first, second = (replace(CUT.steps[0], target=f"{CUT.steps[0].target}{n}", stage=n) for n in (0, 1))
    found = answer(replace(CUT, steps=(first, second)))
    assert [(step.target, step.stage) for step in found.steps[:2]] == [(second.target, 0), (first.target, 1)]
    assert found.steps[2].stage == 2


def test_what_cannot_be_taken_back_is_named() -> None:
    purge = replace(CUT.steps[0], words="Purge key old", undo_words=None)
    assert answer(replace(CUT, steps=(purge,))).problems == ("“Purge key old” cannot be taken back.",)


def test_steps_that_only_ask_leave_nothing_to_take_back() -> None:
    asked: tuple[Step, ...] = BACK.steps[1:]
    assert answer(replace(BACK, steps=asked)).problems


MADE = NewIdentity(subscription_id=estates.SUB, group="dcc", name="new-id", location="westeurope")
SERVER = flexible()
ATTACH = attach.plan(
    AttachDraft(key=AKS_KEY.id, consumer=SERVER.id, service="mysql-flexible", create_identity=MADE),
    Index(with_free()),
    around(SERVER),
)
GRANT = grant.plan(GrantDraft(key=AKS_KEY.id, create_identity=MADE), estates.index(), around())
CREATE = create_key.plan(
    CreateKeyDraft(vault_id=estates.PREMIUM.id, name="mysql-encryption-key", backup="/x/y"), estates.index(), around()
)


def attached(identity: str = MADE.id) -> Estate:
    """The estate in which the server has the key, by an identity that is known by its resource only."""
    slot = replace(estates.slot(AKS_KEY, None), identity_resource_id=identity)
    server = estates.consumer("mysql-flexible", "Microsoft.DBforMySQL/flexibleServers", SERVER.name, slot)
    made = estates.dcc()
    return replace(made, consumers=(*made.consumers, server))


def test_undoing_an_attach_takes_the_key_off_before_the_grant_and_the_grant_before_the_identity() -> None:
    found = answer(ATTACH, attached())
    assert found.problems == ()
    assert verbs(found) == [
        (StepVerb.SET_CONSUMER_KEY, 0),
        (StepVerb.REMOVE_ASSIGNMENT, 1),
        (StepVerb.DELETE_IDENTITY, 2),
    ]
    assert dict(found.steps[0].after or {})["key"] is None
    assert any("Backups of pay-mysql that were made while it had aks-encryption-key" in each for each in found.warnings)


def test_an_attach_that_did_not_reach_the_server_is_undone_unless_the_server_has_the_key_all_the_same() -> None:
    states = (StepState.DONE, StepState.DONE, StepState.FAILED)
    draft = RestoreDraft(operation="op-2", plan=ATTACH, states=states)
    assert verbs(undo.plan(draft, estates.index())) == [
        (StepVerb.REMOVE_ASSIGNMENT, 0),
        (StepVerb.DELETE_IDENTITY, 1),
    ]
    said = undo.plan(draft, Index(attached())).problems
    assert any("waits: pay-mysql uses aks-encryption-key." in each for each in said)


def test_an_attach_whose_outcome_is_unknown_is_looked_at_before_the_grant_goes() -> None:
    states = (StepState.DONE, StepState.DONE, StepState.UNKNOWN)
    found = undo.plan(RestoreDraft(operation="op-2", plan=ATTACH, states=states), Index(attached()))
    assert found.problems == ()
    assert verbs(found)[0] == (StepVerb.SET_CONSUMER_KEY, 0)
    assert found.warnings


def test_a_grant_and_its_identity_stay_while_a_service_uses_them() -> None:
    assert answer(GRANT).problems == ()
    assert len(answer(GRANT, attached()).problems) == 2
    # another identity on the same key, or the same identity on a key of a vault that is not seen
    assert answer(GRANT, attached(FREE)).problems == ()
    slot = replace(
        estates.slot(AKS_KEY, None), key_id=KeyId("unseen.vault.azure.net", "k"), identity_resource_id=MADE.id
    )
    server = estates.consumer("mysql-flexible", "Microsoft.DBforMySQL/flexibleServers", SERVER.name, slot)
    elsewhere = replace(estates.dcc(), consumers=(server,))
    assert answer(GRANT, elsewhere).problems == (f"“{GRANT.steps[0].undo_words}” waits: pay-mysql uses k.",)


def test_an_identity_is_not_deleted_where_services_could_not_be_read() -> None:
    only = replace(GRANT, steps=GRANT.steps[:1])
    unread = estates.incomplete(replace(estates.dcc(), consumers=()))
    assert "Not all services could be read" in answer(only, unread).problems[0]


def with_one_version(estate: Estate) -> Estate:
    """The estate in which the key of the servers is as it was made."""
    keys = (replace(key, versions=(key.versions or ())[:1]) if key.id == MYSQL_KEY.id else key for key in estate.keys)
    return replace(estate, keys=tuple(keys))


def test_a_key_that_was_made_is_deleted_softly_unless_it_is_used_and_its_backup_stays() -> None:
    used = answer(CREATE)
    assert any("dcc-mysql uses mysql-encryption-key" in each for each in used.problems)
    free = answer(CREATE, with_one_version(replace(estates.dcc(), consumers=())))
    assert (free.problems, verbs(free)) == ((), [(StepVerb.DELETE_KEY, 1)])
    assert free.left == ("“Write a backup of mysql-encryption-key to /x/y” cannot be taken back.",)


def key_back(state: StepState) -> dict[str, Json]:
    began = NOW - timedelta(hours=1)
    draft = RestoreDraft(operation="op", plan=CREATE, states=(state, StepState.PLANNED), began=began)
    (back,) = undo.plan(draft, Index(replace(estates.dcc(), consumers=()))).steps
    assert back.verb is StepVerb.DELETE_KEY
    facts = dict(back.before or {})
    assert facts["began"] == int(began.timestamp())
    return facts


@pytest.mark.parametrize("state", [StepState.INTENT, StepState.SENT, StepState.UNKNOWN])
def test_of_a_key_that_may_be_somebody_elses_everything_must_agree(state: StepState) -> None:
    assert key_back(state)["certain"] is False
    assert key_back(StepState.DONE)["certain"] is True


def test_a_key_that_has_got_a_newer_version_stays() -> None:
    estate = replace(estates.dcc(), consumers=())
    (said,) = answer(CREATE, estate).problems
    assert said.endswith(" is not done: it has 2 versions now: deleting it would take the newer one too.")
    assert answer(CREATE, with_one_version(estate)).problems == ()
