"""What a vault holds besides keys: secrets and certificates, listed without their values.

Kinds ``secret`` and ``certificate``, id = ``VAULT/NAME``: what a list shows. A certificate has a key and a secret of its
own name, both ``managed`` (KVD certificates/about-certificates.md): they go with the certificate, not by themselves.
"""

from typing import Any

from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import Answer, Call, Routes

from . import attributes, authorise, keys, model


def register(routes: Routes) -> None:
    """Put the two lists into the table."""

    @routes.vault("GET", "/secrets")
    async def list_secrets(call: Call) -> Answer:
        return Answer(_page(call, "secrets", "secret"))

    @routes.vault("GET", "/certificates")
    async def list_certificates(call: Call) -> Answer:
        return Answer(_page(call, "certificates", "certificate"))


def make_secret(world: World, vault: str, name: str, *, managed: bool = False, content_type: str = "") -> None:
    """Put a secret into a vault."""
    _put(world, vault, "secret", name, {"managed": True} if managed else {}, content_type)


def make_certificate(world: World, vault: str, name: str, *, pem: str, thumbprint: str) -> None:
    """Put a certificate into a vault, with its key and its secret; pem is the private key."""
    model.make_key(world, vault, name, pem=pem)
    key = model.any_key(world, vault, name)
    assert key is not None
    world.put("key", f"{key['vault']}/{key['name']}", {**key, "managed": True})
    make_secret(world, vault, name, managed=True, content_type="application/x-pkcs12")
    _put(world, vault, "certificate", name, {"x5t": thumbprint}, "")


def _put(  # noqa: PLR0917
    world: World, vault: str, kind: str, name: str, more: Document, content_type: str
) -> None:
    now = int(world.clock.now().timestamp())
    facts: Document = {"vault": vault, "name": name, "attributes": {"enabled": True, "created": now, "updated": now}}
    if content_type:
        facts["contentType"] = content_type
    world.put(kind, f"{vault}/{name}", {**facts, "more": more})


def _page(call: Call, collection: str, kind: str) -> dict[str, Any]:
    vault = model.vault_of_host(call.world, call.host)
    authorise.authorise_listing(call.world, call.who, vault, collection)
    prefix = f"{vault['name']}/".lower()
    held = {one["name"]: one for key, one in call.world.items(kind) if key.startswith(prefix)}

    def shown(name: str) -> dict[str, Any]:
        one = held[name]
        item: dict[str, Any] = {
            "id": f"https://{attributes.host_of(vault)}/{collection}/{name}",
            "attributes": {**one["attributes"], "recoveryLevel": attributes.recovery_level(vault)},
            **one["more"],
        }
        if "contentType" in one:
            item["contentType"] = one["contentType"]
        return item

    return keys.page(call, vault, sorted(held, key=str.lower), shown)
