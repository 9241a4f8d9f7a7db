"""The data plane's paths that use a key."""

from typing import Any

from cmk_admin.sandbox.wire import Answer, Call, Handler, Routes

from . import attributes, errors, keymaterial, model

_OPERATIONS = ("encrypt", "decrypt", "wrapKey", "unwrapKey", "sign", "verify")


def register(routes: Routes) -> None:
    """Put the paths into the table, with a version and with none."""
    for operation in _OPERATIONS:
        handler = _handler(operation)
        routes.vault("POST", f"/keys/{{name}}/{{version}}/{operation.lower()}")(handler)
        routes.vault("POST", f"/keys/{{name}}/{operation.lower()}")(handler)


def _handler(operation: str) -> Handler:
    async def handle(call: Call) -> Answer:
        name, version = call.params["name"], call.params.get("version")
        vault = model.vault_of_host(call.world, call.host)
        model.authorise(call.world, call.who, vault, operation, name)
        if version is not None:
            attributes.check_version(version)
        body = call.json()
        verifies = operation == "verify"
        value, kid = model.use(
            call.world,
            vault,
            operation,
            name=name,
            version=version,
            algorithm=str(body.get("alg")),
            value=_bytes(body, "digest" if verifies else "value"),
            signature=_bytes(body, "value") if verifies else b"",
        )
        return Answer({"value": value == b"\1"} if verifies else {"kid": kid, "value": keymaterial.b64(value)})

    return handle


def _bytes(body: dict[str, Any], name: str) -> bytes:
    try:
        return keymaterial.unb64(body.get(name))
    except ValueError as error:
        raise errors.bad_parameter(f"Property {name} is missing or has invalid value") from error
