"""Attaching to AKS, with a pencil: what forbids it, what is done in which order, and what an undo may take when."""

from dataclasses import replace

import pytest

from cmk_admin.domain.ids import key_scope
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate, RoleDefinition, Vault
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.roles import CONTRIBUTOR, CRYPTO_USER, definition_id
from cmk_admin.domain.steps import Step, StepState, StepVerb
from cmk_admin.domain.surroundings import CarriedIdentity, Rights, Surroundings, Target
from cmk_admin.domain.verbs import attach, attach_aks_etcd, changes_aks, detach, making, undo
from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.domain.verbs.detach import DetachDraft
from cmk_admin.domain.verbs.restore import RestoreDraft
from tests.domain import estates
from tests.domain.estates import AKS, AKS_ID, DES, DES_ID, NOW, OLD, OWNER, PREMIUM, SUB

ETCD_KEY = replace(estates.key(PREMIUM, "etcd-key"), operations=("decrypt", "encrypt"))
IDENTITY = f"{estates.GROUP}/identities/dcc-aks-id"
OFF = changes_aks.etcd_facts(key=None, network=None, vault=None, identity=IDENTITY, new=False)
CLUSTER = Target(
    id=AKS.id,
    service="aks-etcd",
    name="dcc-aks",
    location="westeurope",
    subscription_id=SUB,
    state="Running",
    provisioning="Succeeded",
    version="1.33.3",
    identities=(CarriedIdentity(resource_id=IDENTITY, principal_id=AKS_ID),),
    settings=OFF,
)
DRAFT = AttachDraft(key=ETCD_KEY.id, consumer=AKS.id, service="aks-etcd")


def on(version: str | None = OLD, network: str = "Public") -> Target:
    """The cluster with a key, by the engine that the form of its id means."""
    key = replace(ETCD_KEY.id, version=version)
    vault = PREMIUM.id if network == "Private" else None
    facts = changes_aks.etcd_facts(key=key, network=network, vault=vault, identity=IDENTITY, new=version is None)
    return replace(CLUSTER, key=key, key_identity=IDENTITY, settings=facts)


def around(target: Target = CLUSTER, **facts: object) -> Surroundings:
    """Everything may be done, and the target stands as it does."""
    scopes = (target.id, PREMIUM.id, key_scope(PREMIUM.id, "etcd-key"), key_scope(PREMIUM.id, "aks-encryption-key"))
    rights = {scope.lower(): Rights(blocks=(OWNER,)) for scope in (*scopes, DES.id)}
    return Surroundings(now=NOW, rights=rights, targets={target.id.lower(): target}, **facts)  # type: ignore[arg-type]


def estate(vault: Vault = PREMIUM) -> Estate:
    found = estates.dcc()
    return replace(found, keys=(*found.keys, ETCD_KEY), vaults=(vault, *found.vaults[1:]))


INDEX = Index(estate())


def codes(draft: AttachDraft = DRAFT, target: Target = CLUSTER, index: Index = INDEX) -> dict[str, bool]:
    """Codes of the problems, and whether each forbids it."""
    return {one.code: one.blocks for one in attach.problems(draft, index, around(target))}


def blocking(draft: AttachDraft = DRAFT, target: Target = CLUSTER, index: Index = INDEX) -> set[str]:
    return {code for code, blocks in codes(draft, target, index).items() if blocks}


def test_a_fit_key_is_granted_set_and_the_secrets_are_rewritten_on_wish_in_that_order() -> None:
    assert blocking() == set()
    plan = attach.plan(replace(DRAFT, rewrite_secrets=True), INDEX, around())
    assert [(step.verb, step.stage) for step in plan.steps] == [
        (StepVerb.CREATE_ASSIGNMENT, 0),
        (StepVerb.SET_CONSUMER_KEY, 1),
        (StepVerb.REWRITE_SECRETS, 2),
    ]
    grant, change, _ = plan.steps
    assert (grant.after or {})["role_definition_id"] == definition_id(CRYPTO_USER, SUB)
    assert change.before == OFF
    assert (change.after or {})["engine"] == "legacy"
    assert str((change.after or {})["key"]).endswith(f"/etcd-key/{estates.NEW}")
    assert plan.hash == attach.plan(replace(DRAFT, rewrite_secrets=True), INDEX, around()).hash


