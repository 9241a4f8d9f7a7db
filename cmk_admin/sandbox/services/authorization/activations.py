"""Roles that somebody activated for a time (PIM): real role assignments that end by the calendar.

Kind ``activation``, id = the assignment's: {assignment, request, eligibility, start, end: Unix seconds by the calendar}.
"""

from datetime import UTC, datetime

from cmk_admin.sandbox.state import Document, World

from . import model


def begin(world: World, request: Document, seconds: float, eligibility: str) -> None:
    """Assign what a request asks for, from now on and for so many seconds of the calendar."""
    facts = request["properties"]
    made = model.make_assignment(
        world,
        scope=facts["scope"],
        role=facts["roleDefinitionId"],
        principal_id=facts["principalId"],
        created_by=facts["requestorId"],
    )
    now = world.clock.now().timestamp()
    activation = {
        "assignment": made["id"],
        "request": request["name"],
        "eligibility": eligibility,
        "start": now,
        "end": now + seconds,
    }
    world.put("activation", made["id"], activation)


def end_due(world: World) -> None:
    """Take away what has run out by the calendar: called before each call, so that a pushed clock ends it at once."""
    now = world.clock.now().timestamp()
    for _, activation in world.items("activation"):
        if activation["end"] <= now and world.get("roleAssignment", activation["assignment"]) is not None:
            end(world, activation)


def end(world: World, activation: Document) -> None:
    """Take an activated role away."""
    world.delete("roleAssignment", activation["assignment"])


def of(world: World, assignment: Document) -> Document | None:
    """The activation that made an assignment; None for a standing one."""
    return world.get("activation", assignment["id"])


def shown(world: World, assignment: Document) -> Document:
    """An assignment as the schedules list it: an activated one with its times and its eligibility."""
    instance = model.active_instance(assignment)
    activation = of(world, assignment)
    if activation is not None:
        instance["properties"] |= {
            "assignmentType": "Activated",
            "startDateTime": _stamp(activation["start"]),
            "endDateTime": _stamp(activation["end"]),
            "linkedRoleEligibilityScheduleInstanceId": activation["eligibility"],
        }
    return instance


def _stamp(seconds: float) -> str:
    return model.timestamp(datetime.fromtimestamp(seconds, UTC))
