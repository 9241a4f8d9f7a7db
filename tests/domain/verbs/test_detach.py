"""Detach and revalidate: what forbids them, what still needs the key, and that a grant never goes before its use."""

from dataclasses import replace
from typing import Any

import pytest

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer, Estate, KeySlot
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.steps import StepState, StepVerb
from cmk_admin.domain.surroundings import Surroundings, Target
from cmk_admin.domain.verbs import changes, detach, revalidate, undo
from cmk_admin.domain.verbs.detach import DetachDraft
from cmk_admin.domain.verbs.restore import RestoreDraft
from cmk_admin.domain.verbs.revalidate import RevalidateDraft
from tests.domain import estates
from tests.domain.estates import AKS, DES, MYSQL, MYSQL_ID, MYSQL_KEY, MYSQL_SCOPE, NEW, SINGLE, SINGLE_ID, SOFT_KEY
from tests.domain.verbs.wizards import NORTH_ID, NOTHING, around, codes, flexible, locked, one, single, verbs

KID = KeyId(MYSQL_KEY.id.host, MYSQL_KEY.id.name, NEW)
SETTINGS = {
    "service": "mysql-flexible",
    "key": str(KID),
    "identity": "/x/dcc-mysql-id",
    "geo_key": None,
    "geo_identity": None,
    "with": ["/x/dcc-mysql-id"],
}
SERVER = flexible("dcc-mysql", id=MYSQL.id, key=KID, settings=SETTINGS)
OLD = single("dcc-mysql-single", id=SINGLE.id, key=KID, settings={"service": "mysql-single", "key": str(KID)})
DRAFT = DetachDraft(consumer=MYSQL.id, service="mysql-flexible")
DROP = replace(DRAFT, drop_grant=True)


def problems(
    draft: DetachDraft = DRAFT,
    target: Target | None = SERVER,
    made: Estate | None = None,
    about: Surroundings | None = None,
) -> tuple[Problem, ...]:
    about = about or (around(target) if target else around())
    found = detach.problems(draft, Index(made or estates.dcc()), about)
    assert {problem.field for problem in found} <= {"consumer", "service", "drop_grant", ""}
    return found


def test_one_write_gives_the_platforms_key_and_the_grant_stays() -> None:
    plan = detach.plan(DRAFT, estates.index(), around(SERVER))
    assert (plan.problems, verbs(plan)) == ((), [(StepVerb.SET_CONSUMER_KEY, 0)])
    assert dict(plan.steps[0].after or {})["key"] is None
    assert dict(plan.steps[0].before or {})["key"] == str(KID)
    assert plan.steps[0].request == f"PATCH {MYSQL.id}"
    assert any("Keep mysql-encryption-key and its grant alive" in each for each in plan.warnings)
    assert plan.context == (("key", str(MYSQL_KEY.id)),)
    assert [each.wanted for each in plan.watches] == ["back"]


def test_the_grant_goes_in_the_stage_after_the_key_and_comes_back_in_the_one_before() -> None:
    plan = detach.plan(DROP, estates.index(), around(SERVER))
    assert (plan.problems, verbs(plan)) == (
        (),
        [(StepVerb.SET_CONSUMER_KEY, 0), (StepVerb.REMOVE_ASSIGNMENT, 1)],
    )
    assert dict(plan.steps[1].before or {})["principal_id"] == MYSQL_ID
    assert plan.hash == detach.plan(DROP, estates.index(), around(SERVER)).hash
    back = undo.plan(RestoreDraft(operation="op", plan=plan, states=(StepState.DONE,) * 2), without(MYSQL))
    assert verbs(back) == [(StepVerb.CREATE_ASSIGNMENT, 0), (StepVerb.SET_CONSUMER_KEY, 1)]


def without(gone: Consumer) -> Index:
    """The estate without a consumer: it gave its key up."""
    made = estates.dcc()
    return Index(replace(made, consumers=tuple(each for each in made.consumers if each is not gone)))


