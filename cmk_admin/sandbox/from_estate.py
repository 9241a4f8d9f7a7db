"""A sandbox made from a saved estate: its names and grants, fresh keys.

Vaults, keys with their versions and states, identities, services, groups, roles, assignments, locks and firewalls are as
the file says. Key material, secrets and data encryption keys are new; machines behind a cluster are made up.

The account that had read the estate signs in as ``administrator``, with the grants that the file gives it. Where it gives
none, the account is made Owner and Key Vault Crypto Officer of all, and that is told.
"""

import hashlib
import json
import uuid
from itertools import pairwise

from .from_estate_file import Node, checked, entries, is_resource, path_of, read, resource_ids, texts
from .from_estate_keys import lay_keys, prepare
from .from_estate_services import Services, bring_to_life, groups_of
from .services.authorization import roles
from .services.authorization.model import make_assignment, make_built_in_roles, make_eligibility
from .services.identity.model import make_identity, make_principal
from .services.keyvault import private_link
from .services.keyvault.model import make_vault
from .state import Document, World
from .wire import AzureError

__all__ = ["checked", "lay", "name_of", "read"]

ADMINISTRATOR = "administrator"
_MANAGEMENT_GROUPS = "/providers/Microsoft.Management/managementGroups/"
_KINDS = {"user": "User", "group": "Group", "foreigngroup": "Group"}


def name_of(estate: Node) -> str:
    """What the sandbox of this estate calls its scenario: another file, another name."""
    return "estate-" + hashlib.sha256(json.dumps(estate, sort_keys=True).encode()).hexdigest()[:12]


def lay(world: World, estate: Node) -> list[str]:
    """Lay a checked estate into an empty world; a sentence for each thing that is not as in the file.

    Raises ValueError with one sentence where the estate contradicts what Azure allows.
    """
    try:
        notes = _Laying(world, estate).lay()
    except AzureError as error:
        raise ValueError(f"the estate cannot be: {error.message}") from error
    world.commit()
    return notes


