"""Who sees which subscriptions, groups and resources, and how the resource manager's own lists show them."""

from typing import Any

from cmk_admin.sandbox import access
from cmk_admin.sandbox.gate import forbidden
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import Caller

GROUP_TYPE = "microsoft.resources/resourcegroups"
READ_GROUP = "Microsoft.Resources/subscriptions/resourceGroups/read"
READ_SUBSCRIPTION = "Microsoft.Resources/subscriptions/read"
# What a generic list shows of a resource; the rest only its provider knows.
_LISTED = ("id", "name", "type", "kind", "location", "managedBy", "sku", "identity", "plan", "zones", "tags")


def subscription(document: Document) -> Document:
    """A subscription as ARM shows it."""
    return {
        "id": f"/subscriptions/{document['subscriptionId']}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": document["subscriptionId"],
        "tenantId": document["tenantId"],
        "displayName": document["displayName"],
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def sees_subscription(world: World, caller: Caller, subscription_id: str) -> bool:
    """Whether a subscription shows up for a caller: a role at it, above it, or on anything in it."""
    scope = f"/subscriptions/{subscription_id}"
    if access.may(world, caller.object_id, READ_SUBSCRIPTION, scope):
        return True
    inside = scope.lower() + "/"
    return any(
        key.startswith(inside) and access.may(world, caller.object_id, read_action(resource), resource["id"])
        for key, resource in world.items("resource")
    )


def check_subscription(world: World, caller: Caller, subscription_id: str) -> None:
    """Raise ARM's refusal where a subscription does not show up for the caller."""
    if not sees_subscription(world, caller, subscription_id):
        raise forbidden(caller, READ_SUBSCRIPTION, f"/subscriptions/{subscription_id}")


def groups(world: World, caller: Caller, subscription_id: str) -> list[Document]:
    """The resource groups of a subscription that the caller may read."""
    return [
        group
        for group in _inside(world, f"/subscriptions/{subscription_id}")
        if _is_group(group) and _reads(world, caller, group)
    ]


def resources(world: World, caller: Caller, scope: str) -> list[Document]:
    """What a generic list of a subscription or a group shows the caller: top-level resources with a place."""
    found = [r for r in _inside(world, scope) if not _is_group(r) and r.get("location") and r["type"].count("/") == 1]
    # "*/read" is an action like any other to wildcards: only a role that reads every type holds it.
    everything = access.may(world, caller.object_id, "*/read", scope)
    return [_listed(r) for r in found if everything or _reads(world, caller, r)]


def read_action(resource: Document) -> str:
    """The action of reading a resource."""
    return READ_GROUP if _is_group(resource) else f"{resource['type']}/read"


def _is_group(resource: Document) -> bool:
    return str(resource["type"]).lower() == GROUP_TYPE


def _reads(world: World, caller: Caller, resource: Document) -> bool:
    return access.may(world, caller.object_id, read_action(resource), resource["id"])


def _inside(world: World, scope: str) -> list[Document]:
    below = scope.lower() + "/"
    return [resource for key, resource in world.items("resource") if key.startswith(below)]


def _listed(resource: Document) -> dict[str, Any]:
    return {name: resource[name] for name in _LISTED if resource.get(name) is not None}
