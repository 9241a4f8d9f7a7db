"""A full discovery of 200 vaults of 5 keys, cold, against a plain loop over the SDK's sync clients doing the same."""

import asyncio
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from tests.support import Sandbox, serve

SCENARIO = "many-200x5"
LATENCY_MS = "50"
ROUNDS = 3


def ours(sandbox: Sandbox) -> float:
    """Seconds of one discovery, from opening the connection to the finished estate."""
    from cmk_admin.app import connect
    from cmk_admin.operations.interface import ConnectionChoice

    async def once() -> float:
        started = time.perf_counter()
        backend = await connect(ConnectionChoice(file=sandbox.file))
        estate = await backend.read()
        taken = time.perf_counter() - started
        await backend.close()
        facts = [k for k in estate.keys if k.key_type and k.size and k.operations]
        assert (len(estate.vaults), len(facts)) == (200, 1000), "the discovery is not whole"
        return taken

    return asyncio.run(once())


def theirs(sandbox: Sandbox) -> float:
    """Seconds of the plain loop: list the vaults, list each one's keys, get each key."""
    from azure.identity import ClientSecretCredential
    from azure.keyvault.keys import KeyClient
    from azure.mgmt.keyvault import KeyVaultManagementClient

    described = sandbox.described
    ways = {"proxies": {"https": described["proxy"]}, "connection_verify": described["ca_file"]}
    who = described["principals"]["administrator"]
    started = time.perf_counter()
    credential = ClientSecretCredential(described["tenant_id"], who["client_id"], who["secret"], **ways)
    found = 0
    for subscription in described["subscriptions"]:
        for vault in KeyVaultManagementClient(credential, subscription, **ways).vaults.list_by_subscription():
            with KeyClient(str(vault.properties.vault_uri), credential, **ways) as client:
                for properties in client.list_properties_of_keys():
                    key = client.get_key(properties.name)
                    found += bool(key.key_type and key.key_operations and vars(key.key).get("n"))
    assert found == 1000, "the loop is not whole"
    return time.perf_counter() - started


def main() -> None:
    """Print what was measured."""
    with tempfile.TemporaryDirectory(prefix="cmk-admin-bench-") as folder:
        os.environ["CMK_ADMIN_HOME"] = f"{folder}/home"
        sandbox = serve(Path(folder, "azure"), "--latency-ms", LATENCY_MS, scenario=SCENARIO, speed=1)
        try:
            ours(sandbox)  # the libraries are loaded once; the session is cold each time
            mine = [ours(sandbox) for _ in range(ROUNDS)]
            loop = theirs(sandbox)
        finally:
            sandbox.stop()
    seconds = statistics.median(mine)
    note = f"discovery: {seconds:.2f} s (of {', '.join(f'{m:.2f}' for m in mine)}), the loop {loop:.1f} s: 1/{loop / seconds:.1f}"
    print(json.dumps({"discovery": round(seconds / loop, 4), "notes": [note]}))


if __name__ == "__main__":
    main()