class _Laying:
    def __init__(self, world: World, estate: Node) -> None:
        self._world, self._estate, self._notes = world, estate, list[str]()
        account = estate["account"]
        vaults = entries(estate, "vaults")
        known = account.get("tenant_id") or next((one["tenant_id"] for one in vaults if one.get("tenant_id")), None)
        self._tenant = str(known or uuid.uuid5(uuid.NAMESPACE_URL, account["object_id"]))
        self._account = str(account["object_id"])
        before = world.get("meta", "world") or {}
        meta: Document = {
            "instance_id": before.get("instance_id") or str(uuid.uuid4()),
            "tenant_id": self._tenant,
            "scenario": name_of(estate),
            "seed": 1,
            "graph_forbidden": [],
        }
        world.put("meta", "world", meta)
        make_built_in_roles(world)
        prepare(estate)

    def lay(self) -> list[str]:
        self._subscriptions()
        for subscription, group in sorted(groups_of(resource_ids(self._estate))):
            self._group(subscription, group)
        self._principals()
        for vault in entries(self._estate, "vaults"):
            self._vault(vault)
        lay_keys(self._world, self._estate, self._notes)
        services = Services(self._world, self._estate, self._group)
        services.lay()
        self._rights()
        self._locks()
        self._world.forget_past()
        left = bring_to_life(self._world)
        self._world.forget_past()
        for service, number in services.unknown.items():
            self._notes.append(f"There is no {service} here: {number} of them were left out.")
        if left:
            self._notes.append(f"The file does not hold the keys of {', '.join(sorted(left))}: they stand without one.")
        self._unread()
        return self._notes

    def _subscriptions(self) -> None:
        self._management_group(self._tenant, None)
        for one in entries(self._estate, "subscriptions"):
            names = [each.rstrip("/").rsplit("/", 1)[-1] for each in texts(one, "management_groups")]
            if one.get("management_groups") is None:
                self._notes.append(f"Which management groups {one['name']} is in is not known: it is put at the top.")
            chain = [name for name in names if name.lower() != self._tenant.lower()]
            for name, parent in pairwise([*chain, self._tenant]):
                self._management_group(name, parent)
            self._world.put(
                "subscription",
                one["id"],
                {
                    "subscriptionId": one["id"].lower(),
                    "displayName": one["name"],
                    "tenantId": self._tenant,
                    "managementGroup": chain[0] if chain else self._tenant,
                },
            )
        for assignment in entries(self._estate, "role_assignments"):
            scope = assignment["scope"]
            if scope.lower().startswith(_MANAGEMENT_GROUPS.lower()):
                self._management_group(scope.rstrip("/").rsplit("/", 1)[-1], self._tenant)

    def _management_group(self, name: str, parent: str | None) -> None:
        if self._world.get("managementGroup", name) is None:
            shown = "Tenant Root Group" if parent is None else name
            self._world.put("managementGroup", name, {"name": name, "displayName": shown, "parent": parent})

    def _group(self, subscription: str, name: str, managed_by: str | None = None) -> None:
        group: Document = {
            "id": f"/subscriptions/{subscription}/resourceGroups/{name}",
            "name": name,
            "type": "Microsoft.Resources/resourceGroups",
            "location": "westeurope",
            "tags": {},
            "properties": {"provisioningState": "Succeeded"},
        }
        if managed_by is not None:
            group["managedBy"] = managed_by
        if self._world.get("resource", group["id"]) is None:
            self._world.put("resource", group["id"], group)

    def _principals(self) -> None:
        own = self._estate["account"]
        kinds = {one["object_id"].lower(): one for one in entries(self._estate, "principals")}
        kind = str(kinds.get(self._account.lower(), {}).get("kind") or own.get("kind") or "ServicePrincipal")
        make_principal(
            self._world, ADMINISTRATOR, kind="User" if kind == "User" else "ServicePrincipal", object_id=self._account
        )
        managed = {one["principal_id"].lower() for one in entries(self._estate, "identities")}
        for one in entries(self._estate, "identities"):
            self._identity(one)
        for one in kinds.values():
            if one["object_id"].lower() not in managed and self._world.get("principal", one["object_id"]) is None:
                self._principal(one)
        self._strangers()

    def _identity(self, one: Node) -> None:
        """A user-assigned identity; a system-assigned one is made with its resource."""
        resource = one.get("resource_id")
        if one.get("system_assigned") and any(
            each["id"].lower() == str(resource).lower() for each in entries(self._estate, "consumers")
        ):
            return
        if not one.get("system_assigned") and is_resource(resource):
            subscription, group, name = path_of(str(resource))
            facts = {"object_id": one["principal_id"], "client_id": one.get("client_id")}
            make_identity(self._world, subscription=subscription, group=group, name=name, **facts)
            return
        make_principal(
            self._world,
            one["name"],
            kind="ManagedIdentity",
            resource_id=resource,
            object_id=one["principal_id"],
            client_id=one.get("client_id"),
        )

    def _principal(self, one: Node) -> None:
        kind = _KINDS.get(str(one.get("kind") or "").lower(), "ServicePrincipal")
        name = one.get("name") or one["object_id"]
        members = texts(one, "members") if one.get("members") is not None else texts(one, "known_members")
        if kind == "Group" and one.get("members") is None:
            self._notes.append(f"The members of group {name} were not read: it has those that are known all the same.")
        make_principal(
            self._world,
            f"{name} of the file" if name == ADMINISTRATOR else name,
            kind=kind,
            object_id=one["object_id"],
            client_id=one.get("client_id"),
            members=members,
        )

    def _strangers(self) -> None:
        """Whoever holds something and is not known to the directory that was read."""
        for name in ("role_assignments", "role_eligibilities"):
            for one in entries(self._estate, name):
                self._stranger(one["principal_id"], one.get("principal_type"))
        for vault in entries(self._estate, "vaults"):
            for policy in entries(vault, "access_policies"):
                self._stranger(str(policy.get("object_id")), None)

    def _stranger(self, object_id: str, kind: str | None) -> None:
        ours = {one["principal_id"].lower() for one in entries(self._estate, "identities")}
        if self._world.get("principal", object_id) is None and object_id.lower() not in ours:
            self._principal({"object_id": object_id, "kind": kind, "members": []})

    def _vault(self, vault: Node) -> None:
        subscription, group, name = path_of(vault["id"])
        bypass = "AzureServices" if vault.get("trusted_bypass") is not False else "None"
        action = "Deny" if vault.get("default_deny") else "Allow"
        made = make_vault(
            self._world,
            subscription=subscription,
            group=group,
            name=name,
            location=vault["location"],
            sku="premium" if vault.get("premium") else "standard",
            rbac=bool(vault.get("rbac")),
            purge_protection=bool(vault.get("purge_protection")),
            retention=vault.get("soft_delete_days") or 90,
            access_policies=[_policy(self._tenant, one) for one in entries(vault, "access_policies")],
            public_network_access="Disabled" if vault.get("public_access") is False else "Enabled",
            network_acls={"defaultAction": action, "bypass": bypass},
            tags={str(key): str(value) for key, value in (vault.get("tags") or {}).items()},
        )
        for one in entries(vault, "private_endpoints"):
            endpoint, status = str(one.get("endpoint_id") or ""), str(one.get("status") or "Pending")
            private_link.connect(self._world, name, one["name"], network=None, status=status, endpoint=endpoint)
        made = self._world.get("resource", made["id"]) or made
        if made["id"] != vault["id"]:
            # The spelling that Azure had given it
            self._world.put("resource", made["id"], {**made, "id": vault["id"]})

    def _rights(self) -> None:
        for one in entries(self._estate, "role_definitions"):
            self._definition(one)
        lost: set[str] = set()
        for one in entries(self._estate, "role_assignments"):
            if not self._assign(one):
                lost.add(one["role_definition_id"].rsplit("/", 1)[-1])
        for one in entries(self._estate, "role_eligibilities"):
            role, scope = one["role_definition_id"].rsplit("/", 1)[-1], one["scope"]
            make_eligibility(self._world, scope=scope, role=role, principal_id=one["principal_id"])
        for name in sorted(lost):
            self._notes.append(f"The file does not say what role {name} may: its assignments were left out.")
        self._administrator()

    def _definition(self, one: Node) -> None:
        name = one["id"].rsplit("/", 1)[-1]
        key = roles.role_id(name)
        if self._world.get("roleDefinition", key) is not None:
            return
        scopes = [f"/subscriptions/{each['id']}" for each in entries(self._estate, "subscriptions")]
        properties = {
            "roleName": one["name"],
            "type": "CustomRole",
            "description": "",
            "assignableScopes": scopes,
            "permissions": [_block(each) for each in (one, *entries(one, "further"))],
            "createdOn": None,
            "updatedOn": None,
            "createdBy": None,
            "updatedBy": None,
        }
        kind = "Microsoft.Authorization/roleDefinitions"
        self._world.put("roleDefinition", key, {"id": key, "type": kind, "name": name, "properties": properties})

    def _assign(self, one: Node) -> bool:
        role = one["role_definition_id"].rsplit("/", 1)[-1]
        if self._world.get("roleDefinition", roles.role_id(role)) is None:
            return False
        made = make_assignment(
            self._world,
            scope=one["scope"],
            role=role,
            principal_id=one["principal_id"],
            name=one["id"].rsplit("/", 1)[-1],
            principal_type=one.get("principal_type"),
            created_by=one.get("created_by") or "",
            condition=one.get("condition"),
            description=one.get("description"),
        )
        more = {"delegatedManagedIdentityResourceId": one.get("delegated_identity")}
        if one.get("created_on"):
            more["createdOn"] = one["created_on"]
        if one.get("condition_version"):
            more["conditionVersion"] = one["condition_version"]
        self._world.put("roleAssignment", made["id"], {**made, "properties": {**made["properties"], **more}})
        return True

    def _administrator(self) -> None:
        account = self._account.lower()
        policies = [p for vault in entries(self._estate, "vaults") for p in entries(vault, "access_policies")]
        held = [one["principal_id"].lower() for one in entries(self._estate, "role_assignments")]
        groups = {
            one["object_id"].lower()
            for one in entries(self._estate, "principals")
            if account in {each.lower() for each in (*texts(one, "members"), *texts(one, "known_members"))}
        }
        if {account, *groups} & {*held, *(str(one.get("object_id")).lower() for one in policies)}:
            return
        self._notes.append(
            "The file gives the account that read it no grant: it is made Owner and Crypto Officer of all."
        )
        for role in ("Owner", "Key Vault Crypto Officer"):
            make_assignment(self._world, scope=_MANAGEMENT_GROUPS + self._tenant, role=role, principal_id=self._account)

    def _locks(self) -> None:
        for one in entries(self._estate, "locks"):
            properties = {"level": one["level"], **({"notes": one["notes"]} if one.get("notes") else {})}
            name = one["id"].rsplit("/", 1)[-1]
            lock = {"properties": properties, "id": one["id"], "name": name}
            self._world.put("lock", one["id"], {**lock, "type": "Microsoft.Authorization/locks"})

    def _unread(self) -> None:
        unread = texts(self._estate, "unread_assignments")
        if unread:
            self._notes.append(f"The grants of {len(unread)} scopes were not read: they are missing here.")
        problems = self._estate.get("coverage", {}).get("problems") or []
        if problems:
            self._notes.append(
                f"Not all could be read when the estate was saved, and is missing here: {problems[0].get('scope')}"
                + (f" and {len(problems) - 1} more." if len(problems) > 1 else ".")
            )


def _policy(tenant: str, one: Node) -> Document:
    permissions = {name: texts(one, name) for name in ("keys", "secrets", "certificates", "storage")}
    policy: Document = {
        "tenantId": one.get("tenant_id") or tenant,
        "objectId": str(one.get("object_id")),
        "permissions": permissions,
    }
    return {**policy, "applicationId": one["application_id"]} if one.get("application_id") else policy


def _block(one: Node) -> Document:
    """A block of a role's permissions."""
    return {
        "actions": texts(one, "actions"),
        "notActions": texts(one, "not_actions"),
        "dataActions": texts(one, "data_actions"),
        "notDataActions": texts(one, "not_data_actions"),
    }
