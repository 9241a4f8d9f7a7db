"""Keys in use: every algorithm against the standard library of the trade, and what a key's state forbids."""

import hashlib
from collections.abc import Iterator

import pytest
from azure.core.exceptions import HttpResponseError
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, EncryptionAlgorithm, KeyWrapAlgorithm, SignatureAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from cmk_admin.sandbox.clock import Clock
from cmk_admin.sandbox.services.keyvault import keymaterial, model
from cmk_admin.sandbox.state import World
from cmk_admin.sandbox.wire import AzureError

from . import estate
from .running import Running

DEK = bytes(range(32))
RSA_PEM = keymaterial.generate("RSA", size=2048)
EC_PEMS = {curve: keymaterial.generate("EC", crv=curve) for curve in keymaterial.CURVES}
EC_ALGORITHMS = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "P-256K": "ES256K"}


@pytest.fixture
def world() -> Iterator[World]:
    world = World(Clock(speed=0))
    estate.lay(world)
    world.forget_past()
    yield world
    world.close()


def use(
    world: World, operation: str, value: bytes = DEK, algorithm: str = "RSA-OAEP", version: str | None = None
) -> bytes:
    vault = model.vault_of_host(world, "small.vault.azure.net")
    return model.use(world, vault, operation, name="k", version=version, algorithm=algorithm, value=value)[0]


def refusal(world: World, operation: str, value: bytes = DEK, algorithm: str = "RSA-OAEP") -> AzureError:
    with pytest.raises(AzureError) as caught:
        use(world, operation, value, algorithm)
    return caught.value


@pytest.mark.scenario("small")
def test_microsofts_client_wraps_signs_and_reads_back_at_the_server(sandbox: Running) -> None:
    def lay(world: World) -> None:
        model.make_key(world, "small", "rsa", kty="RSA-HSM", pem=RSA_PEM)
        for curve, pem in EC_PEMS.items():
            model.make_key(world, "small", f"ec-{curve}", kty="EC", pem=pem)

    sandbox.do(lay)
    credential = sandbox.credential()
    client = KeyClient("https://small.vault.azure.net", credential, **sandbox.options)
    key = client.get_key("rsa")
    local, remote = (
        CryptographyClient.from_jwk(key.key),
        CryptographyClient(key.id or "", credential, **sandbox.options),
    )
    for wrap in (KeyWrapAlgorithm.rsa_oaep, KeyWrapAlgorithm.rsa_oaep_256, KeyWrapAlgorithm.rsa1_5):
        wrapped = local.wrap_key(wrap, DEK)
        assert remote.unwrap_key(wrap, wrapped.encrypted_key).key == DEK
    sealed = local.encrypt(EncryptionAlgorithm.rsa_oaep_256, DEK)
    assert remote.decrypt(EncryptionAlgorithm.rsa_oaep_256, sealed.ciphertext).plaintext == DEK
    for signature in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"):
        algorithm, digest = SignatureAlgorithm(signature), hashlib.new(f"sha{signature[2:]}", DEK).digest()
        assert local.verify(algorithm, digest, remote.sign(algorithm, digest).signature).is_valid
    for curve, name in EC_ALGORITHMS.items():
        key = client.get_key(f"ec-{curve}")
        local, remote = (
            CryptographyClient.from_jwk(key.key),
            CryptographyClient(key.id or "", credential, **sandbox.options),
        )
        algorithm, digest = SignatureAlgorithm(name), hashlib.new(f"sha{name[2:5]}", DEK).digest()
        assert local.verify(algorithm, digest, remote.sign(algorithm, digest).signature).is_valid


