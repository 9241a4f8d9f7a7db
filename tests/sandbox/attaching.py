"""Helpers for tests of attaching: resources by their names, new keys, grants, and the writes that give a consumer a key."""

import uuid
from typing import Any

from . import living
from .running import Running

ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
COUNTS = 301.0
"""Azure's seconds after which a grant counts here, and one more."""
WRAPPING = ("wrapKey", "unwrapKey")


def resource(sandbox: Running, name: str) -> dict[str, Any]:
    """The resource of that name."""
    found = [one for _, one in sandbox.world.items("resource") if one["name"] == name]
    assert len(found) == 1, name
    return found[0]


def id_of(sandbox: Running, name: str) -> str:
    """Its ARM id."""
    return str(resource(sandbox, name)["id"])


def make_key(
    sandbox: Running,
    vault: str = "ws-premium",
    name: str = "new-key",
    *,
    kty: str = "RSA-HSM",
    size: int | None = None,
    ops: tuple[str, ...] = WRAPPING,
    **attributes: Any,
) -> str:
    """Create a key as the administrator; the version's id."""
    body: dict[str, Any] = {"kty": kty, "attributes": attributes}
    body |= {"crv": "P-256"} if kty.startswith("EC") else {"key_ops": list(ops)}
    if size is not None:
        body["key_size"] = size
    answer = sandbox.vault("POST", vault, f"/keys/{name}/create", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["key"]["kid"])


def spare_key(sandbox: Running, vault: str) -> str:
    """The id of the version of ``spare-key`` in a vault, which may be behind a firewall."""
    document = sandbox.world.get("key", f"{vault}/spare-key")
    assert document is not None
    return f"https://{vault}.vault.azure.net/keys/spare-key/{document['versions'][-1]['version']}"


def grant(sandbox: Running, who: str, key_url: str, role: str = ENCRYPTION_USER) -> None:
    """Assign a role at a key to a principal, and let it count."""
    vault, name = key_url.split("//", 1)[1].split(".", 1)[0], key_url.split("/")[4]
    scope = f"{id_of(sandbox, vault)}/keys/{name}"
    properties = {
        "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}",
        "principalId": sandbox.principal(who)["object_id"],
        "principalType": "ServicePrincipal",
    }
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    answer = sandbox.arm("PUT", path, "2022-04-01", json={"properties": properties})
    assert answer.status_code == 201, answer.text
    sandbox.advance(COUNTS)


def attach_flexible(sandbox: Running, server: str, key_url: str, identity: str = "ws-free-id", **more: Any) -> Any:
    """PATCH a flexible server as the portal and az do; the answer to the write."""
    identity_id = id_of(sandbox, identity)
    encryption = {
        "type": "AzureKeyVault",
        "primaryKeyURI": key_url,
        "primaryUserAssignedIdentityId": identity_id,
        **more,
    }
    carried: dict[str, dict[str, str]] = {identity_id: {}}
    if "geoBackupUserAssignedIdentityId" in more:
        carried[more["geoBackupUserAssignedIdentityId"]] = {}
    body = {
        "identity": {"type": "UserAssigned", "userAssignedIdentities": carried},
        "properties": {"dataEncryption": encryption},
    }
    return sandbox.arm("PATCH", id_of(sandbox, server), living.FLEXIBLE_VERSION, json=body)


def outcome(sandbox: Running, answer: Any) -> str:
    """``Succeeded``, or the code with which a write was refused, at once or when its operation ended."""
    if answer.status_code >= 400:
        return str(answer.json()["error"]["code"])
    ended = living.finish(sandbox, answer)
    return str(ended["error"]["code"] if ended["status"] == "Failed" else ended["status"])
