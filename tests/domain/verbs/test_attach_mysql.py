"""Attach a key to MySQL: every documented rule, and the order identity, grant, server."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate, Key, Vault
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.steps import StepVerb
from cmk_admin.domain.surroundings import CarriedIdentity, Surroundings, Target
from cmk_admin.domain.verbs import attach, changes
from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.domain.verbs.new_resource import NewIdentity
from tests.domain import estates
from tests.domain.estates import AKS_KEY, MYSQL_ID, MYSQL_KEY, NEW, NOW, PREMIUM, SOFT_KEY, STANDARD, SUB
from tests.domain.verbs.wizards import (
    FREE,
    FREE_ID,
    NORTH,
    NOTHING,
    around,
    codes,
    flexible,
    locked,
    one,
    single,
    verbs,
    with_free,
)

SERVER = flexible()
DRAFT = AttachDraft(key=AKS_KEY.id, consumer=SERVER.id, service="mysql-flexible", identity=FREE)
MADE_ID = NewIdentity(subscription_id=SUB, group="dcc", name="new-id", location="westeurope")
NORTH_VAULT = estates.vault("dcc-north")
NORTH_KEY = estates.key(NORTH_VAULT, "geo-key")
GEO = replace(DRAFT, geo_key=NORTH_KEY.id, geo_identity=NORTH)
KID = f"{AKS_KEY.id}/{NEW}"
FIELDS = {each.name for each in fields(AttachDraft)} | {""}


def estate(*, key: Key = AKS_KEY, vault: Vault = PREMIUM) -> Estate:
    """The estate with another key or vault in place of those that the draft names, and a vault in the north."""
    made = with_free()
    north = replace(NORTH_VAULT, location="northeurope")
    return replace(
        made,
        vaults=(*(each for each in made.vaults if each.id != vault.id), vault, north),
        keys=(*(each for each in made.keys if each.id != key.id), key, NORTH_KEY),
    )


def problems(
    draft: AttachDraft = DRAFT,
    target: Target | None = SERVER,
    made: Estate | None = None,
    about: Surroundings | None = None,
) -> tuple[Problem, ...]:
    about = about or (around(target) if target else around())
    found = attach.problems(draft, Index(made or estate()), about)
    assert {problem.field for problem in found} <= FIELDS
    return found


def key_with(**facts: Any) -> Estate:
    return estate(key=replace(AKS_KEY, versions=None, **facts))


def vault_with(**facts: Any) -> Estate:
    return estate(vault=replace(PREMIUM, **facts))


def test_a_key_that_fits_is_granted_first_and_set_then() -> None:
    plan = attach.plan(DRAFT, Index(estate()), around(SERVER))
    assert (plan.problems, verbs(plan)) == (
        (),
        [(StepVerb.CREATE_ASSIGNMENT, 1), (StepVerb.SET_CONSUMER_KEY, 2)],
    )
    after = dict(plan.steps[1].after or {})
    assert (after["key"], after["identity"], after["with"]) == (KID, FREE, [FREE])
    assert dict(plan.steps[1].before or {})["key"] is None
    assert dict(plan.steps[1].before or {})["without"] == [FREE]
    assert [(each.consumer_id, each.wanted) for each in plan.watches] == [(SERVER.id, "back")]
    assert plan.context == (("key", str(AKS_KEY.id)),)


def test_an_identity_that_is_made_comes_before_its_grant() -> None:
    draft = replace(DRAFT, identity=None, create_identity=MADE_ID)
    plan = attach.plan(draft, Index(estate()), around(SERVER))
    assert verbs(plan) == [
        (StepVerb.CREATE_IDENTITY, 0),
        (StepVerb.CREATE_ASSIGNMENT, 1),
        (StepVerb.SET_CONSUMER_KEY, 2),
    ]
    assert dict(plan.steps[1].after or {})["principal_id"] == MADE_ID.id
    assert dict(plan.steps[2].after or {})["identity"] == MADE_ID.id
    assert plan.hash == attach.plan(draft, Index(estate()), around(SERVER)).hash


def test_the_inverse_of_the_servers_step_takes_the_identity_off_again() -> None:
    step = attach.plan(DRAFT, Index(estate()), around(SERVER)).steps[-1]
    back = changes.inverse(step)
    assert back is not None
    assert dict(back.after or {})["key"] is None
    assert dict(back.after or {})["without"] == [FREE]
    assert changes.differences(back.verb, back.after, {**SERVER.settings}) == ()
    attached = {**dict(step.after or {})}
    assert changes.differences(back.verb, back.before, attached) == ()
    assert changes.inverse(back) is not None


def test_an_identity_that_has_the_grant_already_needs_no_step_for_it() -> None:
    carried = (CarriedIdentity(resource_id=FREE, principal_id=MYSQL_ID),)
    made = replace(estate(), identities=(*estates.dcc().identities[1:],))
    draft = replace(DRAFT, key=MYSQL_KEY.id, identity=None)
    plan = attach.plan(draft, Index(made), around(replace(SERVER, identities=carried)))
    assert [verb for verb, _ in verbs(plan)] == [StepVerb.SET_CONSUMER_KEY]


def test_a_single_server_is_given_the_key_by_its_own_identity() -> None:
    server = single()
    draft = AttachDraft(key=AKS_KEY.id, consumer=server.id, service="mysql-single")
    plan = attach.plan(draft, Index(estate()), around(server))
    assert verbs(plan) == [(StepVerb.CREATE_ASSIGNMENT, 1), (StepVerb.SET_CONSUMER_KEY, 2)]
    assert dict(plan.steps[0].after or {})["principal_id"] == FREE_ID
    assert dict(plan.steps[1].after or {}) == {"service": "mysql-single", "key": KID}
    assert f"/keys/dcc-premium_aks-encryption-key_{NEW}" in plan.steps[1].request
    assert codes(problems(draft, server), blocks=False)[-1] == "retired"


def test_geo_redundant_backup_gets_a_second_key_and_grant() -> None:
    server = replace(SERVER, geo_backup=True)
    plan = attach.plan(GEO, Index(estate()), around(server))
    assert plan.problems == ()
    assert [verb for verb, _ in verbs(plan)].count(StepVerb.CREATE_ASSIGNMENT) == 2
    after = dict(plan.steps[-1].after or {})
    assert (after["geo_key"], after["geo_identity"]) == (f"{NORTH_KEY.id}/{NEW}", NORTH)
    assert [value for _, value in plan.context] == [str(AKS_KEY.id), str(NORTH_KEY.id)]


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (vault_with(soft_delete_days=30), "retention"),
        (vault_with(purge_protection=False), "no-purge-protection"),
        (vault_with(default_deny=True, trusted_bypass=False), "firewall"),
        (vault_with(public_access=False, trusted_bypass=False), "firewall"),
        (vault_with(tenant_id="another"), "tenant"),
        (key_with(key_type="EC"), "key-type"),
        (key_with(size=1024), "key-size"),
        (key_with(operations=("wrapKey",)), "key-operations"),
        (key_with(enabled=False), "key-disabled"),
        (key_with(expires=NOW), "expired"),
        (key_with(not_before=NOW + timedelta(minutes=1)), "not-yet-valid"),
    ],
)
def test_a_key_or_vault_that_the_server_refuses_is_refused(made: Estate, code: str) -> None:
    assert one(problems(made=made), code).field == "key"
    assert codes(problems(made=made), blocks=True) == [code]


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (vault_with(location="northeurope"), "region"),
        (vault_with(soft_delete_days=None), "retention-unknown"),
        (key_with(expires=NOW + timedelta(days=9)), "has-expiry"),
        (key_with(key_type=None), "key-type-unknown"),
        (key_with(operations=None), "key-operations-unknown"),
        (key_with(enabled=None), "key-state-unknown"),
    ],
)
def test_what_documents_disagree_about_or_was_not_read_is_said(made: Estate, code: str) -> None:
    assert not one(problems(made=made), code).blocks
    assert codes(problems(made=made), blocks=True) == []


@pytest.mark.parametrize(
    ("facts", "codes_"),
    [
        ({"state": "Stopped"}, ["not-ready"]),
        ({"state": None}, ["not-ready"]),
        ({"state": "Inaccessible"}, ["not-ready"]),
        ({"state": "Updating", "busy": True}, ["busy"]),
        ({"replica_of": "/x/source"}, ["replica"]),
        ({"geo_backup": True}, ["geo-key-missing"]),
    ],
)
def test_a_server_that_does_not_take_a_key_now_is_refused(facts: dict[str, Any], codes_: list[str]) -> None:
    assert codes(problems(target=replace(SERVER, **facts)), blocks=True) == codes_


def test_what_a_server_with_a_key_or_replicas_means_is_said() -> None:
    old = replace(SERVER, key=MYSQL_KEY.id, replicas=("/x/replica",))
    assert {"old-key-needed", "replicas"} <= set(codes(problems(target=old), blocks=False))
    same = replace(SERVER, key=KeyId(AKS_KEY.id.host, AKS_KEY.id.name.upper(), "1" * 32))
    assert codes(problems(target=same), blocks=True) == ["attached-already"]


@pytest.mark.parametrize(
    ("draft", "server", "code", "field"),
    [
        (replace(DRAFT, key=None), SERVER, "no-key", "key"),
        (replace(DRAFT, key=KeyId(PREMIUM.host, "none")), SERVER, "no-key", "key"),
        (replace(DRAFT, key=KeyId("none.vault.azure.net", "k")), SERVER, "no-key", "key"),
        (replace(DRAFT, consumer=""), None, "no-consumer", "consumer"),
        (DRAFT, None, "no-consumer", "consumer"),
        (replace(DRAFT, service=""), SERVER, "no-service", "service"),
        (replace(DRAFT, service="postgres"), SERVER, "no-service", "service"),
        (replace(DRAFT, identity=None), SERVER, "no-identity", "identity"),
        (replace(DRAFT, identity="/x/unread"), SERVER, "no-identity", "identity"),
        (
            replace(DRAFT, identity=None),
            replace(SERVER, identities=(CarriedIdentity(resource_id=FREE, principal_id=FREE_ID),) * 2),
            "no-identity",
            "identity",
        ),
        (
            replace(DRAFT, identity=None, create_identity=replace(MADE_ID, name="ü")),
            SERVER,
            "bad-identity-name",
            "create_identity",
        ),
        (
            replace(DRAFT, identity=None, create_identity=replace(MADE_ID, group="")),
            SERVER,
            "no-group",
            "create_identity",
        ),
        (replace(GEO, geo_identity=None), SERVER, "no-geo-backup", "geo_key"),
        (replace(GEO, geo_key=None), SERVER, "no-geo-backup", "geo_identity"),
        (replace(GEO, geo_identity=FREE), replace(SERVER, geo_backup=True), "geo-identity", "geo_identity"),
        (replace(GEO, geo_identity=None), replace(SERVER, geo_backup=True), "geo-key-missing", "geo_identity"),
        (replace(GEO, geo_key=MYSQL_KEY.id), replace(SERVER, geo_backup=True), "geo-region", "geo_key"),
        (replace(GEO, geo_identity="/x/unread"), replace(SERVER, geo_backup=True), "no-identity", "geo_identity"),
    ],
)
def test_what_is_missing_in_a_draft_is_asked_for(
    draft: AttachDraft, server: Target | None, code: str, field: str
) -> None:
    found = one(problems(draft, server), code)
    assert (found.field, found.blocks) == (field, True)


@pytest.mark.parametrize(
    ("facts", "server", "code", "field"),
    [
        ({"identity": FREE}, single(), "own-identity", "identity"),
        ({"create_identity": MADE_ID}, single(), "own-identity", "create_identity"),
        ({"geo_identity": FREE}, single(), "own-identity", "geo_identity"),
        ({"geo_key": NORTH_KEY.id}, single(), "no-geo-backup", "geo_key"),
        ({}, single(identities=()), "no-identity", "consumer"),
        ({}, single(tier="Basic"), "tier", "consumer"),
        ({}, single(state="Inaccessible"), "not-ready", "consumer"),
        ({}, single(unclear="It has 2 server keys."), "key-unclear", "consumer"),
    ],
)
def test_a_single_server_takes_no_more_than_it_can(
    facts: dict[str, Any], server: Target, code: str, field: str
) -> None:
    draft = replace(AttachDraft(key=AKS_KEY.id, consumer=server.id, service="mysql-single"), **facts)
    assert one(problems(draft, server), code).field == field
    assert StepVerb.CREATE_IDENTITY not in [
        verb for verb, _ in verbs(attach.plan(draft, Index(estate()), around(server)))
    ]


@pytest.mark.parametrize(
    ("facts", "code"), [({"size": 3072}, "key-size"), ({"expires": NOW + timedelta(days=9)}, "has-expiry")]
)
def test_a_single_server_is_stricter_with_keys(facts: dict[str, Any], code: str) -> None:
    server = single()
    draft = AttachDraft(key=AKS_KEY.id, consumer=server.id, service="mysql-single")
    assert one(problems(draft, server, key_with(**facts)), code).blocks


def test_missing_rights_at_server_identity_and_key_are_each_refused() -> None:
    found = problems(about=around(SERVER, may=NOTHING))
    assert [(each.code, each.field) for each in found if each.blocks] == [
        ("missing-right", "consumer"),
        ("missing-right", "identity"),
        ("missing-right", ""),
    ]
    assert set(codes(problems(about=around(SERVER, may=None)))) >= {"right-unknown"}
    assert codes(problems(about=around(SERVER, may=None)), blocks=True) == []


@pytest.mark.parametrize("scope", [SERVER.id, estates.AKS_SCOPE, estates.GROUP])
def test_a_lock_that_forbids_writes_is_refused(scope: str) -> None:
    assert "locked" in codes(attach.problems(DRAFT, locked(estate(), scope), around(SERVER)))
    kept = locked(estate(), scope, "CanNotDelete")
    assert "locked" not in codes(attach.problems(DRAFT, kept, around(SERVER)))


def test_an_identity_or_key_that_serves_others_is_said() -> None:
    used = replace(DRAFT, key=MYSQL_KEY.id)
    assert not one(problems(used), "shared-key").blocks
    mine = estates.dcc().identities[0]
    assert not one(problems(replace(DRAFT, identity=mine.resource_id)), "shared-identity").blocks


_servers = st.sampled_from(
    [SERVER, replace(SERVER, geo_backup=True), replace(SERVER, key=MYSQL_KEY.id), replace(SERVER, state="Stopped")]
)
_drafts = st.builds(
    AttachDraft,
    key=st.sampled_from([None, AKS_KEY.id, MYSQL_KEY.id, SOFT_KEY.id, KeyId(STANDARD.host, "none")]),
    consumer=st.just(SERVER.id),
    service=st.sampled_from(["mysql-flexible", "mysql-single", ""]),
    identity=st.sampled_from([None, FREE, "/x/unread"]),
    create_identity=st.sampled_from([None, MADE_ID]),
    geo_key=st.sampled_from([None, NORTH_KEY.id]),
    geo_identity=st.sampled_from([None, FREE, NORTH]),
)


@given(_drafts, _servers)
def test_any_draft_has_one_plan_in_which_the_server_comes_last(draft: AttachDraft, server: Target) -> None:
    server = replace(server, service=draft.service)
    plan = attach.plan(draft, Index(estate()), around(server))
    assert plan.hash == attach.plan(draft, Index(estate()), around(server)).hash
    assert plan.problems or plan.steps
    order = [step.verb for step in sorted(plan.steps, key=lambda step: step.stage)]
    if order:
        assert order[-1] is StepVerb.SET_CONSUMER_KEY
        assert order.count(StepVerb.SET_CONSUMER_KEY) == 1
        assert all(step.undo_words for step in plan.steps)
