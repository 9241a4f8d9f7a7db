"""A cluster that uses keys for two services: its disks by a set, its secrets in etcd by itself."""

import uuid
from typing import Any

import pytest

from cmk_admin.cloud import api, clusters, keys, roles
from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.cloud.inventory import read_estate, refresh
from cmk_admin.cloud.session import Session
from cmk_admin.domain import mapping
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.ids import KeyId, key_scope
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer, Estate, RoleAssignment
from cmk_admin.domain.roles import CRYPTO_USER, definition_id

from .conftest import Azure, Run

LAB = "dcc-lab.vault.azure.net"
ETCD_KEY = KeyId(LAB, "etcd-key")


def services(estate: Estate) -> dict[str, Consumer]:
    return {one.service: one for one in estate.consumers if one.name == "dcc-aks"}


async def attach(session: Session, azure: Azure, estate: Estate) -> None:
    """By hand: a key, the grant, the clock pushed on, and the settings."""
    vault = next(one for one in estate.vaults if one.host == LAB)
    await session.vault("POST", LAB, "/keys/etcd-key/create", body={"kty": "RSA-HSM"}, urgent=True)
    key = (await keys.list_versions(session, ETCD_KEY))[0].id
    cluster = await clusters.get(session, services(estate)["aks-disks"].id)
    identity = next(iter(cluster["identity"]["userAssignedIdentities"].values()))
    scope = key_scope(vault.id, "etcd-key")
    await roles.create_assignment(
        session,
        RoleAssignment(
            id=f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}",
            scope=scope,
            role_definition_id=definition_id(CRYPTO_USER, vault.subscription_id) or "",
            principal_id=identity["principalId"],
            principal_type="ServicePrincipal",
        ),
    )
    azure.control("POST", "clock", {"advance_s": 601})
    kms = {"enabled": True, "keyId": str(key), "keyVaultNetworkAccess": "Public"}
    body = clusters.changed_at(cluster, ("properties", "securityProfile", "azureKeyVaultKms"), kms)
    reply = await session.arm("PUT", cluster["id"], api_version=api.MANAGED_CLUSTERS, body=body, urgent=True)
    started = session.long_running(reply)
    assert started is not None
    azure.control("POST", "clock", {"advance_s": 300})
    await session.wait(started, within=30)


def test_both_are_read_refreshed_and_mapped_as_they_are(azure: Azure, session: Session, run: Run[Any]) -> None:
    before = run(read_estate(session))
    assert set(services(before)) == {"aks-disks"}
    run(attach(session, azure, before))
    azure.control("POST", "clock", {"advance_s": 120})
    after = run(read_estate(session))
    for estate in (run(refresh(session, before, ETCD_KEY)), after):
        both = services(estate)
        assert set(both) == {"aks-disks", "aks-etcd"}
        disks, etcd = both["aks-disks"], both["aks-etcd"]
        assert (disks.id, disks.holder_id is None) == (etcd.id, False)
        assert etcd.holder_id is None
        assert etcd.slots[0].key_id.key == ETCD_KEY
        assert disks.slots[0].key_id.name == "aks-encryption-key"
    mine = {(row.service, row.consumer_id, row.key_id) for row in mapping.rows(Index(after))}
    assert mine == {(row["service"], row["consumer_id"], row["key_id"]) for row in azure.truth("administrator")}
    row = next(one for one in mapping.rows(Index(after)) if one.service == "aks-etcd")
    told = next(one for one in azure.truth("administrator") if one["service"] == "aks-etcd")
    assert list(row.role_assignment_scope or ()) == told["role_assignment_scope"]
    assert list(row.problems) == told["problems"]
    assert {"name": row.identity_name, "object_id": row.identity_object_id} == {
        name: told["identity"][name] for name in ("name", "object_id")
    }


def test_etcd_shows_no_sign_of_its_key(session: Session, run: Run[Any]) -> None:
    cluster = services(run(read_estate(session)))["aks-disks"]
    signal = run(CONSUMERS["aks-etcd"].signal(session, cluster.id))
    assert (signal.word, signal.lost, signal.silent) == ("Running", None, True)


def test_a_cluster_that_is_changed_under_an_old_etag_keeps_what_it_has(session: Session, run: Run[Any]) -> None:
    async def story() -> None:
        cluster_id = services(await read_estate(session))["aks-disks"].id
        first = await clusters.get(session, cluster_id)
        tagged = clusters.changed_at(first, ("tags",), {"by": "somebody else"})
        started = await clusters.put(session, first, tagged)
        assert started is not None
        await session.wait(started, within=30)
        with pytest.raises(AzureFailure, match="changed by somebody else"):
            await clusters.put(session, first, clusters.changed_at(first, ("tags",), {"by": "us"}))
        assert (await clusters.get(session, cluster_id))["tags"] == {"by": "somebody else"}

    run(story())
