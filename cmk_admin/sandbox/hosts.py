"""Which hosts the sandbox stands in for, and which plane of Azure each one speaks."""

from weakref import WeakKeyDictionary

from .state import Document, World

ARM = "management.azure.com"
GRAPH = "graph.microsoft.com"
LOGIN = ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net")
VAULT_SUFFIX = ".vault.azure.net"

_PLANES = {ARM: "arm", GRAPH: "graph", **dict.fromkeys(LOGIN, "login")}
# By the reading of World.changed that they were found at.
_vaults: WeakKeyDictionary[World, tuple[int, dict[str, Document]]] = WeakKeyDictionary()


def plane_of(host: str) -> str | None:
    """``arm``, ``graph``, ``login`` or ``vault`` for a lower-case host without port; None for a host that is not ours."""
    plane = _PLANES.get(host)
    if plane is None and host.endswith(VAULT_SUFFIX) and "." not in host[: -len(VAULT_SUFFIX)]:
        return "vault"
    return plane


def vault_at(world: World, host: str) -> Document | None:
    """The vault whose name a vault host carries, or None: such a host has no address in Azure's DNS either."""
    now = world.changed("resource")
    known = _vaults.get(world)
    if known is None or known[0] != now:
        found = {
            resource["name"].lower(): resource
            for _, resource in world.items("resource")
            if resource["type"].lower() == "microsoft.keyvault/vaults"
        }
        known = _vaults[world] = (now, found)
    return known[1].get(host[: -len(VAULT_SUFFIX)].lower())


def resolves(world: World, host: str) -> bool:
    """Whether Azure's DNS would know the host: all of ours do, but a vault's only while the vault is there."""
    plane = plane_of(host)
    return plane is not None and (plane != "vault" or vault_at(world, host) is not None)
