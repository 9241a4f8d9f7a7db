"""Foreign clients: Microsoft's own synchronous SDK, through the sandbox's proxy, as any of its principals."""

import time
import uuid
from collections.abc import Sequence
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, KeyWrapAlgorithm
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.authorization.models import Permission, RoleAssignmentCreateParameters, RoleDefinition
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.mysqlflexibleservers import MySQLManagementClient

from tests.support import Sandbox

PREMIUM = "https://dcc-premium.vault.azure.net"
MYSQL_KEY = f"{PREMIUM}/keys/mysql-encryption-key"
AKS_KEY = f"{PREMIUM}/keys/aks-encryption-key"
DEK = bytes(range(32))


class Clients:
    """The SDK's clients, signed in as one principal of the connection file."""

    def __init__(self, sandbox: Sandbox, principal: str = "administrator") -> None:
        described = sandbox.described
        who = described["principals"][principal]
        self.object_id: str = who["object_id"]
        # Certificates are verified against the sandbox's own CA, and nothing of the environment is used.
        self._ways: dict[str, Any] = {
            "proxies": {"https": described["proxy"]},
            "connection_verify": described["ca_file"],
            "retry_total": 0,
        }
        self._credential = ClientSecretCredential(described["tenant_id"], who["client_id"], who["secret"], **self._ways)
        self._subscriptions: list[str] = described["subscriptions"]

    def crypto(self, key_id: str) -> CryptographyClient:
        return CryptographyClient(key_id, self._credential, **self._ways)

    def keys(self, vault_url: str = PREMIUM) -> KeyClient:
        return KeyClient(vault_url, self._credential, **self._ways)

    def wrap(self, key_id: str = MYSQL_KEY) -> bytes:
        """A data encryption key, wrapped."""
        return self.crypto(key_id).wrap_key(KeyWrapAlgorithm.rsa_oaep_256, DEK).encrypted_key

    def unwraps(self, wrapped: bytes, key_id: str = MYSQL_KEY) -> bool:
        """True where the vault unwraps for this principal; False where it answers 403 in Azure's words."""
        try:
            return self.crypto(key_id).unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped).key == DEK
        except HttpResponseError as refused:
            if refused.status_code != 403 or refused.error is None or refused.error.code != "Forbidden":
                raise
            return False

    def await_unwraps(self, wrapped: bytes, wanted: bool, key_id: str = MYSQL_KEY, within: float = 20) -> None:
        """Wait until unwrapping works, or fails, as wanted: grants spread with a documented delay."""
        until = time.monotonic() + within
        while self.unwraps(wrapped, key_id) != wanted:
            assert time.monotonic() < until, f"unwrapping did not become {wanted}"
            time.sleep(0.1)

    def server_state(self, name: str = "dcc-mysql") -> str:
        """What MySQL's own resource provider says of a flexible server."""
        for subscription in self._subscriptions:
            client = MySQLManagementClient(self._credential, subscription, **self._ways)
            for server in client.servers.list():
                if server.name == name:
                    return str(server.state)
        raise AssertionError(f"there is no server {name}")

    def grants(self, scope: str) -> dict[str, tuple[str, str, str]]:
        """The assignments made at exactly this scope: name to (principal, role, condition)."""
        client = AuthorizationManagementClient(self._credential, scope.split("/")[2], **self._ways)
        found = client.role_assignments.list_for_scope(scope, filter="atScope()")
        return {
            a.name: (a.principal_id, a.role_definition_id.rsplit("/", 1)[-1], str(a.condition))
            for a in found
            if a.scope.lower() == scope.lower()
        }

    def remove_grant(self, scope: str, name: str) -> None:
        """Take an assignment away, past the program."""
        client = AuthorizationManagementClient(self._credential, scope.split("/")[2], **self._ways)
        client.role_assignments.delete(scope, name)

    def grant(self, scope: str, role: str, principal_id: str) -> None:
        """Give a role (its GUID) at a scope, past the program."""
        client = AuthorizationManagementClient(self._credential, scope.split("/")[2], **self._ways)
        definition = f"/subscriptions/{scope.split('/')[2]}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        wanted: Any = RoleAssignmentCreateParameters
        body = wanted(role_definition_id=definition, principal_id=principal_id, principal_type="ServicePrincipal")
        client.role_assignments.create(scope, str(uuid.uuid4()), body)

    def role(
        self, scope: str, name: str, actions: Sequence[str], data: Sequence[str] = (), guid: str | None = None
    ) -> str:
        """Make a custom role that is assignable at a scope, or change the one of that GUID; its GUID."""
        client = AuthorizationManagementClient(self._credential, scope.split("/")[2], **self._ways)
        guid = guid or str(uuid.uuid4())
        facts: Any = RoleDefinition
        body = facts(
            role_name=name,
            role_type="CustomRole",
            permissions=[Permission(actions=list(actions), data_actions=list(data))],
            assignable_scopes=[scope],
        )
        client.role_definitions.create_or_update(scope, guid, body)
        return guid

    def allow(self, vault_id: str, principal_id: str, keys: Sequence[str]) -> None:
        """Set what an access policy lets a principal do with keys, past the program."""
        client = KeyVaultManagementClient(self._credential, vault_id.split("/")[2], **self._ways)
        group, vault = vault_id.split("/")[4], vault_id.rsplit("/", 1)[-1]
        facts = client.vaults.get(group, vault).properties
        mine = next(one for one in facts.access_policies or () if one.object_id == principal_id)
        mine.permissions.keys_property = list(keys)
        body: Any = {"properties": {"accessPolicies": [mine]}}
        client.vaults.update_access_policy(group, vault, "replace", body)
