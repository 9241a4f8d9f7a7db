"""Requests of Privileged Identity Management: activate a role for a time, give it back, make eligible or no longer so.

Kind ``scheduleRequest``, id = full ARM id: the envelope, as its own GET answers it. Kind ``rolePolicy``, id = scope and
role: {approval}. Times and rules are PIM's defaults (ED pim-resource-roles-configure-role-settings.md): 8 hours at
most, a justification; approval only where the role's policy asks for it.
"""

import re
from typing import Any

from cmk_admin.sandbox import access, gate
from cmk_admin.sandbox.entra import is_guid
from cmk_admin.sandbox.services.envelopes import block
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError, Caller

from . import activations, model, roles

ACTIVE, ELIGIBLE = "roleAssignmentScheduleRequests", "roleEligibilityScheduleRequests"
# An activation is not given back sooner (ED pim-resource-roles-activate-your-roles.md). Seconds.
SHORTEST = 300.0
LONGEST = 8 * 3600.0
_KIND = "scheduleRequest"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def require_approval(world: World, scope: str, role: str) -> None:
    """Let whoever activates this role out of an eligibility at this scope wait for an approver."""
    world.put("rolePolicy", _policy_key(scope, role), {"approval": True})


def put(world: World, caller: Caller, scope: str, kind: str, name: str, body: dict[str, Any]) -> Document:  # noqa: PLR0917
    """Take a request and do at once what needs no approval; the envelope. Raises AzureError 400, 403, 409."""
    if not is_guid(name):
        raise AzureError(400, "InvalidRoleAssignmentScheduleRequestId", f"The request ID '{name}' must be a GUID.")
    if world.get(_KIND, _id(scope, kind, name)) is not None:
        raise AzureError(409, "RoleAssignmentScheduleRequestExists", f"The request '{name}' exists already.")
    wanted = block(body, "properties")
    asked = str(wanted.get("requestType") or "")
    act = _ACTS.get((kind, asked.lower()))
    if act is None:
        raise AzureError(400, "InvalidRequestType", f"The request type '{asked}' is not supported for {kind}.")
    if not asked.lower().startswith("self"):
        action = f"Microsoft.Authorization/{kind}/write"
        if not access.may(world, caller.object_id, action, scope):
            raise gate.forbidden(caller, action, scope)
    elif str(wanted.get("principalId")).lower() != caller.object_id.lower():
        raise AzureError(403, "InsufficientPermissions", "A role is activated or given back for oneself only.")
    request = _envelope(world, caller, scope, kind, name, wanted)
    status = act(world, request)
    return _keep(world, request, status)


def find(world: World, caller: Caller, scope: str, kind: str, name: str) -> Document:
    """A request, for who sent it and for those who may read such. Raises AzureError 403, 404."""
    found = world.get(_KIND, _id(scope, kind, name))
    own = found is not None and found["properties"]["requestorId"] == caller.object_id
    action = f"Microsoft.Authorization/{kind}/read"
    if not own and not access.may(world, caller.object_id, action, scope):
        raise gate.forbidden(caller, action, scope)
    if found is None:
        raise AzureError(404, "RoleAssignmentScheduleRequestNotFound", f"The request '{name}' is not found.")
    return found


def decide(world: World, request: str | None, *, approve: bool) -> list[Document]:
    """Play the approver for one request, by its name, or for all that wait; [{request, status}].

    Raises ValueError where none such waits.
    """
    waiting = [
        one
        for _, one in world.items(_KIND)
        if one["properties"]["status"] == "PendingApproval" and request in (None, one["name"])
    ]
    if not waiting:
        raise ValueError("no request waits for approval" if request is None else f"no request {request!r} waits")
    decided = []
    for one in waiting:
        if approve:
            _activate(world, one)
        kept = _keep(world, one, "Provisioned" if approve else "Denied")
        decided.append({"request": one["name"], "status": kept["properties"]["status"]})
    return decided