@pytest.mark.scenario("small")
def test_the_wire_takes_ids_without_a_version_and_answers_with_the_version_used(sandbox: Running) -> None:
    made = sandbox.do(lambda world: model.make_key(world, "small", "k", pem=RSA_PEM))
    body = {"alg": "RSA-OAEP", "value": keymaterial.b64(DEK)}
    kid = f"https://small.vault.azure.net/keys/k/{made['version']}"
    for path in ("/keys/k/wrapkey", "/keys/k//wrapkey", f"/keys/k/{made['version']}/wrapKey"):
        wrapped = sandbox.vault("POST", "small", path, json=body).json()
        assert wrapped["kid"] == kid
    answer = sandbox.vault(
        "POST", "small", f"/keys/k/{made['version']}/unwrapkey", json={**body, "value": wrapped["value"]}
    )
    assert answer.json() == {"kid": kid, "value": keymaterial.b64(DEK)}
    digest = keymaterial.b64(hashlib.sha256(DEK).digest())
    signed = sandbox.vault("POST", "small", "/keys/k/sign", json={"alg": "RS256", "value": digest}).json()["value"]
    for tampered, expected in ((signed, True), (keymaterial.b64(b"\1" * 256), False)):
        verify = {"alg": "RS256", "digest": digest, "value": tampered}
        assert sandbox.vault("POST", "small", "/keys/k/verify", json=verify).json() == {"value": expected}


@pytest.mark.scenario("small")
def test_the_sdk_sees_a_refusal_with_its_inner_code(sandbox: Running) -> None:
    sandbox.do(lambda world: model.make_key(world, "small", "k", pem=RSA_PEM, enabled=False))
    kid = "https://small.vault.azure.net/keys/k"
    with pytest.raises(HttpResponseError) as caught:
        CryptographyClient(kid, sandbox.credential(), **sandbox.options).unwrap_key(
            KeyWrapAlgorithm.rsa_oaep, b"\1" * 256
        )
    assert caught.value.status_code == 403
    answer = sandbox.vault("POST", "small", "/keys/k/unwrapkey", json={"alg": "RSA-OAEP", "value": "AA"})
    assert answer.json() == {
        "error": {
            "code": "Forbidden",
            "message": "Operation unwrapKey is not allowed on a disabled key.",
            "innererror": {"code": "KeyDisabled"},
        }
    }


@pytest.mark.parametrize("operation", ["encrypt", "decrypt", "wrapKey", "unwrapKey", "sign", "verify"])
def test_a_disabled_version_refuses_all_use(world: World, operation: str) -> None:
    model.make_key(world, "small", "k", pem=RSA_PEM, enabled=False)
    assert refusal(world, operation).inner == "KeyDisabled"


@pytest.mark.parametrize(("facts", "inner"), [({"exp": 1000}, "KeyExpired"), ({"nbf": 4102444800}, "KeyNotYetValid")])
def test_outside_its_dates_a_key_still_unwraps_but_does_not_wrap(
    world: World, facts: dict[str, int], inner: str
) -> None:
    model.make_key(world, "small", "k", pem=RSA_PEM)
    wrapped, digest = use(world, "wrapKey"), hashlib.sha256(DEK).digest()
    signature = use(world, "sign", digest, "RS256")
    model.make_key(world, "small", "k", pem=RSA_PEM, exp=facts.get("exp"), nbf=facts.get("nbf"))
    for operation in ("wrapKey", "encrypt", "sign"):
        assert refusal(world, operation).inner == inner
    assert use(world, "unwrapKey", wrapped) == DEK
    assert use(world, "decrypt", wrapped) == DEK
    vault = model.vault_of_host(world, "small.vault.azure.net")
    verified = model.use(
        world, vault, "verify", name="k", version=None, algorithm="RS256", value=digest, signature=signature
    )
    assert verified[0] == b"\1"


def test_an_operation_that_key_ops_does_not_list_is_refused(world: World) -> None:
    model.make_key(world, "small", "k", pem=RSA_PEM, key_ops=["wrapKey", "unwrapKey"])
    assert use(world, "unwrapKey", use(world, "wrapKey")) == DEK
    error = refusal(world, "decrypt")
    assert (error.status, error.inner) == (403, "KeyOperationForbidden")


