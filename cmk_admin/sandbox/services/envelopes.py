"""What the routes of resource providers share: finding a resource by its path, listing, and refusing while one is busy."""

from typing import Any

from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import Answer, AzureError, Call


def resource_id(call: Call, kind: str) -> str:
    """The ARM id that a path with {subscription}, {group} and {name} speaks of."""
    p = call.params
    return f"/subscriptions/{p['subscription']}/resourceGroups/{p['group']}/providers/{kind}/{p['name']}"


def find(call: Call, kind: str) -> Document:
    """The resource of that path. Raises AzureError 404 where there is none."""
    found = call.world.get("resource", resource_id(call, kind))
    if found is None:
        raise AzureError(
            404,
            "ResourceNotFound",
            f"The Resource '{kind}/{call.params['name']}' under resource group '{call.params['group']}' was not found. "
            "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        )
    return found


def listing(call: Call, kind: str) -> Answer:
    """All resources of a type in the path's subscription, or in its resource group where it names one."""
    prefix = f"/subscriptions/{call.params['subscription']}/".lower()
    if "group" in call.params:
        prefix += f"resourcegroups/{call.params['group']}/".lower()
    wanted = kind.lower()
    return values(
        [r for key, r in call.world.items("resource") if key.startswith(prefix) and r["type"].lower() == wanted]
    )


def values(found: list[Any]) -> Answer:
    """A list as ARM writes it, in one page."""
    return Answer({"value": found})


def refuse_busy(world: World, resource: Document) -> None:
    """Raise AzureError 409 while an operation on the resource runs."""
    wanted = resource["id"].lower()
    for _, operation in world.items("operation"):
        if operation["status"] == "InProgress" and operation["resourceId"].lower() == wanted:
            raise AzureError(
                409,
                "ServerIsBusy",
                f"Cannot complete operation while server '{resource['name']}' is busy processing another operation. "
                "Try again later.",
            )


def changed_paths(before: Any, after: Any, path: str = "") -> list[str]:
    """The paths, shortest that tell it, in which two JSON documents differ; sorted."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return [] if before == after and type(before) is type(after) else [path]
    found: list[str] = []
    for name in sorted({*before, *after}):
        inner = f"{path}.{name}" if path else name
        if name in before and name in after:
            found += changed_paths(before[name], after[name], inner)
        else:
            found.append(inner)
    return found


def merged_tags(resource: Document, wanted: Any) -> dict[str, str]:
    """A resource's tags after a request that may name none. Raises AzureError 400."""
    if wanted is None:
        return dict(resource.get("tags") or {})
    if not isinstance(wanted, dict) or any(not isinstance(value, str) for value in wanted.values()):
        raise AzureError(400, "InvalidTagValueFormat", "The tags of the request are not valid.")
    return dict(wanted)


def block(body: Document, name: str) -> Document:
    """A JSON object inside a body; empty where it is absent. Raises AzureError 400 where it is something else."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise AzureError(400, "InvalidRequestContent", f"The property '{name}' of the request content is not valid.")
    return value
