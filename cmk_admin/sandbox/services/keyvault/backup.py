"""Key backups: opaque blobs that only this Azure can open, for vaults of the same subscription and geography."""

import json
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cmk_admin.sandbox.state import Document, World

from . import attributes, errors, keymaterial, model

_MAGIC = b"KeyVaultBackup1:"
_NONCE = 12
# KVD general/backup.md
_MOST_VERSIONS = 500


def backup(world: World, vault: Document, name: str) -> dict[str, str]:
    """All versions of a key in one blob. Raises AzureError 404, or 403 above 500 versions."""
    key = model.find_key(world, vault, name)
    if len(key["versions"]) > _MOST_VERSIONS:
        raise errors.bad_parameter(f"A key with more than {_MOST_VERSIONS} versions cannot be backed up")
    content = {
        "name": key["name"],
        "versions": key["versions"],
        "rotationPolicy": key.get("rotationPolicy"),
        "subscription": _subscription(vault),
        "location": vault["location"],
    }
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(_secret(world)).encrypt(nonce, json.dumps(content).encode(), _MAGIC)
    return {"value": keymaterial.b64(_MAGIC + nonce + sealed)}


def restore(world: World, vault: Document, value: Any) -> dict[str, Any]:
    """Bring a backup into a vault, versions and all; the newest version as the answer shows it.

    Raises AzureError 400 for a blob that is none or belongs elsewhere, 409 where the name is taken.
    """
    content = _open(world, value)
    if content["subscription"] != _subscription(vault) or content["location"] != vault["location"]:
        raise errors.bad_parameter(
            "The backup belongs to another subscription or geography and cannot be restored into this vault"
        )
    existing = model.any_key(world, vault["name"], content["name"])
    if existing is not None:
        model.refuse_in_between(world, existing)
        if existing.get("deleted"):
            raise errors.deleted_but_recoverable(content["name"])
        raise errors.already_there(content["name"])
    versions = content["versions"]
    hardware = any(version["key"]["kty"].endswith("-HSM") for version in versions)
    if hardware and vault["properties"]["sku"]["name"].lower() != "premium":
        raise errors.hardware_not_allowed()
    key = {
        "vault": vault["name"],
        "name": content["name"],
        "versions": versions,
        "rotationPolicy": content["rotationPolicy"],
        "deleted": None,
    }
    world.put("key", f"{vault['name']}/{content['name']}", key)
    return attributes.bundle(vault, key, versions[-1])


def _open(world: World, value: Any) -> dict[str, Any]:
    try:
        blob = keymaterial.unb64(value)
        if not blob.startswith(_MAGIC):
            raise ValueError("not a backup")
        nonce, sealed = blob[len(_MAGIC) : len(_MAGIC) + _NONCE], blob[len(_MAGIC) + _NONCE :]
        content: dict[str, Any] = json.loads(AESGCM(_secret(world)).decrypt(nonce, sealed, _MAGIC))
    except (ValueError, InvalidTag) as error:
        raise errors.bad_parameter("Backup blob is corrupted or is not a key backup") from error
    return content


def _secret(world: World) -> bytes:
    document = world.get("meta", "key_backup")
    if document is None:
        document = {"secret": keymaterial.b64(AESGCM.generate_key(256))}
        world.put("meta", "key_backup", document)
    return keymaterial.unb64(document["secret"])


def _subscription(vault: Document) -> str:
    return str(vault["id"]).split("/")[2].lower()
