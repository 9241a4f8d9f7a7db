"""The same cut by a sequence of Microsoft's SDK sync calls and of az calls, in units of ours, at 80 ms.

The act: of the grants of 10 services at their key, each of an identity of its own, read it, take it away, and read again that
it is gone. Ours is from the click to the proof that each path is closed.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from azure.core.exceptions import ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient

from cmk_admin.cloud import roles
from cmk_admin.cloud.session import Session
from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.model import RoleAssignment
from cmk_admin.operations.backend import open_backend
from cmk_admin.runtime.connection import read_connection
from tests.bench import consumers
from tests.bench.writing import LATENCY_MS, ROUNDS, cut
from tests.support import Sandbox, serve

COUNT = 10
AZ_COUNT = 3
"""az is slow: so many, counted up to 10."""
AZ = Path("build/az-venv/bin/az")
AZ_SECONDS = 600.0


async def ours(sandbox: Sandbox, home: Path) -> tuple[float, list[RoleAssignment]]:
    """Seconds of ours in a warm session, to the proof of each path, the best of several rounds; the grants are there again."""
    backend = await open_backend(read_connection(sandbox.file), home)
    session = await Session.open(read_connection(sandbox.file))
    try:
        before = await backend.read()
        taken = []
        for _ in range(ROUNDS):
            plan = await consumers.plan_all(backend, consumers.key_of(COUNT))
            taken.append((await cut(backend, plan, sandbox)).proof)
            await consumers.give_back(session, before, plan)
        taken_away = {fold(step.target) for step in plan.steps}
        return min(taken), [one for one in before.role_assignments if fold(one.id) in taken_away]
    finally:
        await session.close()
        await backend.close()


def named(grant: RoleAssignment) -> tuple[str, str]:
    """Scope and name of a role assignment."""
    return grant.scope, last(grant.id)


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


async def made_again(sandbox: Sandbox, grants: list[RoleAssignment]) -> None:
    """The grants once more."""
    session = await Session.open(read_connection(sandbox.file))
    try:
        for one in grants:
            await roles.create_assignment(session, one)
    finally:
        await session.close()


def main() -> None:
    """Print what was measured."""
    with tempfile.TemporaryDirectory(prefix="cmk-admin-bench-") as name:
        folder = Path(name)
        sandbox = serve(folder / "azure", "--latency-ms", str(LATENCY_MS), speed=1)
        try:
            sandbox.post("estate", consumers.estate())
            sandbox.described = json.loads(sandbox.file.read_text())
            mine, grants = asyncio.run(ours(sandbox, folder / "home"))
            sdk = by_sdk(sandbox, [named(one) for one in grants])
            az = None
            if AZ.exists():
                few = grants[:AZ_COUNT]
                asyncio.run(made_again(sandbox, few))
                az = by_az(sandbox, [named(one) for one in few], folder) * COUNT / len(few)
        finally:
            sandbox.stop()
    note = f"10 grants, read, taken and verified: ours {mine:.2f} s, the SDK's sync calls {sdk:.2f} s"
    note += ", az is not installed" if az is None else f", az {az:.0f} s ({AZ_COUNT} grants, counted up to {COUNT})"
    ratios = {"sdk_ratio": round(sdk / mine, 2), "az_ratio": None if az is None else round(az / mine, 1)}
    print(json.dumps({**ratios, "notes": [note]}))


if __name__ == "__main__":
    main()
