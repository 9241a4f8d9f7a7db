"""Whatever stands in a body, a write is done or refused in Azure's terms; never a defect of the sandbox."""

import asyncio
import copy
import json
from collections.abc import Coroutine, Iterator
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmk_admin.sandbox.clock import Clock
from cmk_admin.sandbox.entra import caller_for
from cmk_admin.sandbox.router import Router
from cmk_admin.sandbox.services.authorization import routes as authorization
from cmk_admin.sandbox.services.authorization.roles import role_id
from cmk_admin.sandbox.services.identity import routes as identity
from cmk_admin.sandbox.services.keyvault import keymaterial, model
from cmk_admin.sandbox.services.keyvault import routes as keyvault
from cmk_admin.sandbox.state import World
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

from . import estate

GUID = "aaaaaaaa-1111-4000-8000-000000000009"
AUTHORIZATION = f"{estate.VAULT}/providers/Microsoft.Authorization"
NEW_VAULT = f"{estate.GROUP}/providers/Microsoft.KeyVault/vaults/brand-new"
PEM = keymaterial.generate("RSA", size=2048)
CURVE = keymaterial.load(keymaterial.generate("EC"))

POLICY = {"tenantId": estate.TENANT, "objectId": GUID, "applicationId": GUID, "permissions": {"keys": ["get"]}}
VAULT = {
    "location": "westeurope",
    "tags": {"a": "b"},
    "properties": {
        "tenantId": estate.TENANT,
        "sku": {"family": "A", "name": "premium"},
        "accessPolicies": [POLICY],
        "networkAcls": {
            "bypass": "None",
            "defaultAction": "Deny",
            "ipRules": [{"value": "192.0.2.1"}],
            "virtualNetworkRules": [{"id": "/x"}],
        },
        "enableRbacAuthorization": True,
        "enablePurgeProtection": True,
        "softDeleteRetentionInDays": 90,
        "publicNetworkAccess": "Enabled",
        "createMode": "default",
    },
}
KEY = {
    "kty": "EC",
    "crv": "P-256",
    "key_size": None,
    "key_ops": ["sign"],
    "attributes": {"enabled": True, "nbf": 1, "exp": 4102444800, "exportable": False},
    "tags": {"a": "b"},
}
ARM_KEY = {
    "tags": {"a": "b"},
    "properties": {"kty": "EC", "curveName": "P-256", "keyOps": ["sign"], "attributes": {"exp": 9}},
}
JWK = {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ", "d": "AQ", "key_ops": ["sign"]}
RSA_JWK = {"kty": "RSA", **dict.fromkeys(("n", "e", "d", "p", "q", "dp", "dq", "qi"), "AQAB")}
ROLE = {
    "roleDefinitionId": role_id("Key Vault Reader"),
    "principalId": GUID,
    "principalType": "Group",
    "condition": None,
}
DEFINITION = {
    "roleName": "Mine",
    "description": "",
    "assignableScopes": [estate.GROUP],
    "permissions": [{"actions": ["*"], "notActions": ["a"], "dataActions": ["*/read"], "notDataActions": []}],
}
ROTATION = {
    "lifetimeActions": [{"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Rotate"}}],
    "attributes": {"expiryTime": "P1Y"},
}
WRITES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("arm", "PUT", NEW_VAULT, VAULT),
    ("arm", "PUT", estate.VAULT, VAULT),
    ("arm", "PATCH", estate.VAULT, VAULT),
    ("arm", "PUT", f"{estate.VAULT}/accessPolicies/add", {"properties": {"accessPolicies": [POLICY]}}),
    ("arm", "PUT", f"{estate.VAULT}/keys/other", ARM_KEY),
    ("arm", "POST", f"/subscriptions/{estate.ONE}/providers/Microsoft.KeyVault/checkNameAvailability", {"name": "x"}),
    ("arm", "PUT", f"{AUTHORIZATION}/roleAssignments/{GUID}", {"properties": ROLE}),
    ("arm", "PUT", f"{AUTHORIZATION}/roleDefinitions/{GUID}", {"properties": DEFINITION}),
    ("arm", "PUT", estate.IDENTITY, {"location": "westeurope", "tags": {"a": "b"}}),
    ("arm", "PATCH", estate.IDENTITY, {"tags": {"a": "b"}}),
    ("vault", "POST", "/keys/k/create", KEY),
    ("vault", "PUT", "/keys/other", {"key": JWK, "Hsm": True, "attributes": {"enabled": True}, "tags": {"a": "b"}}),
    ("vault", "PUT", "/keys/other", {"key": RSA_JWK}),
    ("vault", "PATCH", "/keys/k", {"key_ops": ["wrapKey"], "attributes": {"enabled": True}, "tags": {"a": "b"}}),
    ("vault", "PUT", "/keys/k/rotationpolicy", ROTATION),
    ("vault", "POST", "/keys/k/wrapkey", {"alg": "RSA-OAEP", "value": "AQAB"}),
    ("vault", "POST", "/keys/k/sign", {"alg": "RS256", "value": "AQAB"}),
    ("vault", "POST", "/keys/k/verify", {"alg": "RS256", "digest": "AQAB", "value": "AQAB"}),
    ("vault", "POST", "/keys/restore", {"value": keymaterial.b64(b"KeyVaultBackup1:" + bytes(40))}),
]
REPLACEMENTS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=4),
    st.sampled_from(["P", "P999999999Y", "10.0.0.0/99", "\ud83d\ude00", GUID, "RSA", "P-521", "é"]),
    st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=2)), max_size=2),
    st.dictionaries(
        st.text(max_size=2), st.one_of(st.none(), st.integers(), st.lists(st.none(), max_size=1)), max_size=2
    ),
)


