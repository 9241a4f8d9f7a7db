"""An estate to revoke in: every way by which an identity can reach a key, and every thing that a cut can hit besides.

All is in West Europe, in subscription ``incident-one`` under management group ``incident``.

| principal | what it may |
|---|---|
| ``administrator`` | Owner of all, Key Vault Administrator of each vault under roles, every key permission in ``in-policies`` |
| ``reader`` | Reader of the subscription; Microsoft Graph refuses it |
| ``responder`` | Reader of the subscription; eligible for two roles |

``responder`` is eligible for Key Vault Crypto Officer of ``in-main``, which needs approval, and for User Access
Administrator of the resource group ``in-keys``, which does not.

| vault | what it holds |
|---|---|
| ``in-main`` | ``own-key``, ``shared-key``, ``versions-key`` (three versions, the second is pinned), ``disk-key``, and |
| | ``rotating-key``, whose policy rotates it 30 days after it was made |
| ``in-twin`` | ``own-key`` again: a restored copy, with the same material and version |
| ``in-mixed`` | ``mixed-key``, secrets and a certificate |
| ``in-policies`` | access policies; ``policy-key`` |

| consumer | by which identity, and how that may use its key |
|---|---|
| ``in-mysql-own`` | ``in-own-id``, which nothing else uses: a grant at the key |
| ``in-mysql-shared-1``, ``-2`` | ``in-shared-id``: a grant at the key, and by the group ``in-crypto-users`` at the subscription |
| ``in-mysql-pinned`` | ``in-pinned-id``: a custom role with wildcards, ``in-key-user``, at the vault |
| ``in-mysql-mixed`` | ``in-mixed-id``: a grant at ``mixed-key`` |
| ``in-mysql-policies`` | ``in-policies-id``: an access policy |
| ``in-des`` | its own, with ``disk-key``; follows new versions |
"""

from cmk_admin.sandbox.key_pairs import take
from cmk_admin.sandbox.services.authorization import model as authorization
from cmk_admin.sandbox.services.authorization import pim
from cmk_admin.sandbox.services.compute import model as compute
from cmk_admin.sandbox.services.keyvault import contents
from cmk_admin.sandbox.services.mysql import model as mysql
from cmk_admin.sandbox.state import Document, World

from .dcc import ALL_KEY_PERMISSIONS
from .estate import ENCRYPTION_USER, LOCATION, Estate, access_policy

# One pair for each key version laid in below, but for the restored copy.
KEY_PAIRS = 9
_OFFICER, _ADMINISTRATOR = "Key Vault Crypto Officer", "Key Vault Administrator"
_CUSTOM = "in-key-user"


def lay(world: World, seed: int) -> None:
    """Lay the estate in."""
    estate = Estate(world, "incident", seed, key_pairs=KEY_PAIRS)
    root = estate.management_group("incident", "Incident", parent=estate.tenant_id)
    one = estate.subscription("incident-one", management_group="incident")
    subscription = f"/subscriptions/{one}"
    estate.grant(estate.administrator, "Owner", root)
    reader, responder = estate.person("reader"), estate.person("responder")
    estate.forbid_directory(reader)
    for person in (reader, responder):
        estate.grant(person, "Reader", subscription)
    keys, services = estate.group(one, "in-keys"), estate.group(one, "in-services")
    main = _vault(estate, one, keys, "in-main")
    _main(estate, one, services, main)
    _twin(estate, _vault(estate, one, keys, "in-twin"))
    _mixed(estate, one, services, _vault(estate, one, keys, "in-mixed"))
    _policies(estate, one, keys, services)
    group = f"{subscription}/resourceGroups/{keys}"
    for role, scope in ((_OFFICER, main["id"]), ("User Access Administrator", group)):
        name = estate.guid(f"eligible {role}")
        authorization.make_eligibility(world, scope=scope, role=role, principal_id=responder, name=name)
    pim.require_approval(world, main["id"], _OFFICER)
    estate.bring_to_life()
    world.forget_past()


def _vault(estate: Estate, subscription: str, group: str, name: str) -> Document:
    vault = estate.vault(subscription, group, name)
    estate.grant(estate.administrator, _ADMINISTRATOR, vault["id"])
    return vault


