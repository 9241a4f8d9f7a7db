"""Commands that a cluster runs by itself: kubectl without a way to the cluster's own API (AKSD access-private-cluster.md).

What a command prints may hold secrets: nothing of it is logged, journaled or put into an error from here.
"""

import base64
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cmk_admin.cloud import api, clusters, parse
from cmk_admin.cloud.session import LongRunning, Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import last

REWRITE_SECRETS = "kubectl get secrets --all-namespaces -o json | kubectl replace -f -"
"""As Microsoft words it (AKSD update-kms-key-vault.md)."""
AKS_SCOPE = "6dae42f8-4368-4678-94ff-3960e28e3630/.default"
"""Azure Kubernetes Service AAD Server, the same application in every cloud (AKSD kubelogin-authentication.md)."""
WITHIN_SECONDS = 300.0
"""Real seconds that a command which only looks is waited for."""
_FILE = "storageclass.yaml"
_DNS_NAME = re.compile(r"[a-z0-9.-]{1,253}").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """How a command ended."""

    exit_code: int
    logs: str = field(repr=False)
    """Everything that it printed. May hold secrets."""


async def start(
    session: Session, cluster_id: str, command: str, *, files: Mapping[str, str] | None = None
) -> LongRunning | None:
    """Have the cluster run a command, with these files (name -> text) beside it. A write, urgent, never retried.

    The address that comes back tells how it ended. A cluster that signs people in by Entra gets a token of the signed-in
    account for AKS (Microsoft.ContainerService, RunCommandRequest.clusterToken), by way of the resource manager. Raises
    AzureFailure; CONFLICT where the cluster is stopped or being changed.
    """
    document = await clusters.get(session, cluster_id)
    wrong = clusters.not_ready(document)
    if wrong is not None:
        raise AzureFailure(FailureKind.CONFLICT, f"{wrong} Nothing was run in it.", subject=cluster_id)
    body = {"command": command, "context": _zipped(files or {})}
    if parse.inside(document, "properties", "aadProfile", "managed") is True:
        body["clusterToken"] = await session.token(AKS_SCOPE)
    path = f"{cluster_id}/runCommand"
    reply = await session.arm("POST", path, api_version=api.MANAGED_CLUSTERS, body=body, urgent=True)
    return session.long_running(reply)


async def run(session: Session, cluster_id: str, command: str) -> Printed:
    """Have the cluster run a command that changes nothing, and wait for what it prints. Raises AzureFailure."""
    started = await start(session, cluster_id, command)
    if started is None:
        raise AzureFailure(
            FailureKind.FAILED, f"{last(cluster_id)} did not tell where its answer can be read.", subject=cluster_id
        )
    return printed((await session.wait(started, within=WITHIN_SECONDS)).body, cluster_id)


def printed(body: Any, cluster_id: str) -> Printed:
    """How a command ended, from the answer of its address. Raises AzureFailure where the cluster could not run it."""
    facts = body.get("properties") if isinstance(body, Mapping) else None
    code = parse.inside(facts, "exitCode")
    if not isinstance(code, int):
        state = parse.text(parse.inside(facts, "provisioningState")) or "not told"
        raise AzureFailure(
            FailureKind.FAILED,
            f"{last(cluster_id)} could not run the command (state: {state}).",
            subject=cluster_id,
            status=400,
        )
    return Printed(exit_code=code, logs=str(parse.inside(facts, "logs") or ""))


async def storage_class(session: Session, cluster_id: str, name: str) -> dict[str, Any] | None:
    """A storage class of the cluster as Kubernetes shows it, or None where there is none. Raises AzureFailure."""
    answer = await run(session, cluster_id, "kubectl get storageclass -o json")
    try:
        listed = json.loads(answer.logs) if answer.exit_code == 0 else None
    except ValueError:
        listed = None
    if not isinstance(listed, dict):
        raise AzureFailure(
            FailureKind.FAILED,
            f"The storage classes of {last(cluster_id)} could not be read: kubectl ended with code {answer.exit_code}.",
            subject=cluster_id,
            status=400,
        )
    found = listed.get("items") or []
    return next((dict(one) for one in found if parse.inside(one, "metadata", "name") == name), None)


async def apply_storage_class(session: Session, cluster_id: str, yaml: str) -> LongRunning | None:
    """Make a storage class from its YAML. A write, urgent, never retried. Raises AzureFailure."""
    return await start(session, cluster_id, f"kubectl apply -f {_FILE}", files={_FILE: yaml})


async def delete_storage_class(session: Session, cluster_id: str, name: str) -> LongRunning | None:
    """Delete a storage class; its volumes stay. A write, urgent, never retried. Raises AzureFailure."""
    if not _DNS_NAME(name):
        raise AzureFailure(
            FailureKind.CONFLICT, f"“{name}” is not the name of a storage class.", subject=cluster_id, status=400
        )
    return await start(session, cluster_id, f"kubectl delete storageclass {name}")


async def rewrite_secrets(session: Session, cluster_id: str) -> LongRunning | None:
    """Write every secret once more, within the cluster: no secret leaves it. A write, urgent, never retried.

    Raises AzureFailure.
    """
    return await start(session, cluster_id, REWRITE_SECRETS)


def _zipped(files: Mapping[str, str]) -> str:
    """Files as the run command takes them: a zip in base64; empty without any."""
    if not files:
        return ""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return base64.b64encode(packed.getvalue()).decode()
