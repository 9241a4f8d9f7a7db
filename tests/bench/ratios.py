"""The same cut by a sequence of Microsoft's SDK sync calls and of az calls, in units of ours, at 80 ms.

The act: of each of 10 identities' grants at one key, read it, take it away, and read again that it is gone. Ours is from
the click to the proof that each path is closed.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import uuid
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from azure.core.exceptions import ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient

from cmk_admin.cloud import roles
from cmk_admin.cloud.session import Session
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import StepState
from cmk_admin.domain.verbs import changes
from cmk_admin.operations.backend import OpenBackend, open_backend
from cmk_admin.operations.interface import OperationReport, PathProof
from cmk_admin.runtime.connection import read_connection
from tests.bench.writing import LATENCY_MS
from tests.operations.stories import plan_grants
from tests.support import Sandbox, serve

COUNT = 10
AZ_COUNT = 3
"""az is slow: so many, counted up to 10."""
AZ = Path("build/az-venv/bin/az")
AZ_SECONDS = 600.0


async def plan_at_key(backend: OpenBackend, session: Session, sandbox: Sandbox, count: int) -> Plan:
    """Give so many identities the right to one key, and plan to take it from all of them, and to prove that."""
    base = await plan_grants(backend)
    assert backend.estate is not None
    index = Index(backend.estate)
    (known,) = [a for a in backend.estate.role_assignments if a.id.lower() == base.steps[0].target.lower()]
    (path,) = base.paths
    holders = {a.principal_id for a in backend.estate.role_assignments if a.scope == known.scope}
    others = [who["object_id"] for who in sandbox.described["principals"].values() if who["object_id"] not in holders]
    assert len(others) >= count, "there are not enough identities"
    steps, paths = [], []
    for n, principal in enumerate(others[:count], 1):
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"{known.scope}/{principal}")
        made = replace(known, id=f"{known.id.rsplit('/', 1)[0]}/{name}", principal_id=principal)
        await roles.create_assignment(session, made)
        found = await roles.get_assignment(session, made.id)
        assert found is not None
        steps.append(changes.remove_assignment(index, found))
        paths.append(replace(path, principal=principal, principal_name=None, step=n))
    return replace(base, steps=tuple(steps), paths=tuple(paths), watches=(), effects=())


async def ours(sandbox: Sandbox, home: Path) -> tuple[float, Plan]:
    """Seconds of ours in a warm session, to the proof of each path; then the same grants again, for the others to take."""
    backend = await open_backend(read_connection(sandbox.file), home)
    session = await Session.open(read_connection(sandbox.file))
    try:
        await backend.read()
        plan = await plan_at_key(backend, session, sandbox, COUNT)
        await backend.refresh_key(plan.subject)
        proven: list[float] = []

        def report(now: OperationReport) -> None:
            if now.proof is not None and not proven:
                proven.append(perf_counter())

        began = perf_counter()
        done = await backend.run(plan, watch=False, on_report=report)
        assert {step.state for step in done.steps} == {StepState.DONE}, done.log
        assert done.proof is not None
        wanted = {path.principal for path in plan.paths}
        closed = {one.path.principal for one in done.proof.paths if one.state is PathProof.CLOSED}
        assert wanted <= closed, f"not proven: {done.proof}"
        return proven[0] - began, await plan_at_key(backend, session, sandbox, COUNT)
    finally:
        await session.close()
        await backend.close()


def grants_of(plan: Plan) -> list[tuple[str, str]]:
    """(scope, name of the assignment) of each step."""
    split = "/providers/Microsoft.Authorization/roleAssignments/"
    return [(step.target.split(split)[0], step.target.split(split)[1]) for step in plan.steps]


def by_sdk(sandbox: Sandbox, grants: list[tuple[str, str]]) -> float:
    """Seconds of the SDK's synchronous client, signed in and warm, one call after another."""
    described = sandbox.described
    who = described["principals"]["administrator"]
    ways = {"proxies": {"https": described["proxy"]}, "connection_verify": described["ca_file"]}
    credential = ClientSecretCredential(described["tenant_id"], who["client_id"], who["secret"], **ways)
    with AuthorizationManagementClient(credential, grants[0][0].split("/")[2], **ways) as client:
        assignments = client.role_assignments
        assignments.get(*grants[0])  # it signs in and connects
        began = perf_counter()
        for scope, name in grants:
            assignments.get(scope, name)
            assignments.delete(scope, name)
            try:
                assignments.get(scope, name)
            except ResourceNotFoundError:
                continue
            raise AssertionError(f"{name} is still there")
        return perf_counter() - began


def by_az(sandbox: Sandbox, grants: list[tuple[str, str]], folder: Path) -> float:
    """Seconds of the real az, signed in, one call after another."""
    who = sandbox.described["principals"]["administrator"]
    secret = folder / "secret"
    secret.touch(mode=0o600)
    secret.write_text(who["secret"])
    az = str(AZ.absolute())
    login = ["login", "--service-principal", "--username", who["client_id"], "--password", f"@{secret}"]
    _in_shell(sandbox, [az, *login, "--tenant", sandbox.described["tenant_id"]])
    secret.unlink()
    lines = ["set -e"]
    for scope, name in grants:
        identity = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
        lines += [f"{az} role assignment list --scope {scope}", f"{az} role assignment delete --ids {identity}"]
        lines += [f"if {az} role assignment list --scope {scope} --output tsv | grep -q {name}; then exit 1; fi"]
    began = perf_counter()
    _in_shell(sandbox, ["sh", "-c", "\n".join(lines)])
    return perf_counter() - began


def _in_shell(sandbox: Sandbox, command: list[str]) -> None:
    shell = [sys.executable, "-P", "-m", "cmk_admin", "sandbox", "shell", "--connection-file", str(sandbox.file), "--"]
    done = subprocess.run([*shell, *command], capture_output=True, text=True, timeout=AZ_SECONDS, check=False)
    assert done.returncode == 0, f"az failed:\n{done.stdout}\n{done.stderr}"


async def made_again(sandbox: Sandbox, home: Path) -> list[tuple[str, str]]:
    """The grants once more."""
    backend = await open_backend(read_connection(sandbox.file), home)
    session = await Session.open(read_connection(sandbox.file))
    try:
        await backend.read()
        return grants_of(await plan_at_key(backend, session, sandbox, AZ_COUNT))
    finally:
        await session.close()
        await backend.close()


def main() -> None:
    """Print what was measured."""
    with tempfile.TemporaryDirectory(prefix="cmk-admin-bench-") as name:
        folder = Path(name)
        sandbox = serve(folder / "azure", "--latency-ms", str(LATENCY_MS))
        try:
            mine, plan = asyncio.run(ours(sandbox, folder / "home"))
            grants = grants_of(plan)
            sdk = by_sdk(sandbox, grants)
            az = None
            if AZ.exists():
                again = asyncio.run(made_again(sandbox, folder / "home"))
                az = by_az(sandbox, again, folder) * COUNT / len(again)
        finally:
            sandbox.stop()
    note = f"10 grants, read, taken and verified: ours {mine:.2f} s, the SDK's sync calls {sdk:.2f} s"
    note += ", az is not installed" if az is None else f", az {az:.0f} s ({AZ_COUNT} grants, counted up to {COUNT})"
    ratios = {"sdk_ratio": round(sdk / mine, 2), "az_ratio": None if az is None else round(az / mine, 1)}
    print(json.dumps({**ratios, "notes": [note]}))


if __name__ == "__main__":
    main()