@pytest.mark.parametrize(
    ("draft", "target", "code"),
    [
        (DRAFT, replace(CLUSTER, state="Stopped"), "stopped"),
        (DRAFT, replace(CLUSTER, state=None), "stopped"),
        (DRAFT, replace(CLUSTER, provisioning="Failed"), "not-ready"),
        (DRAFT, replace(CLUSTER, provisioning="Updating", busy=True), "busy"),
        (DRAFT, replace(CLUSTER, settings={**OFF, "identity": None}, identities=()), "system-identity"),
        (replace(DRAFT, identity=f"{estates.GROUP}/identities/dcc-mysql-id"), CLUSTER, "identity"),
        (replace(DRAFT, engine="other"), CLUSTER, "engine"),
        (replace(DRAFT, engine="new"), replace(CLUSTER, version="1.32.9"), "engine-version"),
        (replace(DRAFT, engine="legacy"), on(None), "engine-final"),
        (replace(DRAFT, network="Private"), on(), "network-change"),
        (replace(DRAFT, network="Other"), CLUSTER, "network"),
        (DRAFT, on(estates.NEW), "attached-already"),
        (replace(DRAFT, key=None), CLUSTER, "no-key"),
        (replace(DRAFT, key=estates.AKS_KEY.id), CLUSTER, "key-operations"),
        (replace(DRAFT, consumer="/nowhere"), CLUSTER, "no-consumer"),
    ],
)
def test_what_forbids_it(draft: AttachDraft, target: Target, code: str) -> None:
    granted = estates.grant(9, key_scope(PREMIUM.id, "etcd-key"), AKS_ID, estates.CRYPTO_OFFICER)
    index = Index(replace(estate(), role_assignments=(*estate().role_assignments, granted)))
    assert code in blocking(draft, target, index)


def test_a_closed_vault_is_reached_privately_or_not_at_all() -> None:
    closed = Index(estate(replace(PREMIUM, public_access=False, default_deny=True)))
    assert "network" in blocking(index=closed)
    assert blocking(replace(DRAFT, network="Private"), index=closed) == set()
    assert codes(replace(DRAFT, network="Private"), index=closed)["network-private"] is False


@pytest.mark.parametrize("chosen", [{"engine": "new"}, {"network": "Private"}])
def test_the_role_on_the_vault_is_a_line_of_its_own_where_a_mode_needs_it(chosen: dict[str, str]) -> None:
    draft = replace(DRAFT, **chosen)  # type: ignore[arg-type]
    scopes = [str((step.after or {}).get("scope")) for step in attach.plan(draft, INDEX, around()).steps]
    assert scopes[:2] == [key_scope(PREMIUM.id, "etcd-key"), PREMIUM.id]
    role = RoleDefinition(id=definition_id(CONTRIBUTOR, SUB) or "", name=CONTRIBUTOR)
    held = replace(estate(), role_assignments=(*estate().role_assignments, estates.grant(9, PREMIUM.id, AKS_ID, role)))
    again = attach.plan(draft, Index(held), around()).steps
    assert PREMIUM.id not in [str((step.after or {}).get("scope")) for step in again]


def test_the_new_engine_is_said_to_be_final_before_the_plan_and_has_no_undo() -> None:
    plan = attach.plan(replace(DRAFT, engine="new"), INDEX, around())
    assert attach_aks_etcd.FINAL in plan.warnings
    change = next(step for step in plan.steps if step.verb is StepVerb.SET_CONSUMER_KEY)
    assert change.undo_words is None
    assert (change.after or {})["key"] == str(ETCD_KEY.id)


def test_a_former_key_is_said_to_be_needed_still() -> None:
    assert {"former-key", "not-rewritten"} <= set(codes(target=on(OLD)))
    plan = attach.plan(DRAFT, INDEX, around(on(OLD)))
    assert any(OLD in one for one in plan.warnings)
    assert plan.steps[-1].undo_words == "Give the secrets of cluster dcc-aks their former key back"


def test_a_detach_switches_off_and_rewrites_and_never_takes_the_grant_along() -> None:
    granted = estates.grant(9, key_scope(PREMIUM.id, "etcd-key"), AKS_ID, estates.CRYPTO_OFFICER)
    etcd = replace(AKS, service="aks-etcd", holder_id=None, slots=(estates.slot(ETCD_KEY, AKS_ID, OLD),))
    index = Index(
        replace(
            estate(),
            role_assignments=(*estate().role_assignments, granted),
            consumers=(*estates.dcc().consumers, etcd),
        )
    )
    draft = DetachDraft(consumer=AKS.id, service="aks-etcd")
    steps = [(StepVerb.SET_CONSUMER_KEY, 0), (StepVerb.REWRITE_SECRETS, 1)]
    plan = detach.plan(draft, index, around(on(OLD)))
    assert plan.problems == ()
    assert [(step.verb, step.stage) for step in plan.steps] == steps
    dropping = replace(draft, drop_grant=True)
    (said,) = [one for one in detach.problems(dropping, index, around(on(OLD))) if one.field == "drop_grant"]
    assert (said.code, said.blocks) == ("grant-needed", True)
    assert "AKS asks to keep the key of secrets in etcd alive and granted" in said.sentence
    refused = detach.plan(dropping, index, around(on(OLD)))
    assert refused.problems == (said.sentence,)
    assert [(step.verb, step.stage) for step in refused.steps] == steps
    final = detach.plan(draft, index, around(on(None)))
    assert any("cannot be switched off again" in one for one in final.problems)
    assert final.steps == ()


