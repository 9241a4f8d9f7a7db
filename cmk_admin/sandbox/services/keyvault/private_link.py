"""Private endpoints of a vault: by an approved one, calls from its network pass whatever the firewall says.

KVD general/network-security.md and general/private-link-service.md. The connection stands in the vault's own properties, as
Azure shows it. Kind ``privateLink``, id = ``VAULT/CONNECTION``: {network}, the addresses from which callers come by it.
"""

from ipaddress import ip_address, ip_network
from typing import Any

from cmk_admin.sandbox import hosts
from cmk_admin.sandbox.state import Document, World

_STATES = ("Approved", "Pending", "Rejected", "Disconnected")
_ENDPOINT = "Microsoft.Network/privateEndpoints"


def connect(
    world: World, vault_name: str, name: str, *, network: str | None, status: str, endpoint: str = ""
) -> Document:
    """Give a vault a connection, or change the one of that name; as Azure shows it.

    `network`: from where callers come by it, as CIDR; None: from nowhere. Raises ValueError for what makes no sense.
    """
    vault = hosts.vault_at(world, f"{vault_name}{hosts.VAULT_SUFFIX}")
    if vault is None:
        raise ValueError(f"there is no vault {vault_name!r}")
    if status not in _STATES:
        raise ValueError(f"a connection is one of {', '.join(_STATES)}")
    if network is not None:
        world.put("privateLink", f"{vault['name']}/{name}", {"network": str(ip_network(network))})
    group = str(vault["id"]).split("/providers/", 1)[0]
    made = {
        "id": f"{vault['id']}/privateEndpointConnections/{name}",
        "etag": "",
        "properties": {
            "provisioningState": "Succeeded",
            "privateEndpoint": {"id": endpoint or f"{group}/providers/{_ENDPOINT}/{name}"},
            "privateLinkServiceConnectionState": {"status": status, "actionsRequired": "None"},
        },
    }
    others = [one for one in connections(vault) if _name(one).lower() != name.lower()]
    properties = {**vault["properties"], "privateEndpointConnections": [*others, made]}
    world.put("resource", vault["id"], {**vault, "properties": properties})
    return made


def connections(vault: Document) -> list[dict[str, Any]]:
    """Those of a vault."""
    return list(vault["properties"].get("privateEndpointConnections") or ())


def lets_in(world: World, vault: Document, address: str) -> bool:
    """Whether a call from an address comes by an approved private endpoint of the vault."""
    for one in connections(vault):
        link = world.get("privateLink", f"{vault['name']}/{_name(one)}")
        approved = one["properties"]["privateLinkServiceConnectionState"]["status"] == "Approved"
        if link is not None and approved and _is_in(address, str(link["network"])):
            return True
    return False


def _is_in(address: str, network: str) -> bool:
    try:
        return ip_address(address) in ip_network(network)
    except ValueError:
        return False


def _name(connection: dict[str, Any]) -> str:
    return str(connection["id"]).rsplit("/", 1)[-1]
