"""Keys through Microsoft's own client: create, read, list, change, import, and what is refused."""

from datetime import UTC, datetime

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.keys import JsonWebKey, KeyClient, KeyCurveName
from cryptography.hazmat.primitives.asymmetric import rsa

from cmk_admin.sandbox.services.keyvault import keymaterial, model
from cmk_admin.sandbox.state import World

from . import estate
from .running import Running

pytestmark = pytest.mark.scenario("small")

EXPIRES = datetime(2035, 1, 1, tzinfo=UTC)
STARTS = datetime(2020, 1, 1, tzinfo=UTC)


def client(sandbox: Running, vault: str = "small") -> KeyClient:
    return KeyClient(f"https://{vault}.vault.azure.net", sandbox.credential(), **sandbox.options)


def test_the_challenge_names_where_to_sign_in_and_for_what(sandbox: Running) -> None:
    answer = sandbox.send("GET", "https://small.vault.azure.net/keys?api-version=7.4")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "Unauthorized"
    assert answer.json()["error"]["message"].startswith("AKV10000")
    where = f'authorization="https://login.microsoftonline.com/{estate.TENANT}"'
    assert answer.headers["WWW-Authenticate"] == f'Bearer {where}, resource="https://vault.azure.net"'


def test_a_created_key_is_read_back_with_its_attributes(sandbox: Running) -> None:
    keys = client(sandbox)
    made = keys.create_rsa_key(
        "first",
        hardware_protected=True,
        size=3072,
        key_operations=["wrapKey", "unwrapKey"],
        expires_on=EXPIRES,
        not_before=STARTS,
        tags={"for": "mysql"},
    )
    read = keys.get_key("first", made.properties.version)
    assert read.id == made.id == f"https://small.vault.azure.net/keys/first/{made.properties.version}"
    assert read.key_type == "RSA-HSM"
    assert read.key_operations == ["wrapKey", "unwrapKey"]
    assert len(read.key.n) == 384  # type: ignore[attr-defined]
    facts = read.properties
    assert (facts.enabled, facts.expires_on, facts.not_before, facts.tags) == (True, EXPIRES, STARTS, {"for": "mysql"})
    assert (facts.recovery_level, facts.recoverable_days, facts.hsm_platform) == ("Recoverable", 90, "2")
    assert not facts.exportable
    assert keys.get_key("first").id == made.id


@pytest.mark.parametrize("curve", KeyCurveName)
def test_elliptic_keys_of_every_curve_are_made(sandbox: Running, curve: KeyCurveName) -> None:
    made = client(sandbox).create_ec_key("curve", curve=curve)
    assert (made.key_type, made.key.crv, made.key_operations) == ("EC", curve, ["sign", "verify"])  # type: ignore[attr-defined]


def test_a_new_version_becomes_the_current_one_and_the_old_stays(sandbox: Running) -> None:
    keys = client(sandbox)
    old, new = keys.create_ec_key("twice"), keys.create_ec_key("twice")
    assert keys.get_key("twice").id == new.id
    assert keys.get_key("twice", old.properties.version).id == old.id
    assert {one.id for one in keys.list_properties_of_key_versions("twice")} == {old.id, new.id}


def test_an_update_changes_what_it_names_and_that_version_only(sandbox: Running) -> None:
    keys = client(sandbox)
    old = keys.create_rsa_key("changed", tags={"a": "1"})
    new = keys.create_rsa_key("changed", tags={"b": "2"})
    answer = keys.update_key_properties("changed", old.properties.version, enabled=False, key_operations=["unwrapKey"])
    assert (answer.properties.enabled, answer.key_operations, answer.properties.tags) == (
        False,
        ["unwrapKey"],
        {"a": "1"},
    )
    assert keys.get_key("changed").properties.enabled
    newest = keys.update_key_properties("changed", expires_on=EXPIRES, tags={})
    assert (newest.id, newest.properties.expires_on, newest.properties.tags) == (new.id, EXPIRES, None)
    assert newest.properties.updated_on >= newest.properties.created_on  # type: ignore[operator]
    # A disabled version is still read and listed.
    assert keys.get_key("changed", old.properties.version).properties.enabled is False


def test_lists_come_in_pages_of_25_whose_links_name_the_port(sandbox: Running) -> None:
    pem = keymaterial.generate("EC")

    def lay(world: World) -> None:
        for n in range(52):
            model.make_key(world, "small", f"key-{n:02}", kty="EC", pem=pem)
        for _ in range(30):
            model.make_key(world, "small", "many", kty="EC", pem=pem)

    sandbox.do(lay)
    keys = client(sandbox)
    assert [len(list(page)) for page in keys.list_properties_of_keys().by_page()] == [25, 25, 3]
    assert [one.name for one in keys.list_properties_of_keys()] == [*(f"key-{n:02}" for n in range(52)), "many"]
    assert len({one.version for one in keys.list_properties_of_key_versions("many")}) == 30
    first = sandbox.vault("GET", "small", "/keys", params={"maxresults": "5"}).json()
    assert len(first["value"]) == 5
    assert first["nextLink"].startswith("https://small.vault.azure.net:443/keys?api-version=7.4&$skiptoken=")
    assert first["value"][0]["kid"] == "https://small.vault.azure.net/keys/key-00"
    for bad in ("0", "26", "x", "-1"):
        answer = sandbox.vault("GET", "small", "/keys", params={"maxresults": bad})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadParameter")
    assert sandbox.vault("GET", "small", "/keys", params={"$skiptoken": "!"}).status_code == 400


