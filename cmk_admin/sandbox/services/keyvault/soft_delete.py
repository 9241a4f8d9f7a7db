"""Deleted keys: kept for the vault's retention, recovered or purged."""

from typing import Any

from cmk_admin.sandbox.state import Document, World

from . import attributes, errors, model

# How long a deletion or a recovery is under way: "a few seconds" (KVD general/key-vault-recovery.md). Azure seconds.
UNDER_WAY = 2.0
_DAY = 86400


def delete(world: World, vault: Document, name: str) -> dict[str, Any]:
    """Delete a key with all its versions; what the answer says. Raises AzureError 404, 409."""
    key = model.any_key(world, vault["name"], name)
    if key is not None and not key.get("deleted"):
        model.refuse_in_between(world, key)
    key = model.find_key(world, vault, name)
    if key.get("managed"):
        raise errors.managed_by_certificate("delete")
    now = int(world.clock.now().timestamp())
    gone = {
        **key,
        "deleted": {
            "deletedDate": now,
            "scheduledPurgeDate": now + attributes.retention_days(vault) * _DAY,
            "doneAt": world.clock.azure() + UNDER_WAY,
        },
    }
    world.put("key", f"{key['vault']}/{key['name']}", gone)
    return deleted_bundle(vault, gone)


def deleted_bundle(vault: Document, key: Document) -> dict[str, Any]:
    """A deleted key as its own path answers it."""
    return {**attributes.deleted_facts(vault, key), **attributes.bundle(vault, key, key["versions"][-1])}


def deleted_item(vault: Document, key: Document) -> dict[str, Any]:
    """A deleted key as an entry of a list."""
    return {**attributes.deleted_facts(vault, key), **attributes.item(vault, key, key["versions"][-1], versioned=False)}


def find(world: World, vault: Document, name: str) -> Document:
    """The deleted key of that name, once its deletion is done. Raises AzureError 404."""
    key = model.any_key(world, vault["name"], name)
    if key is None or not is_deleted(world, key):
        raise errors.deleted_key_not_found(name)
    return key


def is_deleted(world: World, key: Document) -> bool:
    """Whether a key is deleted and the deletion done."""
    return bool(key.get("deleted")) and world.clock.azure() >= key["deleted"].get("doneAt", 0.0)


def recover(world: World, vault: Document, name: str) -> dict[str, Any]:
    """Take a key out of the deleted ones, usable a little later. Raises AzureError 404, 409."""
    key = _settled(world, vault, name)
    back = {**key, "deleted": None, "usableFrom": world.clock.azure() + UNDER_WAY}
    world.put("key", f"{key['vault']}/{key['name']}", back)
    return attributes.bundle(vault, back, back["versions"][-1])


def purge(world: World, vault: Document, name: str) -> None:
    """Destroy a deleted key. Raises AzureError 403 under purge protection, 404, 409."""
    key = _settled(world, vault, name)
    if vault["properties"].get("enablePurgeProtection"):
        raise errors.purge_protected(vault)
    world.delete("key", f"{key['vault']}/{key['name']}")


def _settled(world: World, vault: Document, name: str) -> Document:
    key = model.any_key(world, vault["name"], name)
    if key is not None and key.get("deleted"):
        model.refuse_in_between(world, key)
    return find(world, vault, name)