def paths_in(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for name, one in inside for path in [(*at, name), *paths_in(one, (*at, name))]]


def replaced(body: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(body)
    inner: Any = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return changed


def _router() -> Router:
    routes = Routes()
    for service in (keyvault, authorization, identity):
        service.register(routes)
    return Router(routes)


ROUTER = _router()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World(Clock(speed=0))
    estate.lay(world)
    model.make_key(world, "small", "k", pem=PEM)
    world.put("principal", GUID, {"objectId": GUID, "clientId": None, "kind": "Group", "members": []})
    world.forget_past()
    yield world
    world.close()


@pytest.mark.parametrize("write", WRITES, ids=lambda write: f"{write[1]}-{write[2].rsplit('/', 1)[-1]}")
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_every_body_is_answered_or_refused(
    world: World, write: tuple[str, str, str, dict[str, Any]], data: st.DataObject
) -> None:
    _restore(world)
    plane, method, path, body = write
    body = replaced(body, data.draw(st.sampled_from(paths_in(body))), data.draw(REPLACEMENTS))
    found = ROUTER.find(plane, method, path)
    assert found is not None
    route, params = found
    administrator = next(key for key, one in world.items("principal") if one.get("displayName") == "administrator")
    host = "management.azure.com" if plane == "arm" else "small.vault.azure.net"
    query = {"api-version": "2026-05-15"}
    sent = json.dumps(body).encode()
    call = Call(world, method, host, path, query, {}, sent, params, caller_for(world, administrator))
    try:
        answer = asyncio.run(cast(Coroutine[Any, Any, Answer], route.handler(call)))
    except AzureError as refused:
        status = refused.status
    else:
        status = answer.status
        json.dumps(answer.body)
    assert 200 <= status < 500


def _restore(world: World) -> None:
    """Undo what an earlier body changed, so that each meets the same vault and key."""
    for key, resource in world.items("resource"):
        if resource["name"] == "brand-new":
            world.delete("resource", key)
    vault = world.get("resource", estate.VAULT)
    assert vault is not None
    open_again = {
        **vault["properties"],
        "enableRbacAuthorization": True,
        "publicNetworkAccess": "Enabled",
        "networkAcls": {},
    }
    world.put("resource", estate.VAULT, {**vault, "properties": open_again})
    for kind in ("roleAssignment", "roleDefinition"):
        for key, document in world.items(kind):
            if document["name"] == GUID:
                world.delete(kind, key)
    for key, document in world.items("key"):
        if document["name"] != "k":
            world.delete("key", key)
        else:
            world.put("key", key, {**document, "versions": document["versions"][:1]})
