"""A vault that has failed over to another region: it answers from there, and only reads.

Kind ``failover``, id = the vault's name: {region}. Documented (KVD general/disaster-recovery-guidance.md): lists, reads, the
use of keys and backups go on; nothing in the vault, none of its properties, access policies and firewall rules can be
changed. How Azure spells the refusal is not.
"""

from cmk_admin.sandbox import hosts
from cmk_admin.sandbox.state import World
from cmk_admin.sandbox.wire import AzureError, Call

HEADER = "x-ms-keyvault-region"
_GO_ON = ("encrypt", "decrypt", "wrapkey", "unwrapkey", "sign", "verify", "backup")


def set_region(world: World, vault: str, region: str | None) -> None:
    """Let a vault answer from a region; None: from its own. Raises ValueError where there is no such vault."""
    if hosts.vault_at(world, f"{vault}{hosts.VAULT_SUFFIX}") is None:
        raise ValueError(f"there is no vault {vault!r}")
    if region is None:
        world.delete("failover", vault)
    else:
        world.put("failover", vault, {"region": region})


def region_of(world: World, host: str) -> str | None:
    """The region from which the vault of a host answers; None where there is no such vault."""
    vault = hosts.vault_at(world, host)
    if vault is None:
        return None
    over = world.get("failover", vault["name"])
    return str(over["region"] if over else vault["location"]).replace(" ", "").lower()


def refuse_data(world: World, call: Call) -> None:
    """Raise AzureError 403 where a call of the data plane would change something in a vault that only reads."""
    vault = hosts.vault_at(world, call.host)
    reads = call.method in ("GET", "HEAD") or (call.method == "POST" and call.path.rsplit("/", 1)[-1].lower() in _GO_ON)
    if vault is not None and not reads:
        _refuse(world, vault["name"])


def refuse_arm(world: World, call: Call) -> None:
    """Raise AzureError 403 where a call of the resource manager would change a vault that only reads, or what is in it."""
    parts = call.path.lower().split("/")
    if call.method in ("GET", "HEAD") or parts[5:8] != ["providers", "microsoft.keyvault", "vaults"] or len(parts) < 9:
        return
    # What hangs on a vault by another provider goes on: assignments of roles, locks.
    if "providers" not in parts[9:]:
        _refuse(world, parts[8])


def _refuse(world: World, name: str) -> None:
    if world.get("failover", name) is not None:
        raise AzureError(
            403,
            "Forbidden",
            f"The vault '{name}' has failed over and is in read-only mode. This operation is not supported until it has "
            "failed back.",
            inner="VaultInReadOnlyMode",
        )
