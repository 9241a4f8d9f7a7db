"""Microsoft Entra's part: tokens minted for the principals of this tenant, and the check of every token that comes back."""

import base64
import hashlib
import json
import secrets
import time
import uuid
from typing import Any
from weakref import WeakKeyDictionary

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .state import Document, World
from .wire import AzureError, Caller

# Seconds on the real clock: client-credential tokens of Entra live an hour, less the second that its expires_in leaves out.
LIFETIME = 3599

ARM_AUDIENCES = (
    "https://management.core.windows.net/",
    "https://management.core.windows.net",
    "https://management.azure.com/",
    "https://management.azure.com",
)
VAULT_AUDIENCES = ("https://vault.azure.net", "https://vault.azure.net/")
GRAPH_AUDIENCES = ("https://graph.microsoft.com", "https://graph.microsoft.com/")
AKS_AUDIENCES = ("6dae42f8-4368-4678-94ff-3960e28e3630",)
"""Azure Kubernetes Service AAD Server: what a cluster that signs people in by Entra takes (AKSD kubelogin-authentication.md)."""
AUDIENCES: dict[str, tuple[str, ...]] = {
    "arm": ARM_AUDIENCES,
    "vault": VAULT_AUDIENCES,
    "graph": GRAPH_AUDIENCES,
    "aks": AKS_AUDIENCES,
}
"""The audiences that each plane takes."""

# Callers without an address of their own stand in a range kept for documentation (RFC 5737, TEST-NET-3).
_ADDRESSES = "203.0.113.{}"
_KEY = "signing_key"
_KNOWN_TOKENS = 4096


class InvalidToken(Exception):
    """A token that does not count here. The reason is ``signature``, ``audience``, ``tenant``, ``expired`` or ``principal``."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


class _Signer:
    """The signing key of one world, kept in its state, and the tokens already checked with it."""

    def __init__(self, world: World) -> None:
        document = world.get("meta", _KEY)
        if document is None:
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            pem = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            document = {"kid": secrets.token_urlsafe(20), "pem": pem.decode()}
            world.put("meta", _KEY, document)
        loaded = serialization.load_pem_private_key(document["pem"].encode(), password=None)
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise ValueError("the signing key in the state is no RSA key")
        self.key, self.kid = loaded, str(document["kid"])
        self.known: dict[str, dict[str, Any]] = {}


_signers: WeakKeyDictionary[World, _Signer] = WeakKeyDictionary()


def _signer(world: World) -> _Signer:
    signer = _signers.get(world)
    if signer is None:
        signer = _signers[world] = _Signer(world)
    return signer


def prepare(world: World) -> None:
    """Make the signing key where the state has none, so that no call waits for it."""
    _signer(world)


def keep_key(world: World) -> Document:
    """The signing key's document, for a reset that must not make every client's tokens worthless."""
    _signer(world)
    document = world.get("meta", _KEY)
    assert document is not None
    return document


def restore_key(world: World, document: Document) -> None:
    """Put back what `keep_key` handed out."""
    world.put("meta", _KEY, document)


def mint(world: World, principal: Document, audience: str, *, upn: str | None = None) -> str:
    """A signed access token (v1.0 form, as ARM, Key Vault and Graph get them) for a principal of this tenant.

    `upn` is the sign-in name of one that signed in as a person.
    """
    now = int(time.time())
    claims = {
        "aud": audience,
        "iss": issuer(world.tenant_id),
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
        "appid": principal["clientId"],
        "appidacr": "1",
        "idp": issuer(world.tenant_id),
        "idtyp": "app",
        "oid": principal["objectId"],
        "sub": principal["objectId"],
        "tid": world.tenant_id,
        "uti": secrets.token_urlsafe(16),
        "ver": "1.0",
    }
    if upn is not None:
        claims |= {"idtyp": "user", "upn": upn, "unique_name": upn}
    return _signed(world, claims)


def mint_id(world: World, principal: Document, client_id: str, name: str, nonce: str = "") -> str:
    """A signed id token (v2.0) that tells a client who signed in."""
    now = int(time.time())
    return _signed(
        world,
        {
            "aud": client_id,
            "iss": f"https://login.microsoftonline.com/{world.tenant_id}/v2.0",
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME,
            "name": principal["displayName"],
            "oid": principal["objectId"],
            "preferred_username": name,
            "sub": principal["objectId"],
            "tid": world.tenant_id,
            "ver": "2.0",
            **({"nonce": nonce} if nonce else {}),
        },
    )


def _signed(world: World, claims: dict[str, Any]) -> str:
    signer = _signer(world)
    header = {"typ": "JWT", "alg": "RS256", "x5t": signer.kid, "kid": signer.kid}
    signed = f"{_encode(json.dumps(header).encode())}.{_encode(json.dumps(claims).encode())}"
    signature = signer.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_encode(signature)}"


def caller_of(world: World, token: str, audience: tuple[str, ...] | str) -> Caller:
    """Who sends this token. Raises InvalidToken; audience is the one wanted, or all that are taken."""
    wanted = (audience,) if isinstance(audience, str) else audience
    signer = _signer(world)
    # Kept by digest: the sandbox has no list of tokens for anyone to read.
    digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
    claims = signer.known.get(digest)
    if claims is None:
        claims = _verify(signer, token)
        if len(signer.known) >= _KNOWN_TOKENS:
            signer.known.clear()
        signer.known[digest] = claims
    if claims["aud"] not in wanted:
        raise InvalidToken("audience", str(claims["aud"]))
    if claims["tid"] != world.tenant_id or claims["iss"] != issuer(world.tenant_id):
        raise InvalidToken("tenant", str(claims["iss"]))
    now = time.time()
    if claims["exp"] <= now or claims["nbf"] > now + 300:
        raise InvalidToken("expired", time.strftime("%m/%d/%Y %I:%M:%S %p", time.gmtime(claims["exp"])))
    principal = world.get("principal", claims["oid"])
    if principal is None or principal["clientId"] != claims["appid"]:
        raise InvalidToken("principal", str(claims["oid"]))
    return _caller(world, principal)


def caller_for(world: World, object_id: str) -> Caller:
    """A principal as it calls without a token of ours: a consumer that acts as its identity.

    Raises AzureError 401 where the tenant no longer has the principal, as the token endpoint of an identity does.
    """
    principal = world.get("principal", object_id)
    if principal is None or principal["kind"] == "Group":
        raise AzureError(
            401, "invalid_client", f"AADSTS700016: The identity '{object_id}' was not found in the directory."
        )
    return _caller(world, principal)


def set_address(world: World, object_id: str, address: str) -> None:
    """Let a principal's calls come from this address from now on."""
    addresses = dict(world.get("meta", "addresses") or {})
    addresses[object_id.lower()] = address
    world.put("meta", "addresses", addresses)