def test_a_wider_grant_and_those_of_others_stay() -> None:
    wider = estates.with_grants(estates.grant(9, estates.PREMIUM.id, MYSQL_ID))
    plan = detach.plan(DROP, Index(wider), around(SERVER))
    removed = [dict(step.before or {}) for step in plan.steps[1:]]
    assert [(each["scope"], each["principal_id"]) for each in removed] == [(MYSQL_SCOPE, MYSQL_ID)]


def test_an_access_policy_loses_its_key_permissions_and_nothing_else() -> None:
    slot = KeySlot(slot="primary", key_id=replace(SOFT_KEY.id, version=NEW), principal_id=SINGLE_ID)
    made = replace(estates.dcc(), consumers=(replace(SINGLE, slots=(slot,)),))
    kid = replace(SOFT_KEY.id, version=NEW)
    target = replace(OLD, key=kid, settings={"service": "mysql-single", "key": str(kid)})
    draft = DetachDraft(consumer=SINGLE.id, service="mysql-single", drop_grant=True)
    plan = detach.plan(draft, Index(made), around(target))
    assert verbs(plan) == [(StepVerb.SET_CONSUMER_KEY, 0), (StepVerb.SET_POLICY, 1)]
    assert dict(plan.steps[1].after or {})["keys"] == []
    assert dict(plan.steps[1].after or {})["secrets"] == ["get"]
    assert "/keys/dcc-standard_soft-key_" in plan.steps[0].request


def test_geo_redundant_backup_gives_both_grants_up() -> None:
    north = replace(estates.vault("dcc-north"), location="northeurope")
    geo = estates.key(north, "geo-key")
    slots = (*MYSQL.slots, estates.slot(geo, NORTH_ID, name="geo"))
    made = estates.with_grants(estates.grant(9, f"{north.id}/keys/geo-key", NORTH_ID))
    made = replace(
        made,
        vaults=(*made.vaults, north),
        keys=(*made.keys, geo),
        consumers=(replace(MYSQL, slots=slots), *made.consumers[1:]),
    )
    target = replace(SERVER, geo_backup=True, geo_key=replace(geo.id, version=NEW))
    plan = detach.plan(DROP, Index(made), around(target))
    assert {dict(step.before or {})["principal_id"] for step in plan.steps[1:]} == {MYSQL_ID, NORTH_ID}
    assert [value for _, value in plan.context] == [str(MYSQL_KEY.id), str(geo.id)]


@pytest.mark.parametrize(
    ("draft", "target", "code", "field"),
    [
        (replace(DRAFT, service="disk-encryption-set", consumer=DES.id), None, "cannot-detach", "service"),
        (replace(DRAFT, service="aks-disks", consumer=AKS.id), None, "cannot-detach", "service"),
        (DRAFT, None, "no-consumer", "consumer"),
        (replace(DRAFT, consumer=""), None, "no-consumer", "consumer"),
        (DRAFT, replace(SERVER, key=None), "not-attached", "consumer"),
        (DRAFT, replace(SERVER, state="Stopped"), "not-ready", "consumer"),
        (DRAFT, replace(SERVER, state="Inaccessible"), "not-ready", "consumer"),
        (DRAFT, replace(SERVER, state="Updating", busy=True), "busy", "consumer"),
    ],
)
def test_what_cannot_be_detached_is_refused(draft: DetachDraft, target: Target | None, code: str, field: str) -> None:
    found = one(problems(draft, target), code)
    assert (found.field, found.blocks) == (field, True)


@pytest.mark.parametrize(
    ("target", "service", "action"),
    [
        (SERVER, "mysql-flexible", "Microsoft.DBforMySQL/flexibleServers/write"),
        (OLD, "mysql-single", "Microsoft.DBforMySQL/servers/keys/delete"),
    ],
)
def test_a_missing_right_is_refused_by_its_name(target: Target, service: str, action: str) -> None:
    draft = DetachDraft(consumer=target.id, service=service)
    assert (
        f"{action} is missing"
        in one(problems(draft, target, about=around(target, may=NOTHING)), "missing-right").sentence
    )
    assert not one(problems(draft, target, about=around(target, may=None)), "right-unknown").blocks


