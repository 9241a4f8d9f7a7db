"""Grant from the command line: what the identity may do then, it is asked itself; what makes no sense is refused unsent."""

import pytest
from azure.core.exceptions import HttpResponseError

from tests.journeys.workshop import (
    ENCRYPTION_USER,
    GROUP,
    PREMIUM,
    SPARE,
    SPARE_ID,
    USED_ID,
    Workshop,
    done,
    nothing_sent,
    often_and_seldom,
    planned,
    refused,
    undone,
)
from tests.support import Program, Sandbox

FREE = ("grant", SPARE, "--identity", "ws-free-id")
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"


def test_an_identity_uses_its_own_key_and_no_other_until_it_is_taken_back(workshop: Sandbox, maker: Program) -> None:
    admin, free = Workshop(workshop), Workshop(workshop, "ws-free-id")
    scope = admin.scope("ws-premium", "spare-key")
    before = admin.grants(scope)
    wrapped, other = admin.wrap(SPARE_ID), admin.wrap(USED_ID)
    report = done(maker.json(*FREE, "--yes"), "grant")
    [(name, (who, role, condition))] = (admin.grants(scope).items() - before.items()) or [("", ("", "", ""))]
    assert (who, role, condition) == (free.object_id, ENCRYPTION_USER, "None")
    assert name in report["steps"][0]["target"]
    assert admin.grant_type(scope, name) == "ServicePrincipal"
    free.await_unwraps(wrapped, wanted=True, key_id=SPARE_ID)
    assert not free.unwraps(other, USED_ID)
    with pytest.raises(HttpResponseError) as forbidden:
        free.keys(PREMIUM).create_rsa_key("of-its-own")
    assert forbidden.value.status_code == 403
    refused(workshop, maker, list(FREE), "ws-free-id may do that with spare-key already")

    undone(maker, report)
    assert admin.grants(scope) == before
    free.await_unwraps(wrapped, wanted=False, key_id=SPARE_ID)


def test_an_identity_that_was_made_a_moment_ago_is_granted_by_its_type_and_goes_with_the_undo(
    workshop: Sandbox, maker: Program
) -> None:
    """Its type is said, so that Azure need not find it yet: one request each, none refused."""
    report = done(maker.json("grant", SPARE, "--create-identity", f"{GROUP}/made-id", "--yes"), "grant")
    writes = [(one["method"], one["path"].rsplit("/", 2)[-2], one["status"]) for one in workshop.writes()]
    assert writes == [("PUT", "userAssignedIdentities", 201), ("PUT", "roleAssignments", 201)]
    admin, made = Workshop(workshop), Workshop(workshop, "made-id")
    made.await_unwraps(admin.wrap(SPARE_ID), wanted=True, key_id=SPARE_ID)
    undone(maker, report)
    assert made.object_id not in {who for who, *_ in admin.grants(admin.scope("ws-premium", "spare-key")).values()}
    with nothing_sent(workshop):
        gone = maker.json(*FREE[:2], "--identity", "made-id", "--yes")
    assert (gone.status, gone.json["error"]["code"]) == (2, "unknown-identity")


@pytest.mark.full
def test_an_undo_keeps_an_identity_that_a_server_uses_by_now(workshop: Sandbox, maker: Program) -> None:
    report = done(maker.json("grant", SPARE, "--create-identity", f"{GROUP}/made-id", "--yes"), "grant")
    done(
        maker.json("attach", "ws-premium/disk-key", "--consumer", "ws-mysql", "--identity", "made-id", "--yes"),
        "attach",
    )
    with nothing_sent(workshop):
        back = maker.json("undo", report["operation"], "--yes")
    assert back.status == 1
    assert "ws-mysql uses disk-key" in back.json["error"]["message"]


@pytest.mark.full
def test_an_access_policy_is_given_and_others_are_left_alone(workshop: Sandbox, maker: Program) -> None:
    key = "https://ws-policies.vault.azure.net/keys/spare-key"
    admin, free = Workshop(workshop), Workshop(workshop, "ws-free-id")
    wrapped, before = admin.wrap(key), admin.policies("ws-policies")
    report = done(maker.json("grant", "ws-policies/spare-key", "--identity", "ws-free-id", "--yes"), "grant")
    assert admin.policies("ws-policies") == before | {free.object_id: {"get", "wrapkey", "unwrapkey"}}
    free.await_unwraps(wrapped, wanted=True, key_id=key)
    undone(maker, report)
    assert admin.policies("ws-policies") == before
    assert not free.unwraps(wrapped, key)


@pytest.mark.full
def test_a_grant_for_etcd_is_the_role_that_encrypts(workshop: Sandbox, maker: Program) -> None:
    done(maker.json("grant", "ws-premium/etcd-key", "--identity", "ws-aks-id", "--for", "aks-etcd", "--yes"), "grant")
    admin, cluster = Workshop(workshop), Workshop(workshop, "ws-aks-id")
    grants = admin.grants(admin.scope("ws-premium", "etcd-key")).values()
    assert (cluster.object_id, CRYPTO_USER, "None") in grants


