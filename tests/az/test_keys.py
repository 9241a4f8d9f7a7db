"""Keys in the hands of az, and the same keys in those of Microsoft's Python client."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import EncryptionAlgorithm, SignatureAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.az.conftest import GROUP
from tests.az.runner import Az
from tests.journeys.clients import Clients

Sdk = Callable[..., Clients]
DIGEST = hashlib.sha256(b"what is signed").digest()


@pytest.fixture
def keys(sdk: Sdk, vault: str) -> KeyClient:
    """The Python client of the vault."""
    return sdk().keys(f"https://{vault}.vault.azure.net")


def text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def modulus(keys: KeyClient, name: str) -> bytes:
    """The modulus of an RSA key as the vault answers it."""
    numbers: Any = keys.get_key(name).key
    return bytes(numbers.n)


def kid_of(shown: Any) -> str:
    return str(shown["key"]["kid"])


def test_az_makes_an_hsm_key_with_the_operations_asked_for(az: Az, vault: str, keys: KeyClient) -> None:
    named = ("--vault-name", vault, "--name", "hsm")
    made = az(
        "keyvault", "key", "create", *named, "--kty", "RSA-HSM", "--size", "3072", "--ops", "wrapKey", "unwrapKey"
    )
    key = keys.get_key("hsm")
    assert (key.id, key.key_type) == (kid_of(made), "RSA-HSM")
    assert sorted(key.key_operations) == ["unwrapKey", "wrapKey"]
    assert len(modulus(keys, "hsm")) * 8 == 3072
    assert az("keyvault", "key", "show", *named)["key"]["kid"] == key.id
    assert "hsm" in [one["name"] for one in az("keyvault", "key", "list", "--vault-name", vault)]


def test_az_changes_attributes_and_lists_versions(az: Az, vault: str, keys: KeyClient) -> None:
    named = ("--vault-name", vault, "--name", "versions")
    first = kid_of(az("keyvault", "key", "create", *named, "--kty", "RSA"))
    second = kid_of(az("keyvault", "key", "create", *named, "--kty", "RSA"))
    listed = az("keyvault", "key", "list-versions", *named)
    assert {one["kid"] for one in listed} == {first, second}
    version = first.rsplit("/", 1)[-1]
    options = ("--version", version, "--enabled", "false", "--expires", "2031-01-01T00:00:00Z", "--tags", "owner=az")
    az("keyvault", "key", "set-attributes", *named, *options)
    facts = keys.get_key("versions", version).properties
    assert (facts.enabled, facts.tags) == (False, {"owner": "az"})
    assert facts.expires_on is not None
    assert facts.expires_on.year == 2031
    assert keys.get_key("versions").properties.enabled is True


def test_az_rotates_a_key_and_sets_its_policy(az: Az, vault: str, keys: KeyClient, tmp_path: Path) -> None:
    named = ("--vault-name", vault, "--name", "rotated")
    before = kid_of(az("keyvault", "key", "create", *named, "--kty", "RSA-HSM"))
    after = kid_of(az("keyvault", "key", "rotate", *named))
    assert keys.get_key("rotated").id == after != before
    policy = tmp_path / "policy.json"
    actions = [{"trigger": {"timeAfterCreate": "P18M"}, "action": {"type": "Rotate"}}]
    policy.write_text(json.dumps({"lifetimeActions": actions, "attributes": {"expiryTime": "P2Y"}}))
    az("keyvault", "key", "rotation-policy", "update", *named, "--value", str(policy))
    held = keys.get_key_rotation_policy("rotated")
    assert (held.expires_in, [one.time_after_create for one in held.lifetime_actions]) == ("P2Y", ["P18M"])
    shown = az("keyvault", "key", "rotation-policy", "show", *named)
    assert (shown["expiresIn"], shown["lifetimeActions"][0]["timeAfterCreate"]) == ("P2Y", "P18M")


def test_az_brings_a_purged_key_back_from_its_backup(az: Az, vault: str, keys: KeyClient, tmp_path: Path) -> None:
    named = ("--vault-name", vault, "--name", "backed-up")
    made = kid_of(az("keyvault", "key", "create", *named, "--kty", "RSA"))
    file = tmp_path / "backup"
    az("keyvault", "key", "backup", *named, "--file", str(file))
    az("keyvault", "key", "delete", *named)
    az("keyvault", "key", "purge", *named)
    with pytest.raises(ResourceNotFoundError):
        keys.get_deleted_key("backed-up")
    az("keyvault", "key", "restore", "--vault-name", vault, "--file", str(file))
    assert keys.get_key("backed-up").id == made


def test_az_and_python_read_what_the_other_encrypted(az: Az, vault: str, sdk: Sdk) -> None:
    named = ("--vault-name", vault, "--name", "encrypting")
    made = kid_of(az("keyvault", "key", "create", *named, "--kty", "RSA"))
    other, oaep = sdk().crypto(made), ("--algorithm", "RSA-OAEP-256", "--data-type", "base64")
    encrypted = az("keyvault", "key", "encrypt", *named, *oaep, "--value", text(b"by az"))["result"]
    assert other.decrypt(EncryptionAlgorithm.rsa_oaep_256, base64.b64decode(encrypted)).plaintext == b"by az"
    theirs = other.encrypt(EncryptionAlgorithm.rsa_oaep_256, b"by python").ciphertext
    assert az("keyvault", "key", "decrypt", *named, *oaep, "--value", text(theirs))["result"] == text(b"by python")


def test_az_and_python_verify_what_the_other_signed(az: Az, vault: str, sdk: Sdk) -> None:
    named = ("--vault-name", vault, "--name", "signing")
    made = kid_of(az("keyvault", "key", "create", *named, "--kty", "EC-HSM", "--curve", "P-256"))
    other, digest = sdk().crypto(made), ("--algorithm", "ES256", "--digest", text(DIGEST))
    signature = az("keyvault", "key", "sign", *named, *digest)["signature"]
    assert other.verify(SignatureAlgorithm.es256, DIGEST, base64.b64decode(signature)).is_valid
    theirs = text(other.sign(SignatureAlgorithm.es256, DIGEST).signature)
    assert az("keyvault", "key", "verify", *named, *digest, "--signature", theirs)["isValid"] is True
    broken = text(bytes([base64.b64decode(theirs)[0] ^ 1]) + base64.b64decode(theirs)[1:])
    assert az("keyvault", "key", "verify", *named, *digest, "--signature", broken)["isValid"] is False


def test_az_deletes_a_key_and_recovers_it(az: Az, vault: str, keys: KeyClient) -> None:
    named = ("--vault-name", vault, "--name", "recovered")
    made = kid_of(az("keyvault", "key", "create", *named, "--kty", "RSA"))
    az("keyvault", "key", "delete", *named)
    assert keys.get_deleted_key("recovered").id == made
    assert "recovered" in [one["name"] for one in az("keyvault", "key", "list-deleted", "--vault-name", vault)]
    assert kid_of(az("keyvault", "key", "show-deleted", *named)) == made
    assert "recovered" in az.refused("keyvault", "key", "show", *named)
    az("keyvault", "key", "recover", *named)
    assert keys.get_key("recovered").id == made


def test_az_downloads_the_public_half(az: Az, vault: str, keys: KeyClient, tmp_path: Path) -> None:
    named = ("--vault-name", vault, "--name", "public")
    az("keyvault", "key", "create", *named, "--kty", "RSA-HSM")
    file = tmp_path / "public.pem"
    az("keyvault", "key", "download", *named, "--file", str(file))
    public = load_pem_public_key(file.read_bytes())
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.public_numbers().n == int.from_bytes(modulus(keys, "public"), "big")


def test_az_is_told_why_an_hsm_key_has_no_place_in_a_standard_vault(az: Az, sdk: Sdk) -> None:
    standard = "az-tests-standard"
    az(
        *("keyvault", "create", "--name", standard, "--resource-group", GROUP, "--location", "westeurope"),
        *("--enable-rbac-authorization", "false"),
    )
    words = az.refused("keyvault", "key", "create", "--vault-name", standard, "--name", "hsm", "--kty", "RSA-HSM")
    assert "Hardware key operation not allowed" in words
    assert list(sdk().keys(f"https://{standard}.vault.azure.net").list_properties_of_keys()) == []
