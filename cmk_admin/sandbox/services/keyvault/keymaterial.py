"""Real keys: making them, their public half as a JSON web key, and the operations on them. No state here."""

import base64
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

# KVD keys/about-keys-details.md
RSA_SIZES = (2048, 3072, 4096)
CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "P-256K": ec.SECP256K1(),
}
_CURVE_NAMES = {curve.name: name for name, curve in CURVES.items()}
_HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
# The algorithm of a signature by an elliptic curve names the curve.
_EC_ALGORITHMS = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "ES256K": "P-256K"}
_ENCRYPTIONS = {
    "RSA1_5": padding.PKCS1v15(),
    "RSA-OAEP": padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),  # noqa: S303 - what the name says
    "RSA-OAEP-256": padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
}
SIGNATURES = (*(f"{kind}{bits}" for kind in ("RS", "PS") for bits in _HASHES), *_EC_ALGORITHMS)


class UnsupportedAlgorithm(ValueError):
    """The key cannot do this algorithm."""


class BadValue(ValueError):
    """The value is not one that the operation can take: too long, wrong length, or not made with this key."""


def generate(kty: str, *, size: int | None = None, crv: str | None = None) -> str:
    """A new private key as PEM (PKCS 8); size counts bits of an RSA key. Takes up to a second: never on the event loop.

    Raises ValueError for a type, size or curve that Key Vault does not offer.
    """
    key: Private
    if kty.startswith("RSA"):
        if (size or 2048) not in RSA_SIZES:
            raise ValueError(f"RSA size {size}")
        key = rsa.generate_private_key(65537, size or 2048)
    else:
        if (crv or "P-256") not in CURVES:
            raise ValueError(f"curve {crv}")
        key = ec.generate_private_key(CURVES[crv or "P-256"])
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@lru_cache(maxsize=512)
def load(pem: str) -> Private:
    """The private key in a PEM. Raises ValueError where it is neither RSA nor one of the curves."""
    # The check of the primes takes longer than the operation itself; what is loaded here was made or checked here.
    key = serialization.load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    if isinstance(key, rsa.RSAPrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVE_NAMES:
        return key
    raise ValueError("neither RSA nor a curve that Key Vault knows")


def public_jwk(pem: str) -> dict[str, str]:
    """The public half: n and e, or crv, x and y."""
    key = load(pem)
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_numbers()
        return {"n": b64(_unsigned(public.n)), "e": b64(_unsigned(public.e))}
    point = key.public_key().public_numbers()
    width = (key.curve.key_size + 7) // 8
    return {
        "crv": _CURVE_NAMES[key.curve.name],
        "x": b64(point.x.to_bytes(width, "big")),
        "y": b64(point.y.to_bytes(width, "big")),
    }


def private_pem(jwk: dict[str, Any]) -> str:
    """The PEM of a private JSON web key, as `import` sends it. Raises ValueError where it is none, or not consistent."""
    try:
        key: Private
        if str(jwk["kty"]).startswith("RSA"):
            numbers = {
                name: int.from_bytes(unb64(jwk[name]), "big") for name in ("n", "e", "d", "p", "q", "dp", "dq", "qi")
            }
            public = rsa.RSAPublicNumbers(numbers["e"], numbers["n"])
            key = rsa.RSAPrivateNumbers(
                numbers["p"], numbers["q"], numbers["d"], numbers["dp"], numbers["dq"], numbers["qi"], public
            ).private_key()
            if key.key_size not in RSA_SIZES:
                raise ValueError(f"RSA size {key.key_size}")
        else:
            x, y, d = (int.from_bytes(unb64(jwk[name]), "big") for name in ("x", "y", "d"))
            curve = CURVES[str(jwk["crv"])]
            key = ec.EllipticCurvePrivateNumbers(d, ec.EllipticCurvePublicNumbers(x, y, curve)).private_key()
    except KeyError as error:
        raise ValueError(f"no {error.args[0]}") from error
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def encrypt(pem: str, algorithm: str, value: bytes) -> bytes:
    """Encrypt or wrap with the public half. Raises UnsupportedAlgorithm, BadValue."""
    key, pad = _for_encryption(pem, algorithm)
    try:
        return key.public_key().encrypt(value, pad)
    except ValueError as error:
        raise BadValue("the value is too long for the key") from error


def decrypt(pem: str, algorithm: str, value: bytes) -> bytes:
    """Decrypt or unwrap. Raises UnsupportedAlgorithm, BadValue."""
    key, pad = _for_encryption(pem, algorithm)
    try:
        return key.decrypt(value, pad)
    except ValueError as error:
        raise BadValue("the value was not made with this key and algorithm") from error


def sign(pem: str, algorithm: str, digest: bytes) -> bytes:
    """Sign a digest; of a curve, the two numbers side by side as JWA has them. Raises UnsupportedAlgorithm, BadValue."""
    key = load(pem)
    hashed = _prehashed(algorithm, digest)
    if isinstance(key, rsa.RSAPrivateKey) and not algorithm.startswith("ES"):
        return key.sign(digest, _signature_padding(algorithm), hashed)
    curve_key, width = _curve_key(key, algorithm)
    r, s = decode_dss_signature(curve_key.sign(digest, ec.ECDSA(hashed)))
    return r.to_bytes(width, "big") + s.to_bytes(width, "big")


def verify(pem: str, algorithm: str, digest: bytes, signature: bytes) -> bool:
    """Whether the signature is this key's over the digest. Raises UnsupportedAlgorithm, BadValue."""
    key = load(pem)
    hashed = _prehashed(algorithm, digest)
    try:
        if isinstance(key, rsa.RSAPrivateKey) and not algorithm.startswith("ES"):
            key.public_key().verify(signature, digest, _signature_padding(algorithm), hashed)
            return True
        curve_key, width = _curve_key(key, algorithm)
        if len(signature) != 2 * width:
            return False
        r, s = (int.from_bytes(half, "big") for half in (signature[:width], signature[width:]))
        curve_key.public_key().verify(encode_dss_signature(r, s), digest, ec.ECDSA(hashed))
    except InvalidSignature:
        return False
    return True


def b64(value: bytes) -> str:
    """Base64url without padding, as JSON web keys have it."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def unb64(text: Any) -> bytes:
    """The bytes of a base64url text, padded or not. Raises ValueError where it is none."""
    if not isinstance(text, str):
        raise ValueError("not base64url")
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def _unsigned(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _for_encryption(pem: str, algorithm: str) -> tuple[rsa.RSAPrivateKey, padding.AsymmetricPadding]:
    key, pad = load(pem), _ENCRYPTIONS.get(algorithm)
    if pad is None or not isinstance(key, rsa.RSAPrivateKey):
        raise UnsupportedAlgorithm(algorithm)
    return key, pad


def _prehashed(algorithm: str, digest: bytes) -> Prehashed:
    if algorithm not in SIGNATURES:
        raise UnsupportedAlgorithm(algorithm)
    chosen = _HASHES[algorithm[2:5]]
    if len(digest) != chosen.digest_size:
        raise BadValue(f"the digest must have {chosen.digest_size} bytes")
    return Prehashed(chosen)


def _signature_padding(algorithm: str) -> padding.AsymmetricPadding:
    if algorithm.startswith("RS"):
        return padding.PKCS1v15()
    chosen = _HASHES[algorithm[2:5]]
    return padding.PSS(padding.MGF1(chosen), chosen.digest_size)


def _curve_key(key: Private, algorithm: str) -> tuple[ec.EllipticCurvePrivateKey, int]:
    """The key, of the curve that the algorithm names, and the bytes of one of a signature's two numbers."""
    if isinstance(key, rsa.RSAPrivateKey) or _EC_ALGORITHMS.get(algorithm) != _CURVE_NAMES[key.curve.name]:
        raise UnsupportedAlgorithm(algorithm)
    return key, (key.curve.key_size + 7) // 8
