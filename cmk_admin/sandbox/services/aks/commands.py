"""The run command of a cluster: a command line and its files go in, what it printed comes out a little later."""

import base64
import binascii
import io
import uuid
import zipfile
from typing import Any

from cmk_admin.sandbox import entra, hosts, operations
from cmk_admin.sandbox.services import envelopes
from cmk_admin.sandbox.services.kubernetes import kubectl
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

from . import model

# A command pod has to be started first (AKSD access-private-cluster.md); no time is documented. Azure seconds.
COMMAND_SECONDS = 15.0
_KIND = "command"
_WORK = "aks.command"
# What a file that comes along may hold, all in all. A sandbox's own limit.
_LARGEST = 1 << 20


def register(routes: Routes, cluster: str, kind: str, versions: tuple[str, str]) -> None:
    """Register the run command's two routes below a cluster's path."""
    routes.arm("POST", cluster + "/runCommand", action=f"{kind}/runCommand/action", versions=versions)(_run)
    result = cluster + "/commandResults/{command}"
    routes.arm("GET", result, action=f"{kind}/commandResults/read", versions=versions)(_result)
    operations.register_work(_WORK, _work)


async def _run(call: Call) -> Answer:
    cluster = envelopes.find(call, model.TYPE)
    model.check_state(cluster)
    if (cluster["properties"].get("apiServerAccessProfile") or {}).get("disableRunCommand"):
        raise AzureError(400, "BadRequest", "Run command is disabled for this cluster.")
    body = call.json()
    command = body.get("command")
    if not isinstance(command, str) or not command.strip():
        raise AzureError(400, "BadRequest", "The command of a run command request is missing or empty.")
    _check_token(call.world, cluster, body.get("clusterToken"))
    files = _files(body.get("context"))
    number = uuid.uuid4().hex
    started = call.world.clock.now().isoformat()
    call.world.put(_KIND, number, {"cluster": cluster["id"], "startedAt": started, "result": None})
    data = {"id": number, "command": command, "files": files}
    begun = operations.start(call, resource_id=cluster["id"], seconds=COMMAND_SECONDS, work=_WORK, data=data)
    version = call.query.get("api-version", "")
    location = f"https://{hosts.ARM}{cluster['id']}/commandResults/{number}?api-version={version}"
    return Answer(_shown(number, _running(started)), 202, {**_waiting(begun), "Location": location})


def _check_token(world: World, cluster: Document, token: Any) -> None:
    """A cluster that signs people in by Entra wants the caller's token for AKS (RunCommandRequest.clusterToken).

    Raises AzureError 400; the code is this sandbox's.
    """
    if not (cluster["properties"].get("aadProfile") or {}).get("managed"):
        return
    try:
        entra.caller_of(world, token if isinstance(token, str) else "", entra.AKS_AUDIENCES)
    except entra.InvalidToken as error:
        raise AzureError(
            400, "BadRequest", "The clusterToken of a run command request is missing or no token for this cluster."
        ) from error


async def _result(call: Call) -> Answer:
    cluster = envelopes.find(call, model.TYPE)
    number = call.params["command"]
    command = call.world.get(_KIND, number)
    if command is None or command["cluster"].lower() != cluster["id"].lower():
        raise AzureError(404, "NotFound", f"The command '{number}' was not found.")
    if command["result"] is None:
        location = f"https://{hosts.ARM}{call.path}?api-version={call.query.get('api-version', '')}"
        return Answer(_shown(number, _running(command["startedAt"])), 202, {"Location": location, "Retry-After": "1"})
    return Answer(_shown(number, command["result"]))


async def _work(world: World, data: dict[str, Any]) -> None:
    command = world.get(_KIND, data["id"])
    if command is None:
        return
    outcome = kubectl.run(world, command["cluster"], data["command"], data["files"])
    result = {
        "provisioningState": "Succeeded",
        "exitCode": outcome.exit_code,
        "startedAt": command["startedAt"],
        "finishedAt": world.clock.now().isoformat(),
        "logs": outcome.logs,
    }
    world.put(_KIND, data["id"], {**command, "result": result})


def _running(started: str) -> dict[str, Any]:
    return {"provisioningState": "Running", "startedAt": started}


def _shown(number: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"id": number, "properties": properties}


def _waiting(begun: Answer) -> dict[str, str]:
    return {"Retry-After": begun.headers["Retry-After"]}


def _files(context: Any) -> dict[str, str]:
    """The files of a request's context, a base64 zip, by their names. Raises AzureError 400."""
    if context in (None, ""):
        return {}
    try:
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(context, validate=True))) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > _LARGEST:
                raise AzureError(400, "BadRequest", "The context of a run command request is too large.")
            return {entry.filename.removeprefix("./"): archive.read(entry).decode() for entry in entries}
    except (binascii.Error, zipfile.BadZipFile, TypeError, ValueError) as error:
        raise AzureError(
            400, "BadRequest", "The context of a run command request is no base64 encoded zip file of texts."
        ) from error
