"""The built-in roles that matter to keys: GUIDs, actions and data actions as Microsoft publishes them.

Source: RBACD built-in-roles/security.md, general.md, identity.md and privileged.md (2026). Key Vault Purge Operator is not
on those pages: its GUID and purpose are documented, the list of its actions is taken from what purging a vault needs (KVD
general/key-vault-recovery.md).
"""

from typing import Any

from cmk_admin.sandbox.access import ROLE_DEFINITIONS

_VAULTS = "Microsoft.KeyVault/vaults/"
_READ_SUPPORT = [
    "Microsoft.Authorization/*/read",
    "Microsoft.Insights/alertRules/*",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Support/*",
]
_VAULT_SUPPORT = [
    *_READ_SUPPORT,
    "Microsoft.KeyVault/checkNameAvailability/read",
    "Microsoft.KeyVault/deletedVaults/read",
    "Microsoft.KeyVault/locations/*/read",
    "Microsoft.KeyVault/vaults/*/read",
    "Microsoft.KeyVault/operations/read",
]

# name -> (GUID, actions, notActions, dataActions, notDataActions)
_ROLES: dict[str, tuple[str, list[str], list[str], list[str], list[str]]] = {
    "Owner": ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", ["*"], [], [], []),
    "Contributor": (
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        ["*"],
        [
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
            "Microsoft.Purview/consents/write",
            "Microsoft.Purview/consents/delete",
            "Microsoft.Resources/deploymentStacks/manageDenySetting/action",
            "Microsoft.Subscription/cancel/action",
            "Microsoft.Subscription/enable/action",
        ],
        [],
        [],
    ),
    "Reader": ("acdd72a7-3385-48ef-bd42-f606fba81ae7", ["*/read"], [], [], []),
    "User Access Administrator": (
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        ["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"],
        [],
        [],
        [],
    ),
    "Role Based Access Control Administrator": (
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        [
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        ],
        [],
        [],
        [],
    ),
    "Managed Identity Operator": (
        "f1a07417-d97a-45cb-824c-7a7467783830",
        [
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
            *_READ_SUPPORT,
        ],
        [],
        [],
        [],
    ),
    "Managed Identity Contributor": (
        "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59",
        [
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/write",
            "Microsoft.ManagedIdentity/userAssignedIdentities/delete",
            "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
            "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete",
            "Microsoft.ManagedIdentity/userAssignedIdentities/revokeTokens/action",
            *_READ_SUPPORT,
        ],
        [],
        [],
        [],
    ),
    "Key Vault Contributor": (
        "f25e0fa2-a7c8-4377-a976-54943a77a395",
        [*_READ_SUPPORT, "Microsoft.KeyVault/*"],
        [
            "Microsoft.KeyVault/locations/deletedVaults/purge/action",
            "Microsoft.KeyVault/hsmPools/*",
            "Microsoft.KeyVault/managedHsms/*",
        ],
        [],
        [],
    ),
    "Key Vault Administrator": (
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        _VAULT_SUPPORT,
        [],
        ["Microsoft.KeyVault/vaults/*"],
        [],
    ),
    "Key Vault Crypto Officer": (
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
        _VAULT_SUPPORT,
        [],
        ["Microsoft.KeyVault/vaults/keys/*", "Microsoft.KeyVault/vaults/keyrotationpolicies/*"],
        [],
    ),
    "Key Vault Crypto User": (
        "12338af0-0e69-4776-bea7-57ae8d297424",
        [],
        [],
        [
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/keys/update/action",
            "Microsoft.KeyVault/vaults/keys/backup/action",
            "Microsoft.KeyVault/vaults/keys/encrypt/action",
            "Microsoft.KeyVault/vaults/keys/decrypt/action",
            "Microsoft.KeyVault/vaults/keys/wrap/action",
            "Microsoft.KeyVault/vaults/keys/unwrap/action",
            "Microsoft.KeyVault/vaults/keys/sign/action",
            "Microsoft.KeyVault/vaults/keys/verify/action",
        ],
        [],
    ),
    "Key Vault Crypto Service Encryption User": (
        "e147488a-f6f5-4113-8e2d-b22465e65bf6",
        [
            "Microsoft.EventGrid/eventSubscriptions/write",
            "Microsoft.EventGrid/eventSubscriptions/read",
            "Microsoft.EventGrid/eventSubscriptions/delete",
        ],
        [],
        [
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/keys/wrap/action",
            "Microsoft.KeyVault/vaults/keys/unwrap/action",
        ],
        [],
    ),
    "Key Vault Crypto Service Release User": (
        "08bbd89e-9f13-488c-ac41-acfcb10c90ab",
        [],
        [],
        ["Microsoft.KeyVault/vaults/keys/release/action"],
        [],
    ),
    "Key Vault Reader": (
        "21090545-7ca7-4776-b22c-e363652d74d2",
        _VAULT_SUPPORT,
        [],
        ["Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"],
        [],
    ),
    "Key Vault Certificate User": (
        "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba",
        [],
        [],
        [
            "Microsoft.KeyVault/vaults/certificates/read",
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
            "Microsoft.KeyVault/vaults/keys/read",
        ],
        [],
    ),
    "Key Vault Certificates Officer": (
        "a4417e6f-fecd-4de8-b567-7b0420556985",
        _VAULT_SUPPORT,
        [],
        [
            "Microsoft.KeyVault/vaults/certificatecas/*",
            "Microsoft.KeyVault/vaults/certificates/*",
            "Microsoft.KeyVault/vaults/certificatecontacts/write",
        ],
        [],
    ),
    "Key Vault Secrets Officer": (
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        _VAULT_SUPPORT,
        [],
        ["Microsoft.KeyVault/vaults/secrets/*"],
        [],
    ),
    "Key Vault Secrets User": (
        "4633458b-17de-408a-b874-0445c86b69e6",
        [],
        [],
        [
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ],
        [],
    ),
    "Key Vault Purge Operator": (
        "a68e7c17-0ab2-4c09-9a58-125dae29748c",
        [
            "Microsoft.KeyVault/locations/deletedVaults/purge/action",
            "Microsoft.KeyVault/locations/deletedVaults/read",
            "Microsoft.KeyVault/deletedVaults/read",
        ],
        [],
        [],
        [],
    ),
    "Key Vault Data Access Administrator": (
        "8b54135c-b56d-4d72-a534-26097cfdc8d8",
        [
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "Microsoft.Authorization/*/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Resources/subscriptions/read",
            "Microsoft.Management/managementGroups/read",
            "Microsoft.Support/*",
            "Microsoft.KeyVault/vaults/*/read",
        ],
        [],
        [],
        [],
    ),
}