@pytest.mark.parametrize("service", ["aks-disks", "disk-encryption-set"])
def test_disks_cannot_be_without_a_key_and_what_can_be_done_instead_is_said(service: str) -> None:
    plan = detach.plan(DetachDraft(consumer=DES.id, service=service), INDEX, around())
    (sentence,) = plan.problems
    assert "disk" in sentence
    assert plan.steps == ()


def taking(principal: str, *, stage: int) -> Step:
    step = making.create_assignment(
        INDEX,
        scope=key_scope(PREMIUM.id, "etcd-key"),
        role_definition_id=definition_id(CRYPTO_USER, SUB) or "",
        role_name=CRYPTO_USER,
        principal=principal,
        who="somebody",
        stage=stage,
    )
    return replace(step, verb=StepVerb.REMOVE_ASSIGNMENT, before=step.after, after=None)


def undone(*states: StepState) -> Plan:
    plan = attach.plan(DRAFT, INDEX, around())
    assert [step.verb for step in plan.steps] == [StepVerb.CREATE_ASSIGNMENT, StepVerb.SET_CONSUMER_KEY]
    return undo.plan(RestoreDraft(operation="op", plan=plan, states=states), INDEX)


@pytest.mark.parametrize("state", [StepState.DONE, StepState.ACCEPTED, StepState.SENT, StepState.UNKNOWN])
def test_an_undo_rewrites_the_secrets_and_keeps_the_grant_that_aks_asks_to_keep(state: StepState) -> None:
    found = undone(StepState.DONE, state)
    assert [(step.verb, step.stage) for step in found.steps] == [
        (StepVerb.SET_CONSUMER_KEY, 0),
        (StepVerb.REWRITE_SECRETS, 1),
    ]
    assert found.problems == ()
    (said,) = found.left
    assert said.startswith("The role Key Vault Crypto User of ")
    assert " on key etcd-key of dcc-premium stays: AKS asks to keep the key" in said
    assert "remove it yourself when" in said


def test_an_undo_takes_the_grant_of_a_cluster_that_never_had_the_key() -> None:
    found = undone(StepState.DONE, StepState.FAILED)
    assert ([step.verb for step in found.steps], found.left) == ([StepVerb.REMOVE_ASSIGNMENT], ())


def test_an_undo_of_what_cannot_be_switched_off_says_of_the_grant_too_that_it_stays() -> None:
    plan = attach.plan(replace(DRAFT, engine="new"), INDEX, around())
    draft = RestoreDraft(operation="op", plan=plan, states=(StepState.DONE,) * len(plan.steps))
    found = undo.plan(draft, INDEX)
    assert found.steps == ()
    assert any("cannot be taken back" in one for one in found.problems)
    assert any("stays: AKS asks" in one for one in found.problems)


def test_an_undo_deletes_a_set_before_the_grant_of_its_identity_and_leaves_other_steps_as_they_are() -> None:
    delete = replace(
        changes_aks.create_disk_set(DES.id, location="westeurope", key=estates.AKS_KEY.id, source_vault=None),
        verb=StepVerb.DELETE_DISK_SET,
        stage=2,
    )
    ordered = changes_aks.in_safe_order([taking(DES.id, stage=1), taking(AKS_ID, stage=1), delete])
    assert [step.verb for step in ordered] == [
        StepVerb.REMOVE_ASSIGNMENT,
        StepVerb.DELETE_DISK_SET,
        StepVerb.REMOVE_ASSIGNMENT,
    ]
    assert [(step.before or {}).get("principal_id") for step in ordered[::2]] == [AKS_ID, DES.id]
    plain = (taking(DES_ID, stage=0), taking(AKS_ID, stage=1))
    assert changes_aks.in_safe_order(plain) == plain


def test_the_title_says_what_of_a_cluster_is_encrypted() -> None:
    assert attach.plan(DRAFT, INDEX, around()).title == "Encrypt the secrets of dcc-aks with etcd-key"
    disks = replace(DRAFT, service="aks-disks", disk_set=DES.id)
    assert attach.plan(disks, INDEX, around()).title == "Encrypt volumes of dcc-aks with etcd-key"
    off = detach.plan(DetachDraft(consumer=AKS.id, service="aks-etcd"), INDEX, around(on(OLD)))
    assert off.title == "Encrypt the secrets of dcc-aks in etcd with no key of yours any more"