def _self_activate(world: World, request: Document) -> str:
    facts = request["properties"]
    eligible = _eligibility(world, facts)
    if eligible is None:
        raise AzureError(400, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.")
    failed = [] if str(facts["justification"] or "").strip() else ["JustificationRule"]
    if not 0 < _seconds(facts) <= LONGEST:
        failed.append("ExpirationRule")
    if failed:
        rules = ",".join(f'"{rule}"' for rule in failed)
        raise AzureError(
            400, "RoleAssignmentRequestPolicyValidationFailed", f"The following policy rules failed: [{rules}]"
        )
    if _active(world, facts) is not None:
        raise AzureError(400, "RoleAssignmentExists", "The Role assignment already exists.")
    if any(
        one["properties"]["status"] == "PendingApproval" and _same(one["properties"], facts)
        for _, one in world.items(_KIND)
    ):
        raise AzureError(
            400, "PendingRoleAssignmentRequest", "There is already an existing pending Role assignment request."
        )
    policy = world.get("rolePolicy", _policy_key(eligible["properties"]["scope"], facts["roleDefinitionId"]))
    if policy is not None and policy["approval"]:
        return "PendingApproval"
    _activate(world, request)
    return "Provisioned"


def _activate(world: World, request: Document) -> None:
    eligible = _eligibility(world, request["properties"])
    activations.begin(world, request, _seconds(request["properties"]), eligible["id"] if eligible else "")


def _self_deactivate(world: World, request: Document) -> str:
    held = _active(world, request["properties"])
    activation = activations.of(world, held) if held is not None else None
    if activation is None:
        raise AzureError(400, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.")
    if world.clock.now().timestamp() - activation["start"] < SHORTEST:
        raise AzureError(
            400, "ActiveDurationTooShort", "The active duration is too short. Minimum required is 5 minutes."
        )
    activations.end(world, activation)
    return "Revoked"


def _admin_remove(world: World, request: Document) -> str:
    held = _active(world, request["properties"])
    if held is None:
        raise AzureError(400, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.")
    world.delete("roleAssignment", held["id"])
    return "Revoked"


def _eligible_assign(world: World, request: Document) -> str:
    facts = request["properties"]
    if any(_same(one["properties"], facts) for _, one in world.items("roleEligibility")):
        raise AzureError(400, "RoleAssignmentExists", "The Role assignment already exists.")
    if access.definition_of(world, facts["roleDefinitionId"]) is None:
        raise AzureError(400, "RoleDefinitionDoesNotExist", "The specified role definition does not exist.")
    model.make_eligibility(
        world, scope=facts["scope"], role=facts["roleDefinitionId"], principal_id=facts["principalId"]
    )
    return "Provisioned"


def _eligible_remove(world: World, request: Document) -> str:
    found = [one for _, one in world.items("roleEligibility") if _same(one["properties"], request["properties"])]
    if not found:
        raise AzureError(400, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.")
    for one in found:
        world.delete("roleEligibility", one["id"])
    return "Revoked"


_ACTS = {
    (ACTIVE, "selfactivate"): _self_activate,
    (ACTIVE, "selfdeactivate"): _self_deactivate,
    (ACTIVE, "adminremove"): _admin_remove,
    (ELIGIBLE, "adminassign"): _eligible_assign,
    (ELIGIBLE, "adminremove"): _eligible_remove,
}


def _eligibility(world: World, facts: Document) -> Document | None:
    """What makes the principal eligible for the role, at the scope or above it, themselves or by a group; None: nothing."""
    above = access.scopes_above(world, facts["scope"])
    who = {facts["principalId"].lower(), *access.groups_of(world, facts["principalId"])}
    for _, one in world.items("roleEligibility"):
        held = one["properties"]
        if (
            held["scope"].lower() in above
            and held["principalId"].lower() in who
            and _guid(held["roleDefinitionId"]) == _guid(facts["roleDefinitionId"])
        ):
            return one
    return None


def _active(world: World, facts: Document) -> Document | None:
    """The assignment of exactly this principal, role and scope."""
    return next((one for _, one in world.items("roleAssignment") if _same(one["properties"], facts)), None)


def _same(one: Document, other: Document) -> bool:
    return all(str(one[name]).lower() == str(other[name]).lower() for name in ("principalId", "scope")) and (
        _guid(one["roleDefinitionId"]) == _guid(other["roleDefinitionId"])
    )


def _seconds(facts: Document) -> float:
    """How long a request asks for; 0 for what cannot be read, or never ends."""
    expiration = (facts.get("scheduleInfo") or {}).get("expiration") or {}
    match = _DURATION.fullmatch(str(expiration.get("duration") or ""))
    if match is None:
        return 0.0
    parts = [float(part or 0) for part in match.groups()]
    return sum(part * unit for part, unit in zip(parts, (86_400, 3600, 60, 1), strict=True))


def _envelope(  # noqa: PLR0917
    world: World, caller: Caller, scope: str, kind: str, name: str, wanted: Document
) -> Document:
    for given in ("roleDefinitionId", "principalId"):
        if not isinstance(wanted.get(given), str):
            raise AzureError(400, "InvalidRequestContent", f"The property '{given}' of the request is missing.")
    properties = {
        "scope": scope,
        "roleDefinitionId": wanted["roleDefinitionId"],
        "principalId": wanted["principalId"],
        "principalType": "User",
        "requestType": wanted["requestType"],
        "status": "Accepted",
        "justification": wanted.get("justification"),
        "ticketInfo": wanted.get("ticketInfo"),
        "scheduleInfo": wanted.get("scheduleInfo"),
        "linkedRoleEligibilityScheduleId": wanted.get("linkedRoleEligibilityScheduleId"),
        "requestorId": caller.object_id,
        "createdOn": model.timestamp(world.clock.now()),
    }
    return {
        "properties": properties,
        "name": name,
        "id": _id(scope, kind, name),
        "type": f"Microsoft.Authorization/{kind}",
    }


def _keep(world: World, request: Document, status: str) -> Document:
    kept: Document = {**request, "properties": {**request["properties"], "status": status}}
    world.put(_KIND, request["id"], kept)
    return kept


def _id(scope: str, kind: str, name: str) -> str:
    return f"{scope.rstrip('/')}/providers/Microsoft.Authorization/{kind}/{name}"


def _policy_key(scope: str, role: str) -> str:
    return f"{scope}|{_guid(roles.role_id(role))}"


def _guid(role_definition_id: str) -> str:
    return role_definition_id.rsplit("/", 1)[-1].lower()
