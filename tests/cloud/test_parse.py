"""Azure's JSON into the estate's types: whatever comes, nothing is guessed and nothing falls over."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.cloud import parse, parse_identities
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.model import PrivateEndpoint
from cmk_admin.domain.permissions import allowed_words, permits

VERSION = "0123456789abcdef0123456789abcdef"
VAULT_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"


def vault(**properties: Any) -> Any:
    return parse.vault({"id": VAULT_ID, "name": "v", "location": "West Europe", "properties": properties})


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_the_size_of_an_rsa_key_is_its_modulus(bits: int) -> None:
    modulus = base64.urlsafe_b64encode(b"\x80" + b"\x01" * (bits // 8 - 1)).rstrip(b"=").decode()
    jwk = {"kid": f"https://v.vault.azure.net/keys/k/{VERSION}", "kty": "RSA-HSM", "n": modulus, "key_ops": ["wrapKey"]}
    key = parse.key_from_vault({"key": jwk, "attributes": {"enabled": True}}, VAULT_ID)
    assert key is not None
    assert (key.size, key.key_type, key.operations, key.current_version) == (bits, "RSA-HSM", ("wrapKey",), VERSION)


@pytest.mark.parametrize(("curve", "bits"), [("P-256", 256), ("P-256K", 256), ("P-384", 384), ("P-521", 521)])
def test_the_size_of_an_ec_key_is_its_curves(curve: str, bits: int) -> None:
    jwk = {"kid": "https://v.vault.azure.net/keys/k", "kty": "EC-HSM", "crv": curve}
    key = parse.key_from_vault({"key": jwk}, VAULT_ID)
    assert key is not None
    assert (key.size, key.operations, key.enabled) == (bits, None, None)


@pytest.mark.parametrize(
    "spelt",
    [
        f"https://v.vault.azure.net/keys/k/{VERSION}",
        f"https://V.Vault.Azure.net:443/keys/k/{VERSION}/",
        f"HTTPS://v.vault.azure.net/Keys/k/{VERSION}",
    ],
)
def test_all_spellings_of_a_key_id_are_one(spelt: str) -> None:
    assert parse.key_id_of(spelt) == KeyId("v.vault.azure.net", "k", VERSION)


@pytest.mark.parametrize("wrong", [None, 3, "", "https://v.vault.azure.net/secrets/k", "http://v/keys/k", "keys/k"])
def test_what_is_no_key_id_is_none(wrong: Any) -> None:
    assert parse.key_id_of(wrong) is None


@given(
    host=st.from_regex(r"[0-9a-z-]{3,24}\.vault\.azure\.net", fullmatch=True),
    name=st.from_regex(r"[0-9A-Za-z-]{1,127}", fullmatch=True),
    version=st.none() | st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
)
def test_the_quick_way_reads_key_ids_as_the_thorough_one(host: str, name: str, version: str | None) -> None:
    key = KeyId(host, name, version)
    assert parse.key_id_of(str(key)) == key
    assert parse.key_id_of(str(key) + "/") == key


def test_a_vault_without_a_word_on_rbac_is_on_access_policies() -> None:
    assert vault().rbac is False
    assert vault(enableRbacAuthorization=None).rbac is False
    assert vault(enableRbacAuthorization=True).rbac is True


def test_a_vaults_network_is_open_unless_it_says_otherwise() -> None:
    found = vault()
    assert (found.public_access, found.default_deny, found.trusted_bypass) == (True, False, True)
    found = vault(publicNetworkAccess="Disabled", networkAcls={"defaultAction": "Deny", "bypass": "None"})
    assert (found.public_access, found.default_deny, found.trusted_bypass) == (False, True, False)


def test_a_vaults_private_endpoints_are_none_where_azure_names_none_and_not_known_where_it_is_not_understood() -> None:
    assert vault().private_endpoints == ()
    assert vault(privateEndpointConnections=None).private_endpoints == ()
    assert vault(privateEndpointConnections="what").private_endpoints is None
    endpoint = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/sample-pe"
    facts = {
        "provisioningState": "Succeeded",
        "privateEndpoint": {"id": endpoint},
        "privateLinkServiceConnectionState": {"status": "Approved"},
    }
    named = {"id": "/v/privateEndpointConnections/sample-pec", "properties": facts}
    assert vault(
        privateEndpointConnections=[named, {"id": "/v/privateEndpointConnections/bare"}]
    ).private_endpoints == (
        PrivateEndpoint(name="sample-pec", endpoint_id=endpoint, status="Approved"),
        PrivateEndpoint(name="bare", endpoint_id=None, status=None),
    )


def test_a_vault_keeps_deleted_keys_90_days_unless_it_says_otherwise() -> None:
    assert vault().soft_delete_days == 90
    assert vault(softDeleteRetentionInDays=7).soft_delete_days == 7
    assert vault(enableSoftDelete=False).soft_delete_days is None


def test_a_location_is_spelt_one_way() -> None:
    assert vault().location == "westeurope"


def test_a_policy_entry_goes_out_as_it_came_in() -> None:
    entry = {
        "tenantId": "t",
        "objectId": "o",
        "applicationId": "a",
        "permissions": {"keys": ["get", "wrapKey"], "secrets": [], "certificates": ["list"], "storage": []},
    }
    assert parse.access_policy_body(parse.access_policy(entry)) == entry


def test_times_are_read_from_both_planes() -> None:
    expected = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
    assert parse.moment(expected.timestamp()) == expected
    assert parse.moment("2026-11-22T01:02:03Z") == expected
    assert parse.moment("2026-11-22T01:02:03.0000000Z") == expected
    assert parse.moment("yesterday") is None


def test_a_user_assigned_identity_is_found_whatever_the_case() -> None:
    spelt = "/subscriptions/S/resourcegroups/G/providers/Microsoft.ManagedIdentity/userAssignedIdentities/One"
    identity = {"userAssignedIdentities": {spelt: {"principalId": "p", "clientId": "c"}}}
    document = {"id": "/x/server", "name": "server", "identity": identity}
    found = parse_identities.identity_at(document, spelt.lower())
    assert found is not None
    assert (found.principal_id, found.name, found.system_assigned) == ("p", "One", False)
    assert parse_identities.identity_at(document, None) is None


def test_what_a_block_of_a_role_takes_out_it_takes_from_its_own_actions_alone() -> None:
    unwrap, decrypt = "Microsoft.KeyVault/vaults/keys/unwrap/action", "Microsoft.KeyVault/vaults/keys/decrypt/action"
    blocks = [{"actions": ["a/read"], "dataActions": [unwrap]}, {"dataActions": [decrypt], "notDataActions": [unwrap]}]
    role = parse.role_definition({"id": "/r/1", "properties": {"roleName": "R", "permissions": blocks}})
    assert allowed_words(role) == ("decrypt", "unwrapKey")
    assert permits(role, unwrap, data=True)
    assert permits(role, "a/read", data=False)
    assert not permits(role, "b/read", data=False)


def test_an_assignment_without_a_scope_is_where_its_id_says() -> None:
    scope = f"{VAULT_ID}/keys/k"
    found = parse.role_assignment(
        {"id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/1", "properties": {}}
    )
    assert found.scope == scope
    root = parse.role_assignment({"id": "/providers/Microsoft.Authorization/roleAssignments/1", "properties": {}})
    assert root.scope == "/"


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["key", "kid", "kty", "n", "crv", "properties", "attributes", "error"]), inner
        )
    ),
    max_leaves=12,
)


@given(document=st.dictionaries(st.sampled_from(["key", "kid", "attributes", "tags", "properties"]), _ANY))
def test_a_key_answer_that_names_no_key_is_none(document: dict[str, Any]) -> None:
    safe = {name: value for name, value in document.items() if isinstance(value, dict)}
    assert parse.key_from_vault(safe, VAULT_ID) is None
    assert parse.key_from_arm(safe, VAULT_ID) is None
    assert parse.key_version(safe) is None
