"""An estate to revoke in: keys that 1, 10 and 50 services use, each by an identity of its own with a grant at the key, and a
key that 50 services use by one identity."""

import uuid
from typing import Any

from cmk_admin.cloud import roles
from cmk_admin.cloud.session import Session
from cmk_admin.domain.ids import fold, parse_key_id
from cmk_admin.domain.model import Estate
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.verbs.revoke import GRANTS, RevokeDraft
from cmk_admin.operations.backend import OpenBackend

Node = dict[str, Any]

COUNTS = (1, 10, 50)
"""So many services use a key of their own."""
SHARED = 50
"""So many use one key by one identity."""
SHARED_KEY = "shared-key"

_NAMESPACE = uuid.UUID("6d3f2f0e-5b0a-5b8e-9d52-0c7a0a3cf7a1")
_ROLES = "/providers/Microsoft.Authorization/roleDefinitions/"
_TENANT_ROOT = "/providers/Microsoft.Management/managementGroups/"
_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
_SERVICE_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"  # Key Vault Crypto Service Encryption User


def _guid(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, name))


_TENANT, _SUBSCRIPTION, _ADMINISTRATOR = _guid("tenant"), _guid("subscription"), _guid("administrator")
_GROUP = f"/subscriptions/{_SUBSCRIPTION}/resourceGroups/bench"
_VAULT = f"{_GROUP}/providers/Microsoft.KeyVault/vaults/bench-vault"


def key_of(count: int) -> str:
    """Name of the key that so many services use."""
    return f"key-of-{count}"


def key_url(key: str) -> str:
    """Id of a key of this estate, without a version."""
    return f"https://bench-vault.vault.azure.net/keys/{key}"


def key_scope(key: str) -> str:
    """The scope of the grants at a key of this estate."""
    return f"{_VAULT}/keys/{key}"


def estate() -> Node:
    """The estate, as a saved estate's file tells it."""
    own = [(key_of(count), f"{key_of(count)}-{n}", f"id-{count}-{n}") for count in COUNTS for n in range(count)]
    shared = [(SHARED_KEY, f"{SHARED_KEY}-{n}", "id-shared") for n in range(SHARED)]
    users = dict.fromkeys((key, who) for key, _, who in [*own, *shared])
    return {
        "account": {"object_id": _ADMINISTRATOR, "name": "me", "tenant_id": _TENANT},
        "subscriptions": [{"id": _SUBSCRIPTION, "name": "bench", "management_groups": ["bench"]}],
        "vaults": [_vault([*map(key_of, COUNTS), SHARED_KEY])],
        "consumers": [_service(*one) for one in [*own, *shared]],
        "identities": [{"principal_id": _guid(who), "name": who, "resource_id": _identity(who)} for _, who in users],
        "principals": [{"object_id": _guid(who), "name": who, "kind": "ServicePrincipal"} for _, who in users],
        "role_definitions": [],
        "role_assignments": [
            *(_grant(key_scope(key), _SERVICE_USER, _guid(who)) for key, who in users),
            *(_grant(_TENANT_ROOT + _TENANT, role, _ADMINISTRATOR) for role in (_OWNER, _CRYPTO_OFFICER)),
        ],
        "locks": [],
    }


async def plan_all(backend: OpenBackend, key: str) -> Plan:
    """The plan that cuts every service of a key off, by the grants of their identities."""
    assert backend.estate is not None
    named = key_url(key)
    users = [one.id for one in backend.estate.consumers if any(str(s.key_id.key) == named for s in one.slots)]
    draft = RevokeDraft(key=parse_key_id(named), method=GRANTS, consumers=tuple(users))
    plan = await backend.prepare_revoke(draft)
    assert not plan.problems, plan.problems
    return plan


async def give_back(session: Session, before: Estate, plan: Plan) -> None:
    """Every grant that the plan took, once more: a service whose identity has it again has lost nothing meanwhile."""
    taken = {fold(step.target) for step in plan.steps}
    for assignment in before.role_assignments:
        if fold(assignment.id) in taken:
            await roles.create_assignment(session, assignment)


def _vault(keys: list[str]) -> Node:
    return {
        "id": _VAULT,
        "name": "bench-vault",
        "location": "westeurope",
        "premium": True,
        "rbac": True,
        "purge_protection": True,
        "access_policies": [],
        "keys": [
            {
                "name": name,
                "key_type": "RSA-HSM",
                "key_size": 2048,
                "versions": [{"version": _version(name), "enabled": True}],
            }
            for name in keys
        ],
    }


def _version(key: str) -> str:
    return uuid.UUID(_guid(f"version {key}")).hex


def _identity(who: str) -> str:
    return f"{_GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{who}"


def _service(key: str, name: str, who: str) -> Node:
    identity = {"name": who, "object_id": _guid(who), "resource_id": _identity(who)}
    return {
        "id": f"{_GROUP}/providers/Microsoft.DBforMySQL/flexibleServers/{name}",
        "service": "mysql-flexible",
        "name": name,
        "location": "westeurope",
        "subscription_id": _SUBSCRIPTION,
        "carries": [_guid(who)],
        "slots": [{"slot": "primary", "key_id": f"{key_url(key)}/{_version(key)}", "identity": identity}],
    }


def _grant(scope: str, role: str, who: str) -> Node:
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{_guid(f'{scope} {role} {who}')}",
        "scope": scope,
        "role_definition_id": _ROLES + role,
        "principal_id": who,
        "principal_type": "ServicePrincipal",
    }