def test_locks_are_refused_at_the_server_and_deletions_at_the_key() -> None:
    assert "locked" in codes(detach.problems(DRAFT, locked(estates.dcc(), MYSQL.id), around(SERVER)))
    kept = locked(estates.dcc(), estates.PREMIUM.id, "CanNotDelete")
    assert "locked" not in codes(detach.problems(DRAFT, kept, around(SERVER)))
    assert "locked" in codes(detach.problems(DROP, kept, around(SERVER)))


def test_a_grant_that_another_consumer_needs_is_not_dropped() -> None:
    made = estates.dcc()
    other = replace(SINGLE, slots=(estates.slot(MYSQL_KEY, MYSQL_ID),))
    shared = replace(made, consumers=(MYSQL, other))
    found = one(problems(DROP, made=shared), "grant-needed")
    assert "waits: dcc-mysql-single uses mysql-encryption-key." in found.sentence
    assert "grant-needed" not in codes(problems(DRAFT, made=shared))


def test_a_grant_is_not_dropped_where_a_consumer_may_be_unseen() -> None:
    alone = replace(estates.incomplete(estates.dcc()), consumers=(MYSQL,))
    assert one(problems(DROP, made=alone), "grant-needed").blocks


def asked(made: Estate | None = None, about: Surroundings | None = None, **facts: Any) -> tuple[Problem, ...]:
    draft = RevalidateDraft(**{"consumer": MYSQL.id, "service": "mysql-flexible", **facts})
    return revalidate.problems(draft, Index(made or estates.dcc()), about or around())


TWO = "dcc-mysql-single has 2 server keys; which one it uses is not told: remove those that it does not use first."


def test_a_server_that_does_not_tell_which_key_it_uses_is_neither_detached_nor_asked() -> None:
    unclear = replace(OLD, key=None, settings={"service": "mysql-single", "key": ["a", "b"]}, unclear=TWO)
    draft = DetachDraft(consumer=SINGLE.id, service="mysql-single")
    found = problems(draft, unclear)
    assert (one(found, "key-unclear").sentence, "not-attached" in codes(found)) == (TWO, False)
    assert detach.plan(draft, estates.index(), around(unclear)).steps == ()
    estate = estates.dcc()
    twice = replace(SINGLE, slots=(*SINGLE.slots, replace(SINGLE.slots[0], slot="primary-2")))
    made = replace(estate, consumers=tuple(twice if each == SINGLE else each for each in estate.consumers))
    assert one(asked(made, consumer=SINGLE.id, service="mysql-single"), "key-unclear").sentence == TWO


def test_a_service_is_asked_once_and_watched() -> None:
    draft = RevalidateDraft(consumer=MYSQL.id, service="mysql-flexible")
    plan = revalidate.plan(draft, estates.index(), around())
    assert (plan.problems, verbs(plan)) == ((), [(StepVerb.REVALIDATE, 0)])
    assert changes.inverse(plan.steps[0]) is None
    assert [each.consumer_id for each in plan.watches] == [MYSQL.id]
    assert plan.hash == revalidate.plan(draft, estates.index(), around()).hash


def test_what_cannot_be_asked_is_refused() -> None:
    assert codes(asked(consumer="/x/unknown")) == ["no-consumer"]
    assert codes(asked(service="mysql-single")) == ["no-consumer"]
    assert codes(asked(consumer=DES.id, service="disk-encryption-set")) == ["automatic"]
    assert codes(asked(about=around(may=NOTHING))) == ["missing-right"]
    assert codes(asked(about=around(may=None)), blocks=True) == []
    draft = RevalidateDraft(consumer=MYSQL.id, service="mysql-flexible")
    assert codes(revalidate.problems(draft, locked(estates.dcc(), MYSQL.id), around())) == ["locked"]