@pytest.mark.full
def test_the_plan_has_one_hash_and_warns_of_what_is_shared(looked_at: Sandbox, asker: Program) -> None:
    line = ("grant", "ws-premium/used-key", "--create-identity", f"{GROUP}/made-id")
    with nothing_sent(looked_at):
        first, second = planned(asker, *line), planned(asker, *line)
    assert first["hash"] == second["hash"]
    assert any("used-key serves ws-mysql-attached already" in one for one in first["warnings"])


@pytest.mark.full
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--identity", "ws-attached-id"], "ws-attached-id serves ws-mysql-attached already"),
        (["--identity", "ws-attached-id"], "ws-attached-id has rights on keys elsewhere too: key used-key"),
        (["--identity", "ws-free-id", "--role", "Key Vault Crypto Officer"], "also allows"),
        (["--identity", "ws-free-id", "--role", "Key Vault Reader", "--for", "mysql"], "does not allow"),
    ],
)
def test_what_should_be_known_before_a_grant_is_said(
    looked_at: Sandbox, asker: Program, options: list[str], said: str
) -> None:
    with nothing_sent(looked_at):
        plan = planned(asker, "grant", SPARE, *options)
    assert any(said in one for one in plan["warnings"]), plan["warnings"]


@pytest.mark.parametrize(
    ("line", "said"),
    often_and_seldom(
        (["grant", "ws-premium/used-key", "--identity", "ws-attached-id"], "may do that with used-key already"),
        ([*FREE, "--principal", "operator"], "This account may not assign roles on spare-key"),
        ([*FREE, "--principal", "reader"], "This account may not assign roles on spare-key"),
        (
            ["grant", "ws-policies/spare-key", "--identity", "ws-free-id", "--principal", "reader"],
            "This account may not change the access policies of ws-policies",
        ),
        ([*FREE, "--role", "Flyer"], "No role “Flyer” was read"),
        ([*FREE, "--role", "Owner"], "The role Owner allows nothing with keys."),
        (
            ["grant", "ws-policies/spare-key", "--identity", "ws-free-id", "--role", "Key Vault Crypto User"],
            "ws-policies goes by access policies",
        ),
        (["grant", SPARE, "--create-identity", f"{GROUP}/ü"], "“ü” is not a name for an identity"),
        (["grant", SPARE, "--create-identity", f"{GROUP}/ab"], "“ab” is not a name for an identity"),
        (["grant", SPARE, "--create-identity", f"{GROUP}/{'i' * 129}"], "is not a name for an identity"),
        (["grant", SPARE, "--create-identity", f"{GROUP}/ws-free-id"], "There is an identity “ws-free-id” in"),
        (["grant", SPARE, "--create-identity", "no-such-group/made-id"], "There is no resource group “no-such-group”"),
        (["grant", SPARE, "--create-identity", "../made-id"], "There is no resource group “..”"),
        (["grant", SPARE, "--create-identity", "a?b/made-id"], "There is no resource group “a?b”"),
        often=2,
    ),
)
def test_what_must_not_be_granted_is_refused_in_one_sentence_and_nothing_is_sent(
    looked_at: Sandbox, asker: Program, line: list[str], said: str
) -> None:
    refused(looked_at, asker, line, said)


@pytest.mark.full
def test_a_locked_vault_takes_no_grant(workshop: Sandbox, maker: Program) -> None:
    admin = Workshop(workshop)
    lock = admin.lock(admin.scope("ws-premium"), "frozen", "ReadOnly")
    refused(workshop, maker, list(FREE), f"The ReadOnly lock “{lock}” on ws-premium forbids it")


@pytest.mark.full
def test_a_group_is_told_what_it_is(sandbox: Sandbox, program: Program) -> None:
    line = ["grant", "dcc-premium/aks-encryption-key", "--identity", "dcc-crypto-users"]
    refused(sandbox, program, line, "only managed identities and service principals are granted keys here")


@pytest.mark.full
@pytest.mark.parametrize(
    ("line", "code"),
    [
        (["grant", SPARE], "bad-usage"),
        (["grant", SPARE, "--identity", ""], "bad-usage"),
        (["grant", SPARE, "--identity", "nobody"], "unknown-identity"),
        (["grant", SPARE, "--identity", "ws-mysql"], "unknown-identity"),
        (["grant", SPARE, "--identity", "ws-free-id", "--create-identity", "a/bcd"], "bad-usage"),
        (["grant", SPARE, "--create-identity", "made-id"], "bad-usage"),
        (["grant", SPARE, "--create-identity", "a/b/c"], "bad-usage"),
        (["grant", "ws-premium/no-such-key", "--identity", "ws-free-id"], "unknown-key"),
        (["grant", "spare-key", "--identity", "ws-free-id"], "ambiguous-key"),
        (["grant", "ws-mysql/spare-key", "--identity", "ws-free-id"], "unknown-vault"),
        (["grant", "https://evil.example/keys/spare-key", "--identity", "ws-free-id"], "bad-key-id"),
    ],
)
def test_what_is_not_there_is_named_and_nothing_is_changed(
    looked_at: Sandbox, asker: Program, line: list[str], code: str
) -> None:
    with nothing_sent(looked_at):
        answer = asker.json(*line, "--yes")
    assert (answer.status, answer.json["error"]["code"]) == (2, code), answer.out