# What Key Vault Data Access Administrator may assign and remove; releasing keys and reading certificates are not among it.
_GIVEN_BY_DATA_ACCESS_ADMINISTRATOR = (
    "Key Vault Administrator",
    "Key Vault Certificates Officer",
    "Key Vault Crypto Officer",
    "Key Vault Crypto Service Encryption User",
    "Key Vault Crypto User",
    "Key Vault Reader",
    "Key Vault Secrets Officer",
    "Key Vault Secrets User",
)
_CONDITIONS = {
    "Key Vault Data Access Administrator": (
        "((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/write'}})) OR "
        "(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{roles}}})) AND "
        "((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/delete'}})) OR "
        "(@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{roles}}}))"
    ).format(roles=", ".join(_ROLES[name][0] for name in _GIVEN_BY_DATA_ACCESS_ADMINISTRATOR))
}


def role_id(role: str) -> str:
    """The id of a built-in role given by name or GUID; an id or GUID of any other role is taken as it is."""
    guid = _ROLES[role][0] if role in _ROLES else role.rsplit("/", 1)[-1]
    return ROLE_DEFINITIONS + guid


def built_in() -> list[dict[str, Any]]:
    """The ARM envelopes of all built-in roles known here."""
    return [_envelope(name, facts) for name, facts in _ROLES.items()]


def _envelope(name: str, facts: tuple[str, list[str], list[str], list[str], list[str]]) -> dict[str, Any]:
    guid, actions, not_actions, data, not_data = facts
    block: dict[str, Any] = {
        "actions": actions,
        "notActions": not_actions,
        "dataActions": data,
        "notDataActions": not_data,
    }
    if name in _CONDITIONS:
        block |= {"conditionVersion": "2.0", "condition": _CONDITIONS[name]}
    return {
        "id": ROLE_DEFINITIONS + guid,
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": guid,
        "properties": {
            "roleName": name,
            "type": "BuiltInRole",
            "description": "",
            "assignableScopes": ["/"],
            "permissions": [block],
            "createdOn": None,
            "updatedOn": None,
            "createdBy": None,
            "updatedBy": None,
        },
    }
