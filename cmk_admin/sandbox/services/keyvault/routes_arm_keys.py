"""Keys through the resource manager: read past the vault's firewall, and created where there is none."""

import asyncio
from typing import Any

from cmk_admin.sandbox.state import Document
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

from . import attributes, keymaterial, keys, model, vaults
from .routes_vaults import VAULT, VERSIONS, vault_id

_KEY = VAULT + "/keys/{key}"
_READ = "Microsoft.KeyVault/vaults/keys/read"


def register(routes: Routes) -> None:
    """Put the paths into the table. The network rules and the data plane's roles do not apply here; actions do."""

    @routes.arm("GET", VAULT + "/keys", action=_READ, versions=VERSIONS)
    async def list_keys(call: Call) -> Answer:
        vault = vaults.find(call.world, vault_id(call))
        found = (model.any_key(call.world, vault["name"], name) for name in model.key_names(call.world, vault["name"]))
        return Answer(
            {"value": [_listed(vault, key) for key in found if key and not key.get("deleted")], "nextLink": None}
        )

    @routes.arm("GET", _KEY, action=_READ, versions=VERSIONS)
    async def get(call: Call) -> Answer:
        vault, key = _find(call)
        return Answer(_envelope(vault, key, key["versions"][-1]))

    @routes.arm("PUT", _KEY, action="Microsoft.KeyVault/vaults/keys/write", versions=VERSIONS)
    async def put(call: Call) -> Answer:
        vault, name = vaults.find(call.world, vault_id(call)), call.params["key"]
        key = model.any_key(call.world, vault["name"], name)
        if key is not None and not key.get("deleted"):
            # "Creates the first version of a new key if it does not exist. If it already exists, then the existing key is
            # returned without any write operations being performed" (azure-mgmt-keyvault, KeysOperations.create_if_not_exist).
            return Answer(_envelope(vault, key, key["versions"][-1]))
        wanted = _as_data_plane(call.json())
        kty, size, crv = keys.wanted_key(vault, wanted)
        keys.check_new(call.world, vault, name, wanted)
        pem = await asyncio.to_thread(keymaterial.generate, kty, size=size, crv=crv)
        made = model.new_version(
            call.world,
            vault["name"],
            name,
            pem,
            kty,
            key_ops=wanted.get("key_ops"),
            wanted=wanted.get("attributes"),
            tags=wanted.get("tags"),
        )
        return Answer(_envelope(vault, model.find_key(call.world, vault, name), made))

    @routes.arm("GET", _KEY + "/versions", action="Microsoft.KeyVault/vaults/keys/versions/read", versions=VERSIONS)
    async def list_versions(call: Call) -> Answer:
        vault, key = _find(call)
        listed = sorted(key["versions"], key=lambda version: str(version["version"]))
        return Answer({"value": [_envelope(vault, key, one, versioned=True) for one in listed], "nextLink": None})

    @routes.arm(
        "GET", _KEY + "/versions/{version}", action="Microsoft.KeyVault/vaults/keys/versions/read", versions=VERSIONS
    )
    async def get_version(call: Call) -> Answer:
        vault, key = _find(call)
        return Answer(_envelope(vault, key, model.find_version(key, call.params["version"]), versioned=True))


def _find(call: Call) -> tuple[Document, Document]:
    vault = vaults.find(call.world, vault_id(call))
    return vault, model.find_key(call.world, vault, call.params["key"])


def _as_data_plane(body: dict[str, Any]) -> dict[str, Any]:
    wanted = body.get("properties")
    if not isinstance(wanted, dict):
        raise AzureError(400, "InvalidRequestContent", "The request content has no properties.")
    return {
        "kty": wanted.get("kty"),
        "key_size": wanted.get("keySize"),
        "crv": wanted.get("curveName"),
        "key_ops": wanted.get("keyOps"),
        "attributes": wanted.get("attributes"),
        "tags": body.get("tags"),
    }


def _listed(vault: Document, key: Document) -> dict[str, Any]:
    """A key in a list: its state, but neither type nor version, as in the data plane's lists.

    What Azure itself leaves out here is not documented; a client that copes with less copes with more.
    """
    full = _envelope(vault, key, key["versions"][-1])
    kept = ("attributes", "keyUri")
    return {**full, "properties": {name: full["properties"][name] for name in kept}}


def _envelope(vault: Document, key: Document, version: Document, *, versioned: bool = False) -> dict[str, Any]:
    uri = attributes.kid(vault, key["name"], version["version"])
    facts = version["key"]
    shown = ("enabled", "nbf", "exp", "created", "updated", "exportable")
    properties: dict[str, Any] = {
        "attributes": {
            **{name: version["attributes"][name] for name in shown if version["attributes"].get(name) is not None},
            "recoveryLevel": attributes.recovery_level(vault),
        },
        "kty": facts["kty"],
        "keyOps": facts["key_ops"],
        "keyUri": uri.rsplit("/", 1)[0],
        "keyUriWithVersion": uri,
    }
    if "crv" in facts:
        properties["curveName"] = facts["crv"]
    else:
        properties["keySize"] = keymaterial.load(version["pem"]).key_size
    base = f"{vault['id']}/keys/{key['name']}"
    return {
        "id": f"{base}/versions/{version['version']}" if versioned else base,
        "name": version["version"] if versioned else key["name"],
        "type": "Microsoft.KeyVault/vaults/keys/versions" if versioned else "Microsoft.KeyVault/vaults/keys",
        "location": vault["location"],
        "tags": version.get("tags") or {},
        "properties": properties,
    }
