"""AKS clusters as their provider's JSON, whole: what this program does not know of a cluster it must not lose.

The only way to change a cluster's settings is a PUT of all of it (in Microsoft's SDK, as in REST, a PATCH carries tags
alone), so what is sent is what was just read, with one path changed, under the etag that was read with it.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from cmk_admin.cloud import api, parse
from cmk_admin.cloud.session import LongRunning, Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import last

SUCCEEDED, RUNNING = "succeeded", "running"
_AT_REST = frozenset({SUCCEEDED, "failed", "canceled"})
"""Words of provisioningState that end a change; any other is a change that goes on."""


async def get(session: Session, cluster_id: str) -> dict[str, Any]:
    """The cluster's whole JSON, urgent. Raises AzureFailure."""
    return dict((await session.arm("GET", cluster_id, api_version=api.MANAGED_CLUSTERS, urgent=True)).body)


async def put(session: Session, document: Mapping[str, Any], changed: Mapping[str, Any]) -> LongRunning | None:
    """Send a cluster back as `changed` says, under the etag that `document` was read with (a write, urgent, never retried).

    Raises AzureFailure: CONFLICT where the cluster is stopped or being changed, or was changed since it was read.
    """
    cluster_id = str(document["id"])
    wrong = not_ready(document)
    if wrong is not None:
        raise AzureFailure(FailureKind.CONFLICT, f"{wrong} Nothing was written.", subject=cluster_id)
    etag = parse.text(document.get("eTag"))
    if etag is None:
        raise AzureFailure(
            FailureKind.CONFLICT,
            f"{last(cluster_id)} came without an etag, so that a change by somebody else would be lost. Nothing was written.",
            subject=cluster_id,
        )
    try:
        reply = await session.arm(
            "PUT",
            cluster_id,
            api_version=api.MANAGED_CLUSTERS,
            body=changed,
            headers={"If-Match": _quoted(etag)},
            urgent=True,
        )
    except AzureFailure as failure:
        if failure.status == 412:
            raise AzureFailure(
                FailureKind.CONFLICT,
                f"{last(cluster_id)} was changed by somebody else in the same moment; nothing was written.",
                subject=cluster_id,
                next="Look at it and plan again.",
                azure_code=failure.azure_code,
                request_id=failure.request_id,
            ) from failure
        raise
    return session.long_running(reply)


def changed_at(document: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A copy in which only what stands at a path is different; what is missing on the way there is made."""
    whole = deepcopy(dict(document))
    place = whole
    for name in path[:-1]:
        if not isinstance(place.get(name), dict):
            place[name] = {}
        place = place[name]
    place[path[-1]] = value
    return whole


def not_ready(document: Mapping[str, Any]) -> str | None:
    """Why a cluster cannot be changed as it stands, as a sentence; None: it can be."""
    name = document.get("name") or last(str(document.get("id")))
    doing, power = provisioning(document), power_of(document)
    if (doing or "").lower() != SUCCEEDED:
        return f"{name} is {doing or 'in a state that Azure does not tell'}: it can be changed when that is Succeeded."
    if (power or "").lower() != RUNNING:
        return f"{name} is {power or 'in a power state that Azure does not tell'}: it must run to be changed."
    return None


def is_busy(document: Mapping[str, Any]) -> bool:
    """Whether its provider is changing it just now."""
    return (provisioning(document) or "").lower() not in _AT_REST


def provisioning(document: Mapping[str, Any]) -> str | None:
    """provisioningState: Succeeded, Updating, Failed ..."""
    return parse.text(parse.inside(document, "properties", "provisioningState"))


def power_of(document: Mapping[str, Any]) -> str | None:
    """powerState: Running or Stopped."""
    return parse.text(parse.inside(document, "properties", "powerState", "code"))


def version_of(document: Mapping[str, Any]) -> str | None:
    """The version of Kubernetes that runs; the one that was asked for where Azure does not tell that."""
    facts = document.get("properties") or {}
    return parse.text(facts.get("currentKubernetesVersion")) or parse.text(facts.get("kubernetesVersion"))


def identity_of(document: Mapping[str, Any]) -> str | None:
    """Resource id of the user-assigned identity of the control plane; None: it has only its own, or none.

    The kubelet's identity, which identityProfile names, pulls images and never opens etcd.
    """
    carried = parse.inside(document, "identity", "userAssignedIdentities")
    return next(iter(carried), None) if isinstance(carried, Mapping) else None


def _quoted(etag: str) -> str:
    """An etag as the header takes it (RFC 9110, 8.8.3)."""
    return etag if etag.startswith(('"', "W/")) else f'"{etag}"'
