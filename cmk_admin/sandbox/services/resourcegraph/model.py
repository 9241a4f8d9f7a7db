"""Resource Graph's tables, as one account may read them, one documented minute late."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from cmk_admin.sandbox import access
from cmk_admin.sandbox.kql import Table
from cmk_admin.sandbox.kql_expressions import Row
from cmk_admin.sandbox.state import Document, World

# Azure says "eventually consistent" and names no time; one minute is taken. Azure seconds.
LAG = 60.0
GROUP_TYPE = "microsoft.resources/resourcegroups"
_MANAGEMENT_GROUP = "/providers/Microsoft.Management/managementGroups/"
_READ_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments/read"
_COLUMNS = (
    "id", "name", "type", "tenantId", "kind", "location", "resourceGroup", "subscriptionId", "managedBy", "sku", "plan",
    "properties", "tags", "identity", "zones", "extendedLocation",
)  # fmt: skip
SCOPE_FILTERS = ("AtScopeAndBelow", "AtScopeAndAbove", "AtScopeExact", "AtScopeAboveAndBelow")


class Graph:
    """What one account may see of the subscriptions that a query is about."""

    def __init__(self, world: World, object_id: str) -> None:
        self.world, self.object_id = world, object_id
        self._at = world.clock.azure() - LAG

    @cached_property
    def subscriptions(self) -> dict[str, Document]:
        """Folded ids and documents of the subscriptions of which the account may read anything."""
        known = dict(self.world.items_as_of("subscription", self._at))
        seen = {key for key in known if self._may("Microsoft.Resources/subscriptions/read", f"/subscriptions/{key}")}
        rest = known.keys() - seen
        if rest:
            for key, resource in self.world.items_as_of("resource", self._at):
                subscription = key.split("/", 3)[2]
                if subscription in rest and subscription not in seen and self._reads(resource):
                    seen.add(subscription)
        return {key: document for key, document in known.items() if key in seen}

    def under(self, management_groups: list[str]) -> list[str] | None:
        """Folded ids of the visible subscriptions under these management groups; None where one of those is out of sight."""
        wanted = {name.lower().rsplit("/", 1)[-1] for name in management_groups}
        for name in wanted:
            group = self.world.as_of("managementGroup", name, self._at)
            if group is None or not self._may("Microsoft.Management/managementGroups/read", _MANAGEMENT_GROUP + name):
                return None
        return [key for key in self.subscriptions if wanted & {link["name"].lower() for link in self._ancestors(key)}]

    def tables(self, subscriptions: list[str], management_groups: list[str], scope_filter: str) -> dict[str, Table]:
        """The tables of a query about these visible subscriptions (folded ids) and management groups."""
        chosen = set(subscriptions)
        return {
            "resources": Table(_COLUMNS, lambda: self._resources(chosen)),
            "resourcecontainers": Table(_COLUMNS, lambda: self._containers(chosen)),
            "authorizationresources": Table(
                _COLUMNS, lambda: self._authorization(chosen, management_groups, scope_filter)
            ),
        }

    def _may(self, action: str, scope: str) -> bool:
        return access.may(self.world, self.object_id, action, scope)

    def _reads(self, resource: Document) -> bool:
        # One decision for a type in a subscription settles most: there are no deny assignments here.
        action = f"{resource['type']}/read"
        subscription = "/".join(resource["id"].split("/")[:3])
        return self._may(action, subscription) or self._may(action, resource["id"])

    def _visible(self, chosen: set[str]) -> Iterator[tuple[str, Document]]:
        for key, resource in self.world.items_as_of("resource", self._at):
            subscription = key.split("/", 3)[2]
            if subscription in chosen and self._reads(resource):
                yield subscription, resource

    def _resources(self, chosen: set[str]) -> Iterator[Row]:
        for subscription, resource in self._visible(chosen):
            if resource["type"].lower() != GROUP_TYPE:
                yield self._row(subscription, resource, resource["id"].split("/")[4].lower())

    def _containers(self, chosen: set[str]) -> Iterator[Row]:
        for key, document in self.subscriptions.items():
            if key in chosen:
                row = self._row(document["subscriptionId"], {}, "")
                row |= {
                    "id": f"/subscriptions/{document['subscriptionId']}",
                    "name": document["displayName"],
                    "type": "microsoft.resources/subscriptions",
                    "properties": {"state": "Enabled", "managementGroupAncestorsChain": self._ancestors(key)},
                }
                yield row
        for subscription, resource in self._visible(chosen):
            if resource["type"].lower() == GROUP_TYPE:
                row = self._row(subscription, resource, resource["name"].lower())
                yield row | {"type": "microsoft.resources/subscriptions/resourcegroups"}
        for name, group in self.world.items_as_of("managementGroup", self._at):
            if self._may("Microsoft.Management/managementGroups/read", _MANAGEMENT_GROUP + name):
                row = self._row("", {}, "")
                row |= {
                    "id": _MANAGEMENT_GROUP + group["name"],
                    "name": group["name"],
                    "type": "microsoft.management/managementgroups",
                    "properties": {
                        "displayName": group["displayName"],
                        "tenantId": self.world.tenant_id,
                        "details": {"managementGroupAncestorsChain": self._chain(group["parent"])},
                    },
                }
                yield row

    def _authorization(self, chosen: set[str], management_groups: list[str], scope_filter: str) -> Iterator[Row]:
        for _, assignment in self.world.items_as_of("roleAssignment", self._at):
            if self._assignment_counts(assignment["properties"]["scope"], chosen, management_groups, scope_filter):
                yield self._authorization_row(assignment, "microsoft.authorization/roleassignments")
        for _, definition in self.world.items_as_of("roleDefinition", self._at):
            yield self._authorization_row(definition, "microsoft.authorization/roledefinitions")

    def _assignment_counts(self, scope: str, chosen: set[str], management_groups: list[str], scope_filter: str) -> bool:
        folded = scope.lower().rstrip("/")
        queried = [name.lower().rsplit("/", 1)[-1] for name in management_groups]
        if folded.startswith("/subscriptions/"):
            parts = folded.split("/")
            exact = len(parts) == 3 and not queried
            if parts[2] not in chosen or not self._may(_READ_ASSIGNMENTS, scope):
                return False
            return exact or scope_filter in ("AtScopeAndBelow", "AtScopeAboveAndBelow")
        name = folded.rsplit("/", 1)[-1]
        if queried:
            at = name in queried
            above = any(name in {link["name"].lower() for link in self._chain(one)[1:]} for one in queried)
            below = any(one in {link["name"].lower() for link in self._chain(name)[1:]} for one in queried)
            allowed = self._may(_READ_ASSIGNMENTS, scope)
        else:
            # What is assigned above a subscription is read with the rights that one has at the subscription.
            at = below = False
            above = not folded or any(name in {link["name"].lower() for link in self._ancestors(key)} for key in chosen)
            allowed = any(self._may(_READ_ASSIGNMENTS, f"/subscriptions/{key}") for key in chosen)
        wanted = at or (above and "Above" in scope_filter) or (below and "Below" in scope_filter)
        return wanted and allowed

    def _authorization_row(self, document: Document, kind: str) -> Row:
        return self._row("", {"location": "global", **document}, "") | {"type": kind}

    def _ancestors(self, subscription: str) -> list[dict[str, str]]:
        document = self.subscriptions.get(subscription)
        return self._chain(document["managementGroup"] if document else None)

    def _chain(self, name: str | None) -> list[dict[str, str]]:
        """A management group and those above it, nearest first."""
        chain: list[dict[str, str]] = []
        while name is not None:
            group = self.world.as_of("managementGroup", name, self._at)
            if group is None:
                break
            chain.append({"displayName": group["displayName"], "name": group["name"]})
            name = group["parent"]
        return chain

    def _row(self, subscription: str, resource: dict[str, Any], group: str) -> Row:
        row: Row = {
            "id": resource.get("id"),
            "name": resource.get("name"),
            "type": str(resource.get("type", "")).lower(),
            "tenantId": self.world.tenant_id,
            "kind": resource.get("kind") or "",
            # Providers answer display names here and there; the graph holds the plain names.
            "location": str(resource.get("location") or "").replace(" ", "").lower(),
            "resourceGroup": group,
            "subscriptionId": subscription,
            "managedBy": resource.get("managedBy") or "",
        }
        for name in _COLUMNS[len(row) :]:
            row[name] = resource.get(name)
        return row