@pytest.mark.parametrize(
    ("operation", "algorithm", "value"),
    [
        ("wrapKey", "A256KW", DEK),
        ("wrapKey", "RSA-OAEP", bytes(215)),
        ("unwrapKey", "RSA-OAEP", b"\1" * 256),
        ("unwrapKey", "RSA-OAEP", b"short"),
        ("sign", "ES256", DEK),
        ("sign", "RS256", b"short"),
        ("sign", "none", DEK),
    ],
)
def test_input_that_makes_no_sense_is_a_bad_parameter(
    world: World, operation: str, algorithm: str, value: bytes
) -> None:
    model.make_key(world, "small", "k", pem=RSA_PEM)
    error = refusal(world, operation, value, algorithm)
    assert (error.status, error.code) == (400, "BadParameter")


def test_an_elliptic_key_neither_wraps_nor_signs_for_another_curve(world: World) -> None:
    model.make_key(world, "small", "k", kty="EC", pem=EC_PEMS["P-256K"])
    assert refusal(world, "wrapKey").inner == "KeyOperationForbidden"
    assert refusal(world, "sign", DEK, "ES256").code == "BadParameter"
    assert len(use(world, "sign", DEK, "ES256K")) == 64


def test_a_version_that_is_not_there_is_not_found(world: World) -> None:
    model.make_key(world, "small", "k", pem=RSA_PEM)
    with pytest.raises(AzureError) as caught:
        use(world, "wrapKey", version="0" * 32)
    assert (caught.value.status, caught.value.code) == (404, "KeyNotFound")


def test_the_newest_version_is_used_where_none_is_named(world: World) -> None:
    old = model.make_key(world, "small", "k", pem=RSA_PEM)
    model.make_key(world, "small", "k", pem=keymaterial.generate("RSA", size=3072))
    wrapped = use(world, "wrapKey")
    assert len(wrapped) == 384
    assert len(use(world, "wrapKey", version=old["version"])) == 256
    with pytest.raises(AzureError):
        use(world, "unwrapKey", wrapped, version=old["version"])


@pytest.mark.parametrize("size", keymaterial.RSA_SIZES)
def test_rsa_keys_have_the_size_asked_for(size: int) -> None:
    key = keymaterial.load(keymaterial.generate("RSA-HSM", size=size))
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == size
    jwk = keymaterial.public_jwk(keymaterial.generate("RSA", size=2048))
    assert jwk["e"] == "AQAB"
    assert len(keymaterial.unb64(jwk["n"])) == 256


@pytest.mark.parametrize("curve", keymaterial.CURVES)
def test_a_public_half_is_the_same_point(curve: str) -> None:
    jwk, key = keymaterial.public_jwk(EC_PEMS[curve]), keymaterial.load(EC_PEMS[curve])
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    numbers = key.public_key().public_numbers()
    assert jwk["crv"] == curve
    x, y = keymaterial.unb64(jwk["x"]), keymaterial.unb64(jwk["y"])
    assert len(x) == len(y) == (key.curve.key_size + 7) // 8
    assert (int.from_bytes(x, "big"), int.from_bytes(y, "big")) == (numbers.x, numbers.y)


@pytest.mark.parametrize("size", [1024, 2049])
def test_sizes_that_key_vault_does_not_offer_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="RSA size"):
        keymaterial.generate("RSA", size=size)


@settings(max_examples=40, deadline=None)
@given(value=st.binary(max_size=190), algorithm=st.sampled_from(["RSA-OAEP", "RSA-OAEP-256", "RSA1_5"]))
def test_what_is_wrapped_unwraps_to_the_same(value: bytes, algorithm: str) -> None:
    assert keymaterial.decrypt(RSA_PEM, algorithm, keymaterial.encrypt(RSA_PEM, algorithm, value)) == value


@given(value=st.binary(max_size=80))
def test_base64url_comes_back_with_and_without_padding(value: bytes) -> None:
    text = keymaterial.b64(value)
    assert not set(text) & set("+/=")
    assert keymaterial.unb64(text) == keymaterial.unb64(text + "=" * (-len(text) % 4)) == value
