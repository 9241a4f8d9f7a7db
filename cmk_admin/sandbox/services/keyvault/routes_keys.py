"""The data plane's paths of keys: create, read, change, delete, back up, rotate."""

import asyncio

from cmk_admin.sandbox.state import Document
from cmk_admin.sandbox.wire import Answer, Call, Routes

from . import attributes, backup, keymaterial, keys, model, rotation, soft_delete


def enter(call: Call, permission: str, key_name: str | None = None) -> Document:
    """The vault that a call speaks to, once its caller may do this there. Raises AzureError 403, 404."""
    vault = model.vault_of_host(call.world, call.host)
    model.authorise(call.world, call.who, vault, permission, key_name)
    return vault


def register(routes: Routes) -> None:
    """Put the paths into the table; the fixed words come before those that take any."""
    _register_lists(routes)
    _register_changes(routes)
    _register_rotation(routes)
    _register_deleted(routes)

    @routes.vault("GET", "/keys/{name}")
    @routes.vault("GET", "/keys/{name}/{version}")
    async def get(call: Call) -> Answer:
        vault = enter(call, "get", call.params["name"])
        key = model.find_key(call.world, vault, call.params["name"])
        return Answer(attributes.bundle(vault, key, model.find_version(key, call.params.get("version"))))


def _register_lists(routes: Routes) -> None:
    @routes.vault("GET", "/keys")
    async def list_keys(call: Call) -> Answer:
        return Answer(keys.page_of_keys(call, enter(call, "list")))

    @routes.vault("GET", "/keys/{name}/versions")
    async def list_versions(call: Call) -> Answer:
        return Answer(keys.page_of_versions(call, enter(call, "list", call.params["name"]), call.params["name"]))

    @routes.vault("GET", "/deletedkeys")
    async def list_deleted(call: Call) -> Answer:
        return Answer(keys.page_of_deleted(call, enter(call, "list")))


def _register_changes(routes: Routes) -> None:
    @routes.vault("POST", "/keys/restore")
    async def restore(call: Call) -> Answer:
        return Answer(backup.restore(call.world, enter(call, "restore"), call.json().get("value")))

    @routes.vault("POST", "/keys/{name}/create")
    async def create(call: Call) -> Answer:
        name = call.params["name"]
        vault, body = enter(call, "create", name), call.json()
        kty, size, crv = keys.wanted_key(vault, body)
        keys.check_new(call.world, vault, name, body)
        pem = await asyncio.to_thread(keymaterial.generate, kty, size=size, crv=crv)
        made = model.new_version(
            call.world,
            vault["name"],
            name,
            pem,
            kty,
            key_ops=body.get("key_ops"),
            wanted=body.get("attributes"),
            tags=body.get("tags"),
        )
        return Answer(attributes.bundle(vault, model.find_key(call.world, vault, name), made))

    @routes.vault("PUT", "/keys/{name}")
    async def import_key(call: Call) -> Answer:
        name = call.params["name"]
        return Answer(keys.import_key(call.world, enter(call, "import", name), name, call.json()))

    @routes.vault("PATCH", "/keys/{name}")
    @routes.vault("PATCH", "/keys/{name}/{version}")
    async def update(call: Call) -> Answer:
        name = call.params["name"]
        return Answer(
            keys.update(call.world, enter(call, "update", name), name, call.params.get("version"), call.json())
        )

    @routes.vault("DELETE", "/keys/{name}")
    async def delete(call: Call) -> Answer:
        name = call.params["name"]
        return Answer(soft_delete.delete(call.world, enter(call, "delete", name), name))

    @routes.vault("POST", "/keys/{name}/backup")
    async def back_up(call: Call) -> Answer:
        name = call.params["name"]
        return Answer(backup.backup(call.world, enter(call, "backup", name), name))


def _register_rotation(routes: Routes) -> None:
    @routes.vault("GET", "/keys/{name}/rotationpolicy")
    async def get_policy(call: Call) -> Answer:
        name = call.params["name"]
        vault = enter(call, "getrotationpolicy", name)
        return Answer(rotation.policy(vault, model.find_key(call.world, vault, name)))

    @routes.vault("PUT", "/keys/{name}/rotationpolicy")
    async def set_policy(call: Call) -> Answer:
        name = call.params["name"]
        return Answer(rotation.set_policy(call.world, enter(call, "setrotationpolicy", name), name, call.json()))

    @routes.vault("POST", "/keys/{name}/rotate")
    async def rotate(call: Call) -> Answer:
        name = call.params["name"]
        vault = enter(call, "rotate", name)
        newest = model.find_key(call.world, vault, name)["versions"][-1]
        pem = await asyncio.to_thread(rotation.draw, newest)
        return Answer(rotation.rotate(call.world, vault, name, pem))


def _register_deleted(routes: Routes) -> None:
    @routes.vault("GET", "/deletedkeys/{name}")
    async def get_deleted(call: Call) -> Answer:
        name = call.params["name"]
        vault = enter(call, "get", name)
        return Answer(soft_delete.deleted_bundle(vault, soft_delete.find(call.world, vault, name)))

    @routes.vault("POST", "/deletedkeys/{name}/recover")
    async def recover(call: Call) -> Answer:
        name = call.params["name"]
        return Answer(soft_delete.recover(call.world, enter(call, "recover", name), name))

    @routes.vault("DELETE", "/deletedkeys/{name}")
    async def purge(call: Call) -> Answer:
        name = call.params["name"]
        soft_delete.purge(call.world, enter(call, "purge", name), name)
        return Answer(status=204)
