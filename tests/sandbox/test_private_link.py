"""Private endpoints of a vault: what comes by an approved one passes its firewall."""

from collections.abc import Iterator
from typing import Any

import pytest

from cmk_admin.sandbox.clock import Clock
from cmk_admin.sandbox.services.identity.model import make_principal
from cmk_admin.sandbox.services.keyvault import model, private_link, vaults
from cmk_admin.sandbox.state import World
from cmk_admin.sandbox.wire import AzureError, Caller

from . import estate

WITHIN, OUTSIDE = "10.1.0.4", "10.2.0.4"


@pytest.fixture
def world() -> Iterator[World]:
    world = World(Clock(speed=0))
    estate.lay(world)
    world.forget_past()
    yield world
    world.close()


def refusal(world: World, address: str) -> str | None:
    """Why somebody without any right may not unwrap from there: of the network, or of the roles that are looked at next."""
    made = make_principal(world, "someone", kind="User")
    caller = Caller(made["objectId"], made["clientId"], "someone", "User", address, trusted=False)
    with pytest.raises(AzureError) as caught:
        model.crypto(world, caller, "unwrapKey", "https://safe.vault.azure.net/keys/k", "RSA-OAEP", b"\x07" * 32)
    return caught.value.inner


@pytest.mark.parametrize(
    ("status", "address", "inner"),
    [
        ("Approved", WITHIN, "ForbiddenByRbac"),
        ("Approved", OUTSIDE, "ForbiddenByConnection"),
        ("Pending", WITHIN, "ForbiddenByConnection"),
        ("Rejected", WITHIN, "ForbiddenByConnection"),
        ("Disconnected", WITHIN, "ForbiddenByConnection"),
    ],
)
def test_what_comes_by_an_approved_private_endpoint_passes(world: World, status: str, address: str, inner: str) -> None:
    shut: dict[str, Any] = {"bypass": "None", "defaultAction": "Deny"}
    model.make_vault(
        world, subscription=estate.ONE, group="keys", name="safe", public_network_access="Disabled", network_acls=shut
    )
    model.make_key(world, "safe", "k")
    private_link.connect(world, "safe", "pe", network="10.1.0.0/16", status=status)
    assert refusal(world, address) == inner


def test_a_change_of_the_vault_keeps_its_connections(world: World) -> None:
    made = model.make_vault(world, subscription=estate.ONE, group="keys", name="safe")
    private_link.connect(world, "safe", "pe", network=None, status="Approved")
    someone = make_principal(world, "someone", kind="User")
    caller = Caller(someone["objectId"], someone["clientId"], "someone", "User", OUTSIDE, trusted=False)
    vaults.patch(world, caller, made["id"], {"properties": {"networkAcls": {"defaultAction": "Deny"}}})
    (kept,) = private_link.connections(vaults.find(world, made["id"]))
    assert kept["id"] == f"{made['id']}/privateEndpointConnections/pe"
    assert kept["properties"]["privateLinkServiceConnectionState"]["status"] == "Approved"
