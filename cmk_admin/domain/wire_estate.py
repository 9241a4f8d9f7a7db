"""The rest of an estate as JSON: all that a sandbox needs in order to be made from a saved one. Pure."""

from datetime import UTC, datetime

from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.model import (
    Estate,
    Identity,
    Lock,
    Permissions,
    Principal,
    RoleAssignment,
    RoleDefinition,
    RoleEligibility,
    Subscription,
    Vault,
)
from cmk_admin.domain.steps import Json
from cmk_admin.domain.verbs.changes import assignment_facts, policy_facts
from cmk_admin.domain.wire_plan import JsonObject


def time_json(when: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z") if when else None


def access_json(estate: Estate) -> JsonObject:
    """Who is who and may do what: the parts of `estate` that concern the directory, roles and locks.

    Of the role definitions only those that somebody holds or may activate: Azure has hundreds.
    """
    return {
        "account": {
            "object_id": estate.account.object_id,
            "name": estate.account.name,
            "tenant_id": estate.account.tenant_id,
            "cloud": estate.account.cloud,
        },
        "identities": [_identity(one) for one in estate.identities],
        "principals": [_principal(one) for one in estate.principals],
        "role_definitions": [_definition(one) for one in _held(estate)],
        "role_assignments": [_assignment(one) for one in estate.role_assignments],
        "role_eligibilities": [_eligibility(one) for one in estate.role_eligibilities],
        "locks": [_lock(one) for one in estate.locks],
        "unread_assignments": [*sorted(estate.unread_assignments)],
        "unread_eligibilities": [*sorted(estate.unread_eligibilities)],
    }


def subscription_json(subscription: Subscription) -> JsonObject:
    """A subscription and the management groups above it; null where they are not known."""
    groups = subscription.management_groups
    return {
        "id": subscription.id,
        "name": subscription.name,
        "management_groups": None if groups is None else list(groups),
    }


def vault_access_json(vault: Vault) -> JsonObject:
    """A vault's tenant, firewall, private endpoints (null: not known) and access policies."""
    endpoints = vault.private_endpoints
    return {
        "tenant_id": vault.tenant_id,
        "public_access": vault.public_access,
        "default_deny": vault.default_deny,
        "trusted_bypass": vault.trusted_bypass,
        "private_endpoints": None
        if endpoints is None
        else [{"name": one.name, "endpoint_id": one.endpoint_id, "status": one.status} for one in endpoints],
        "access_policies": [policy_facts(one) for one in vault.access_policies],
    }


def _held(estate: Estate) -> list[RoleDefinition]:
    ids = [one.role_definition_id for one in estate.role_assignments]
    ids += [one.role_definition_id for one in estate.role_eligibilities]
    named = {last(fold(one)) for one in ids}
    found = {last(fold(one.id)): one for one in estate.role_definitions if last(fold(one.id)) in named}
    return list(found.values())


def _identity(one: Identity) -> JsonObject:
    return {
        "principal_id": one.principal_id,
        "name": one.name,
        "resource_id": one.resource_id,
        "client_id": one.client_id,
        "system_assigned": one.system_assigned,
    }


def _principal(one: Principal) -> JsonObject:
    members: Json = None if one.members is None else list(one.members)
    return {
        "object_id": one.object_id,
        "kind": one.kind,
        "name": one.name,
        "client_id": one.client_id,
        "members": members,
        "known_members": list(one.known_members),
    }


def _definition(one: RoleDefinition) -> JsonObject:
    return {
        "id": one.id,
        "name": one.name,
        **_permissions(one),
        **({"further": [_permissions(each) for each in one.further]} if one.further else {}),
    }


def _permissions(one: RoleDefinition | Permissions) -> JsonObject:
    return {
        "actions": list(one.actions),
        "not_actions": list(one.not_actions),
        "data_actions": list(one.data_actions),
        "not_data_actions": list(one.not_data_actions),
    }


def _assignment(one: RoleAssignment) -> JsonObject:
    return {
        "id": one.id,
        **assignment_facts(one),
        "created_on": time_json(one.created_on),
        "created_by": one.created_by,
        "ends": time_json(one.ends),
    }


def _eligibility(one: RoleEligibility) -> JsonObject:
    return {
        "id": one.id,
        "scope": one.scope,
        "role_definition_id": one.role_definition_id,
        "principal_id": one.principal_id,
        "principal_type": one.principal_type,
        "condition": one.condition,
        "condition_version": one.condition_version,
        "ends": time_json(one.ends),
    }


def _lock(one: Lock) -> JsonObject:
    return {"id": one.id, "scope": one.scope, "level": one.level, "notes": one.notes}
