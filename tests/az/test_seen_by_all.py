"""One vault, three clients: what one of them makes, the others see."""

from collections.abc import Callable
from typing import Any

from tests.az.runner import Az
from tests.journeys.clients import Clients
from tests.support import Program


def keys_of(program: Program, vault: str) -> dict[str, Any]:
    """The keys of a vault as the program prints them."""
    done = program.json("estate")
    assert done.status == 0, done.err
    (found,) = (one for one in done.json["vaults"] if one["name"] == vault)
    return {one["name"]: one for one in found["keys"]}


def test_a_key_made_by_az_is_in_the_programs_estate(az: Az, program: Program, vault: str) -> None:
    made = az(
        *("keyvault", "key", "create", "--vault-name", vault, "--name", "for-the-program", "--kty", "RSA-HSM"),
        *("--size", "3072", "--ops", "wrapKey", "unwrapKey"),
    )["key"]
    seen = keys_of(program, vault)["for-the-program"]
    assert (seen["key_type"], seen["key_size"], seen["key_options"]) == ("RSA-HSM", 3072, ["unwrapKey", "wrapKey"])
    assert made["kid"] == f"{seen['key_id']}/{seen['current_version']}"


def test_a_key_made_by_python_is_seen_by_az_and_by_the_program(
    az: Az, program: Program, vault: str, sdk: Callable[..., Clients]
) -> None:
    made = (
        sdk().keys(f"https://{vault}.vault.azure.net").create_rsa_key("by-python", size=2048, hardware_protected=True)
    )
    shown = az("keyvault", "key", "show", "--vault-name", vault, "--name", "by-python")["key"]
    assert (shown["kid"], shown["kty"]) == (made.id, "RSA-HSM")
    assert "by-python" in keys_of(program, vault)
