"""The resource manager's paths of roles, their assignments, permissions and schedules, at every scope."""

from collections.abc import Callable

from cmk_admin.sandbox import access, gate
from cmk_admin.sandbox.state import Document
from cmk_admin.sandbox.wire import Answer, Call, Handler, Routes

from . import activations, assignments, definitions, listing, pim

_PROVIDER = "/providers/Microsoft.Authorization/"
_VERSIONS = ("2015-07-01", "2022-05-01")


def register(routes: Routes) -> None:
    """Put the paths into the table."""
    _register_definitions(routes)
    _register_assignments(routes)
    _register_schedules(routes)

    @_at_every_scope(routes, "GET", "permissions", action=None)
    async def permissions(call: Call) -> Answer:
        # What one may oneself is told to everybody who is signed in.
        return Answer({"value": access.permissions_at(call.world, call.who.object_id, scope_of(call))})

    @_at_every_scope(routes, "GET", "denyAssignments", action="Microsoft.Authorization/denyAssignments/read")
    async def deny_assignments(call: Call) -> Answer:
        # Only deployment stacks and managed applications make them (RBACD deny-assignments.md), and there are none here.
        return Answer({"value": []})


def scope_of(call: Call) -> str:
    """The scope in a path: all before the last provider, ``/`` for none."""
    return "/" + call.params.get("scope", "")


def _register_definitions(routes: Routes) -> None:
    read = "Microsoft.Authorization/roleDefinitions/read"

    # At the tenant's root everybody who is signed in reads the definitions.
    @_at_every_scope(routes, "GET", "roleDefinitions", action=read, open_at_root=True)
    async def list_definitions(call: Call) -> Answer:
        return Answer({"value": definitions.listed(call.world, scope_of(call), call.query.get("$filter"))})

    @_at_every_scope(routes, "GET", "roleDefinitions/{name}", action=read, open_at_root=True)
    async def get_definition(call: Call) -> Answer:
        return Answer(definitions.find(call.world, scope_of(call), call.params["name"]))

    @_at_every_scope(routes, "PUT", "roleDefinitions/{name}", action="Microsoft.Authorization/roleDefinitions/write")
    async def put_definition(call: Call) -> Answer:
        made = definitions.put(call.world, call.who, scope_of(call), call.params["name"], call.json())
        return Answer(made, 201)

    @_at_every_scope(
        routes, "DELETE", "roleDefinitions/{name}", action="Microsoft.Authorization/roleDefinitions/delete"
    )
    async def delete_definition(call: Call) -> Answer:
        gone = definitions.delete(call.world, scope_of(call), call.params["name"])
        return Answer(gone, 200 if gone else 204)


def _register_assignments(routes: Routes) -> None:
    @_at_every_scope(routes, "GET", "roleAssignments", action="Microsoft.Authorization/roleAssignments/read")
    async def list_assignments(call: Call) -> Answer:
        return Answer({"value": _listed(call, "roleAssignment")})

    @_at_every_scope(routes, "GET", "roleAssignments/{name}", action="Microsoft.Authorization/roleAssignments/read")
    async def get_assignment(call: Call) -> Answer:
        return Answer(assignments.find(call.world, scope_of(call), call.params["name"]))

    # These two decide for themselves: a condition on who may give which role needs the role.
    @_at_every_scope(routes, "PUT", "roleAssignments/{name}", action=None)
    async def put_assignment(call: Call) -> Answer:
        made, new = assignments.put(call.world, call.who, scope_of(call), call.params["name"], call.json())
        return Answer(made, 201 if new else 200)

    @_at_every_scope(routes, "DELETE", "roleAssignments/{name}", action=None)
    async def delete_assignment(call: Call) -> Answer:
        gone = assignments.delete(call.world, call.who, scope_of(call), call.params["name"])
        return Answer(gone, 200 if gone else 204)


def _register_schedules(routes: Routes) -> None:
    eligible, active = "roleEligibilityScheduleInstances", "roleAssignmentScheduleInstances"

    # Both decide for themselves: what one is eligible for oneself needs no right to read (asTarget()).
    @_at_every_scope(routes, "GET", eligible, action=None)
    async def list_eligible(call: Call) -> Answer:
        _may_list(call, eligible)
        return Answer({"value": _listed(call, "roleEligibility")})

    @_at_every_scope(routes, "GET", active, action=None)
    async def list_active(call: Call) -> Answer:
        _may_list(call, active)
        return Answer({"value": [activations.shown(call.world, one) for one in _listed(call, "roleAssignment")]})

    for kind in (pim.ACTIVE, pim.ELIGIBLE):
        _register_requests(routes, kind)


def _register_requests(routes: Routes, kind: str) -> None:
    # Both decide for themselves: who activates their own role needs no other right than to be eligible.
    @_at_every_scope(routes, "PUT", f"{kind}/{{name}}", action=None)
    async def put_request(call: Call) -> Answer:
        return Answer(pim.put(call.world, call.who, scope_of(call), kind, call.params["name"], call.json()), 201)

    @_at_every_scope(routes, "GET", f"{kind}/{{name}}", action=None)
    async def get_request(call: Call) -> Answer:
        return Answer(pim.find(call.world, call.who, scope_of(call), kind, call.params["name"]))


def _may_list(call: Call, kind: str) -> None:
    """Raise AzureError 403 for who may not read the schedules of others, and asks for these too."""
    action, scope = f"Microsoft.Authorization/{kind}/read", scope_of(call)
    own = listing.parse(call.query.get("$filter")).as_target
    if not own and not access.may(call.world, call.who.object_id, action, scope):
        raise gate.forbidden(call.who, action, scope)


def _listed(call: Call, kind: str) -> list[Document]:
    wanted = listing.parse(call.query.get("$filter"))
    return listing.listed(call.world, kind, scope_of(call), wanted, call.who.object_id)


def _at_every_scope(
    routes: Routes, method: str, path: str, *, action: str | None, open_at_root: bool = False
) -> Callable[[Handler], Handler]:
    """Register a path of this provider under every scope and at the tenant's root, there perhaps without any action."""

    def register_both(handler: Handler) -> Handler:
        routes.arm(method, "/{*scope}" + _PROVIDER + path, action=action, versions=_VERSIONS)(handler)
        routes.arm(method, _PROVIDER + path, action=None if open_at_root else action, versions=_VERSIONS)(handler)
        return handler

    return register_both