def _main(estate: Estate, subscription: str, group: str, main: Document) -> None:
    key_url = estate.key(main, "own-key")
    estate.grant_key(_server(estate, subscription, group, "own", key_url), main, "own-key")

    key_url = estate.key(main, "shared-key")
    shared = estate.identity(subscription, group, "in-shared-id")
    for number in (1, 2):
        _make_server(estate, subscription, group, f"in-mysql-shared-{number}", shared, key_url)
    principal = shared["properties"]["principalId"]
    estate.grant_key(principal, main, "shared-key")
    members = estate.directory_group("in-crypto-users", [principal])
    estate.grant(members, ENCRYPTION_USER, f"/subscriptions/{subscription}")

    _, second, _ = [estate.key(main, "versions-key") for _ in range(3)]
    pinned = _server(estate, subscription, group, "pinned", second)
    estate.grant(pinned, _custom_role(estate, subscription), main["id"])

    disk_set = compute.make_disk_set(
        estate.world,
        subscription=subscription,
        group=group,
        name="in-des",
        key_url=estate.key(main, "disk-key"),
        source_vault=main["id"],
        location=LOCATION,
        rotation=True,
        **estate.system_ids("in-des"),
    )
    estate.grant_key(disk_set["identity"]["principalId"], main, "disk-key")
    _rotate(estate, main)


def _rotate(estate: Estate, main: Document) -> None:
    estate.key(main, "rotating-key")
    key = estate.world.get("key", "in-main/rotating-key")
    assert key is not None
    actions = [{"trigger": {"timeAfterCreate": "P30D"}, "action": {"type": "Rotate"}}]
    policy = {"lifetimeActions": actions, "attributes": {}}
    estate.world.put("key", f"{main['name']}/rotating-key", {**key, "rotationPolicy": policy})


def _twin(estate: Estate, twin: Document) -> None:
    """The restored copy: a backup keeps names, versions and material."""
    key = estate.world.get("key", "in-main/own-key")
    assert key is not None
    estate.world.put("key", f"{twin['name']}/own-key", {**key, "vault": twin["name"]})


def _mixed(estate: Estate, subscription: str, group: str, mixed: Document) -> None:
    key_url = estate.key(mixed, "mixed-key")
    estate.grant_key(_server(estate, subscription, group, "mixed", key_url), mixed, "mixed-key")
    for name in ("database-password", "partner-token"):
        contents.make_secret(estate.world, mixed["name"], name)
    thumbprint = estate.guid("certificate").replace("-", "")[:27]
    (pem,) = take(1)
    contents.make_certificate(estate.world, mixed["name"], "web-certificate", pem=pem, thumbprint=thumbprint)


def _policies(estate: Estate, subscription: str, keys: str, group: str) -> None:
    identity = estate.identity(subscription, group, "in-policies-id")
    principal = identity["properties"]["principalId"]
    vault = estate.vault(
        subscription,
        keys,
        "in-policies",
        rbac=False,
        access_policies=[
            access_policy(estate.tenant_id, estate.administrator, ALL_KEY_PERMISSIONS),
            access_policy(estate.tenant_id, principal, ("get", "wrapKey", "unwrapKey")),
        ],
    )
    _make_server(estate, subscription, group, "in-mysql-policies", identity, estate.key(vault, "policy-key"))


def _custom_role(estate: Estate, subscription: str) -> str:
    """A role of the owners' own, by wildcards; its id."""
    name = estate.guid(f"role {_CUSTOM}")
    role_id = f"/providers/Microsoft.Authorization/roleDefinitions/{name}"
    block = {
        "actions": [],
        "notActions": [],
        "dataActions": ["Microsoft.KeyVault/vaults/keys/*"],
        "notDataActions": ["Microsoft.KeyVault/vaults/keys/delete", "Microsoft.KeyVault/vaults/keys/purge/action"],
    }
    properties = {
        "roleName": _CUSTOM,
        "type": "CustomRole",
        "description": "Uses keys",
        "assignableScopes": [f"/subscriptions/{subscription}"],
        "permissions": [block],
        **dict.fromkeys(("createdOn", "updatedOn", "createdBy", "updatedBy")),
    }
    document = {
        "id": role_id,
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": name,
        "properties": properties,
    }
    estate.world.put("roleDefinition", role_id, document)
    return role_id


def _server(estate: Estate, subscription: str, group: str, name: str, key_url: str) -> str:
    """A server with an identity of its own; the identity's object id."""
    identity = estate.identity(subscription, group, f"in-{name}-id")
    _make_server(estate, subscription, group, f"in-mysql-{name}", identity, key_url)
    return str(identity["properties"]["principalId"])


def _make_server(  # noqa: PLR0917
    estate: Estate, subscription: str, group: str, name: str, identity: Document, key_url: str
) -> None:
    mysql.make_server(
        estate.world, subscription=subscription, group=group, name=name, identity=identity, key_url=key_url
    )