def address_of(world: World, object_id: str) -> str:
    """Where a principal's calls come from: what was set, else one of a documentation range that stays the same."""
    chosen = (world.get("meta", "addresses") or {}).get(object_id.lower())
    return (
        str(chosen) if chosen else _ADDRESSES.format(1 + hashlib.sha256(object_id.lower().encode()).digest()[0] % 254)
    )


def issuer(tenant_id: str) -> str:
    """The issuer of v1.0 tokens."""
    return f"https://sts.windows.net/{tenant_id}/"


def jwks(world: World) -> Document:
    """The public half of the signing key, as the discovery documents' jwks_uri answers it."""
    signer = _signer(world)
    numbers = signer.key.public_key().public_numbers()
    n, e = (_encode(value.to_bytes((value.bit_length() + 7) // 8, "big")) for value in (numbers.n, numbers.e))
    return {
        "keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": signer.kid, "x5t": signer.kid, "n": n, "e": e}]
    }


def principal_of_client(world: World, client_id: str) -> Document | None:
    """The principal with this application id."""
    folded = client_id.lower()
    for _, principal in world.items("principal"):
        if (principal.get("clientId") or "").lower() == folded:
            return principal
    return None


def is_guid(text: str) -> bool:
    """Whether a text is a GUID in the form Azure writes."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _caller(world: World, principal: Document) -> Caller:
    return Caller(
        object_id=principal["objectId"],
        client_id=principal["clientId"] or "",
        name=principal["displayName"],
        kind=principal["kind"],
        address=address_of(world, principal["objectId"]),
        trusted=principal["kind"] == "ManagedIdentity",
    )


def _verify(signer: _Signer, token: str) -> dict[str, Any]:
    try:
        signed, _, signature = token.rpartition(".")
        header_part, claims_part = signed.split(".")
        header, claims = json.loads(_decode(header_part)), json.loads(_decode(claims_part))
        if header.get("alg") != "RS256" or header.get("kid") != signer.kid:
            raise InvalidToken("signature")
        signer.key.public_key().verify(_decode(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, AttributeError, InvalidSignature) as error:
        raise InvalidToken("signature") from error
    # Only this sandbox signs with this key, so the claims have the shape that `mint` gave them.
    return dict(claims)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
