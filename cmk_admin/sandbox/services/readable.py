"""Lists that show a caller what they may read, and refuse one who may read nothing there."""

from cmk_admin.sandbox import access
from cmk_admin.sandbox.gate import forbidden
from cmk_admin.sandbox.state import Document
from cmk_admin.sandbox.wire import Call

from .arm.model import read_action


def readable(call: Call, kind: str) -> list[Document]:
    """The resources of a type in the path's {subscription}, or in its {group}, that the caller may read.

    Raises AzureError 403 where the caller may read nothing at all in there: that is no empty list.
    """
    scope = f"/subscriptions/{call.params['subscription']}"
    if "group" in call.params:
        scope += f"/resourceGroups/{call.params['group']}"
    world, who, inside = call.world, call.who.object_id, f"{scope.lower()}/"
    there = [resource for key, resource in world.items("resource") if key.startswith(inside)]
    of_kind = [resource for resource in there if resource["type"].lower() == kind.lower()]
    shown = [resource for resource in of_kind if access.may(world, who, read_action(resource), resource["id"])]
    if shown or access.may(world, who, f"{kind}/read", scope):
        return shown
    if any(access.may(world, who, read_action(resource), resource["id"]) for resource in there):
        return shown
    raise forbidden(call.who, f"{kind}/read", scope)