def test_an_imported_key_is_the_key_that_was_sent(sandbox: Running) -> None:
    private = rsa.generate_private_key(65537, 2048)
    numbers = private.private_numbers()
    parts = {"d": numbers.d, "p": numbers.p, "q": numbers.q, "dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
    public = {"n": numbers.public_numbers.n, "e": numbers.public_numbers.e}
    jwk = {name: value.to_bytes((value.bit_length() + 7) // 8, "big") for name, value in {**parts, **public}.items()}
    keys = client(sandbox)
    made = keys.import_key("brought", JsonWebKey(kty="RSA", key_ops=["wrapKey"], **jwk), hardware_protected=True)
    assert (made.key_type, made.key.n, made.key_operations) == ("RSA-HSM", jwk["n"], ["wrapKey"])  # type: ignore[attr-defined]
    with pytest.raises(HttpResponseError) as caught:
        keys.import_key("broken", JsonWebKey(kty="RSA", **{**jwk, "p": b"\7"}))
    assert caught.value.status_code == 400


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a_b", {"kty": "RSA"}),
        ("x" * 128, {"kty": "RSA"}),
        ("k", {"kty": "oct"}),
        ("k", {}),
        ("k", {"kty": "RSA", "key_size": 1024}),
        ("k", {"kty": "EC", "crv": "P-192"}),
        ("k", {"kty": "RSA", "key_ops": ["fly"]}),
        ("k", {"kty": "EC", "key_ops": ["wrapKey"]}),
        ("k", {"kty": "RSA", "attributes": {"nbf": 2000, "exp": 1000}}),
        ("k", {"kty": "RSA", "attributes": {"exp": "soon"}}),
        ("k", {"kty": "RSA", "attributes": {"exp": 10**12}}),
        ("k", {"kty": "RSA", "attributes": {"enabled": "yes"}}),
        ("k", {"kty": "RSA", "attributes": {"exportable": True}}),
        ("k", {"kty": "RSA", "tags": {f"t{n}": "" for n in range(16)}}),
        ("k", {"kty": "RSA", "tags": {"t": "x" * 257}}),
    ],
)
def test_a_request_that_makes_no_sense_makes_no_key(sandbox: Running, name: str, body: dict[str, object]) -> None:
    answer = sandbox.vault("POST", "small", f"/keys/{name}/create", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadParameter")
    assert sandbox.vault("GET", "small", "/keys").json()["value"] == []


def test_a_standard_vault_holds_no_hardware_keys(sandbox: Running) -> None:
    sandbox.do(
        lambda world: model.make_vault(world, subscription=estate.ONE, group="keys", name="plain", sku="standard")
    )
    answer = sandbox.vault("POST", "plain", "/keys/k/create", json={"kty": "RSA-HSM"})
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        400,
        "Hardware key operation not allowed on standard vault",
    )
    assert (
        sandbox.vault("POST", "plain", "/keys/k/create", json={"kty": "EC"}).json()["attributes"]["hsmPlatform"] == "0"
    )


def test_what_is_not_there_is_not_found(sandbox: Running) -> None:
    keys = client(sandbox)
    with pytest.raises(ResourceNotFoundError) as caught:
        keys.get_key("absent")
    assert caught.value.error.code == "KeyNotFound"  # type: ignore[union-attr]
    keys.create_ec_key("there")
    with pytest.raises(ResourceNotFoundError):
        keys.get_key("there", "0" * 32)
    with pytest.raises(ResourceNotFoundError):
        keys.update_key_properties("absent", enabled=False)


def test_a_backup_brings_back_every_version_only_where_the_name_is_free(sandbox: Running) -> None:
    make = model.make_vault
    sandbox.do(lambda world: make(world, subscription=estate.ONE, group="keys", name="second", purge_protection=False))
    sandbox.do(lambda world: make(world, subscription=estate.TWO, group="keys", name="elsewhere"))
    keys, second = client(sandbox), client(sandbox, "second")
    versions = {keys.create_rsa_key("kept", hardware_protected=True).properties.version for _ in range(2)}
    blob = keys.backup_key("kept")
    with pytest.raises(ResourceExistsError):
        keys.restore_key_backup(blob)
    restored = second.restore_key_backup(blob)
    assert restored.key.n == keys.get_key("kept").key.n  # type: ignore[attr-defined]
    assert {one.version for one in second.list_properties_of_key_versions("kept")} == versions
    for vault, value in (("elsewhere", blob), ("second", blob[:-1] + b"\0"), ("second", b"nothing")):
        with pytest.raises(HttpResponseError) as caught:
            client(sandbox, vault).restore_key_backup(value)
        assert caught.value.status_code in (400, 409)
    assert b"PRIVATE KEY" not in blob
