"""A revoke of as many grants as wanted: one identity's, each at a key scope of its own."""

import uuid
from dataclasses import replace

from cmk_admin.cloud import roles
from cmk_admin.cloud.session import Session
from cmk_admin.domain.ids import key_scope
from cmk_admin.domain.index import Index, guid
from cmk_admin.domain.model import RoleAssignment
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.verbs import changes
from cmk_admin.operations.backend import OpenBackend
from tests.operations.stories import plan_grants


async def plan_many(backend: OpenBackend, session: Session, count: int) -> Plan:
    """Make so many grants, and plan to take them all away and to watch the consumer of `plan_grants`."""
    plan = await plan_grants(backend)
    assert backend.estate is not None
    index = Index(backend.estate)
    (one,) = [a for a in backend.estate.role_assignments if a.id.lower() == plan.steps[0].target.lower()]
    vault = next(v for v in backend.estate.vaults if v.name == "dcc-premium")
    made = []
    for n in range(count):
        scope = key_scope(vault.id, f"another-key-{n}")
        name = uuid.uuid5(uuid.NAMESPACE_URL, scope)
        wanted = RoleAssignment(
            id=f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
            scope=scope,
            role_definition_id=f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{guid(one.role_definition_id)}",
            principal_id=one.principal_id,
            principal_type=one.principal_type,
        )
        await roles.create_assignment(session, wanted)
        found = await roles.get_assignment(session, wanted.id)
        assert found is not None
        made.append(changes.remove_assignment(index, found))
    return replace(plan, steps=tuple(made), paths=())
