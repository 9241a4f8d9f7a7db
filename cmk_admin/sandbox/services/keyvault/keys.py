"""Creating, importing, changing and listing keys as requests ask for it."""

import base64
import binascii
import json
from typing import Any

from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import Call

from . import attributes, errors, keymaterial, model, soft_delete

# KVD general/service-limits.md: the default and the most of one page.
PAGE = 25


def wanted_key(vault: Document, body: dict[str, Any]) -> tuple[str, int | None, str | None]:
    """(type, size in bits, curve) of a key to create. Raises AzureError 400 for what this vault does not offer."""
    kty = str(body.get("kty"))
    if kty not in attributes.KEY_TYPES:
        raise errors.bad_parameter(f"Invalid kty value: {body.get('kty')}", inner="KeyTypeNotSupported")
    _check_hardware(vault, kty)
    size, crv = body.get("key_size"), body.get("crv")
    if kty.startswith("RSA"):
        if size is not None and size not in keymaterial.RSA_SIZES:
            raise errors.bad_parameter(f"Invalid key_size: {size}", inner="KeySizeNotSupported")
        return kty, size, None
    if crv is not None and (not isinstance(crv, str) or crv not in keymaterial.CURVES):
        raise errors.bad_parameter(f"Invalid crv value: {crv}", inner="CurveNotSupported")
    return kty, None, crv


def check_new(world: World, vault: Document, name: str, body: dict[str, Any]) -> None:
    """Raise what `model.new_version` would raise, before a private key is drawn for nothing."""
    attributes.check_name(name)
    attributes.key_operations(str(body["kty"]), body.get("key_ops"))
    attributes.changed_attributes({}, body.get("attributes"))
    attributes.tags(body.get("tags"))
    if (body.get("attributes") or {}).get("exportable"):
        raise errors.bad_parameter(
            "Exportable keys must have release policy, and secure key release is not offered here"
        )
    key = model.any_key(world, vault["name"], name)
    if key is not None:
        model.refuse_in_between(world, key)
        if key.get("deleted"):
            raise errors.deleted_but_recoverable(name)


def import_key(world: World, vault: Document, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Take in a private key in the clear; the answer. Raises AzureError 400, 409."""
    jwk = body.get("key")
    if not isinstance(jwk, dict):
        raise errors.bad_parameter("Property key is missing or has invalid value")
    kty = str(jwk.get("kty"))
    if kty not in attributes.KEY_TYPES:
        raise errors.bad_parameter(f"Invalid kty value: {jwk.get('kty')}", inner="KeyTypeNotSupported")
    if body.get("Hsm", body.get("hsm")):
        kty = kty.removesuffix("-HSM") + "-HSM"
    _check_hardware(vault, kty)
    try:
        pem = keymaterial.private_pem(jwk)
    except ValueError as error:
        raise errors.bad_parameter(f"The key material is not valid: {error}") from error
    made = model.new_version(
        world,
        vault["name"],
        name,
        pem,
        kty,
        key_ops=jwk.get("key_ops"),
        wanted=body.get("attributes"),
        tags=body.get("tags"),
    )
    return attributes.bundle(vault, model.find_key(world, vault, name), made)


def update(world: World, vault: Document, name: str, version: str | None, body: dict[str, Any]) -> dict[str, Any]:
    """Change a version's attributes, operations and tags, the newest version's where none is named; the answer."""
    key = model.find_key(world, vault, name)
    before = model.find_version(key, version)
    after = {
        **before,
        "attributes": {
            **attributes.changed_attributes(before["attributes"], body.get("attributes")),
            "updated": int(world.clock.now().timestamp()),
        },
    }
    if body.get("tags") is not None:
        after["tags"] = attributes.tags(body["tags"])
    if body.get("key_ops") is not None:
        operations = attributes.key_operations(before["key"]["kty"], body["key_ops"])
        after["key"] = {**before["key"], "key_ops": operations}
    versions = [after if one is before else one for one in key["versions"]]
    changed = {**key, "versions": versions}
    world.put("key", f"{key['vault']}/{key['name']}", changed)
    return attributes.bundle(vault, changed, after)


def page_of_keys(call: Call, vault: Document) -> dict[str, Any]:
    """One page of keys, without their material."""

    def shown(name: str) -> dict[str, Any] | None:
        key = model.any_key(call.world, vault["name"], name)
        if key is None or key.get("deleted") or call.world.clock.azure() < key.get("usableFrom", 0.0):
            return None
        return attributes.item(vault, key, key["versions"][-1], versioned=False)

    return page(call, vault, model.key_names(call.world, vault["name"]), shown)


def page_of_deleted(call: Call, vault: Document) -> dict[str, Any]:
    """One page of deleted keys."""

    def shown(name: str) -> dict[str, Any] | None:
        key = model.any_key(call.world, vault["name"], name)
        return soft_delete.deleted_item(vault, key) if key and soft_delete.is_deleted(call.world, key) else None

    return page(call, vault, model.key_names(call.world, vault["name"]), shown)


def page_of_versions(call: Call, vault: Document, name: str) -> dict[str, Any]:
    """One page of a key's versions: in the order of their ids, which says nothing about their age, as in Azure."""
    key = model.find_key(call.world, vault, name)
    versions = {one["version"]: one for one in key["versions"]}
    return page(
        call, vault, sorted(versions), lambda version: attributes.item(vault, key, versions[version], versioned=True)
    )


def page(call: Call, vault: Document, marks: list[str], shown: Any) -> dict[str, Any]:
    """A page of what is shown for marks, after the one that the call's token names; a mark that shows None is left out."""
    size, after = _size(call.query), _after(call.query)
    start = (
        0 if after is None else next((n for n, mark in enumerate(marks) if mark.lower() > after.lower()), len(marks))
    )
    value: list[dict[str, Any]] = []
    for n in range(start, len(marks)):
        if len(value) == size:
            token = base64.urlsafe_b64encode(json.dumps({"NextMarker": marks[n - 1]}).encode()).decode().rstrip("=")
            # The port stands there in Azure's answers too; a client that compares hosts must cope with it.
            link = (
                f"https://{attributes.host_of(vault)}:443{call.path}"
                f"?api-version={call.query.get('api-version', '')}&$skiptoken={token}&maxresults={size}"
            )
            return {"value": value, "nextLink": link}
        one = shown(marks[n])
        if one is not None:
            value.append(one)
    return {"value": value, "nextLink": None}


def _size(query: dict[str, str]) -> int:
    text = query.get("maxresults", str(PAGE))
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= PAGE:
        raise errors.bad_parameter(f"Invalid maxresults: {text}. It must be between 1 and {PAGE}.")
    return int(text)


def _after(query: dict[str, str]) -> str | None:
    token = query.get("$skiptoken")
    if token is None:
        return None
    try:
        return str(json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))["NextMarker"])
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise errors.bad_parameter("Invalid $skiptoken") from error


def _check_hardware(vault: Document, kty: str) -> None:
    if kty.endswith("-HSM") and vault["properties"]["sku"]["name"].lower() != "premium":
        raise errors.hardware_not_allowed()
