"""Every claim of a token is checked on every call, in each plane's words, though the signature is the sandbox's own."""

import base64
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from cmk_admin.sandbox import connection, entra
from cmk_admin.sandbox.services.identity.model import make_identity
from cmk_admin.sandbox.wire import AzureError

from . import estate
from .running import Running

pytestmark = pytest.mark.scenario("small")
URLS = {
    "arm": f"https://management.azure.com{estate.GROUP}?api-version=2022-12-01",
    "vault": "https://small.vault.azure.net/keys?api-version=7.4",
    "graph": "https://graph.microsoft.com/v1.0/users",
}


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def signed(sandbox: Running, plane: str, **changed: Any) -> str:
    """A token signed with the sandbox's own key, good but for what is changed in it."""
    document = sandbox.world.get("meta", "signing_key")
    assert document is not None
    key = serialization.load_pem_private_key(document["pem"].encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    principal = sandbox.principal("administrator")
    claims = {
        "aud": entra.AUDIENCES[plane][0],
        "iss": entra.issuer(estate.TENANT),
        "tid": estate.TENANT,
        "oid": principal["object_id"],
        "appid": principal["client_id"],
        "nbf": int(time.time()) - 10,
        "exp": int(time.time()) + 600,
        **changed,
    }
    header = {"alg": "RS256", "kid": document["kid"]}
    text = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    return f"{text}.{encoded(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def ask(sandbox: Running, plane: str, token: str) -> tuple[int, str]:
    answer = sandbox.send("GET", URLS[plane], headers={"Authorization": f"Bearer {token}"})
    assert token not in answer.text
    error = answer.json().get("error", {})
    return answer.status_code, f"{error.get('code')} {error.get('message')}"


@pytest.mark.parametrize("plane", URLS)
def test_a_token_whose_claims_all_hold_is_taken(sandbox: Running, plane: str) -> None:
    assert ask(sandbox, plane, signed(sandbox, plane))[0] == 200


@pytest.mark.parametrize(
    ("plane", "changed", "words"),
    [
        ("arm", {"exp": 1}, "ExpiredAuthenticationToken"),
        ("vault", {"exp": 1}, "TokenExpired"),
        ("graph", {"exp": 1}, "the token is expired"),
        ("arm", {"nbf": 2**40}, "ExpiredAuthenticationToken"),
        ("arm", {"aud": "https://vault.azure.net"}, "InvalidAuthenticationTokenAudience"),
        ("vault", {"aud": "https://management.azure.com/"}, "AKV10022"),
        ("graph", {"aud": "https://management.azure.com/"}, "Invalid audience"),
        ("arm", {"tid": estate.ONE}, "InvalidAuthenticationTokenTenant"),
        ("arm", {"iss": entra.issuer(estate.ONE)}, "InvalidAuthenticationTokenTenant"),
        ("vault", {"iss": entra.issuer(estate.ONE)}, "AKV10032"),
        ("arm", {"oid": estate.ONE}, "InvalidAuthenticationToken"),
        ("vault", {"oid": estate.ONE}, "Unauthorized"),
        ("arm", {"appid": estate.ONE}, "InvalidAuthenticationToken"),
    ],
)
def test_a_claim_that_does_not_hold_is_refused_in_the_plane_s_words(
    sandbox: Running, plane: str, changed: dict[str, Any], words: str
) -> None:
    status, message = ask(sandbox, plane, signed(sandbox, plane, **changed))
    assert status == 401
    assert words in message


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer a.b", "Bearer a.b.c.d", "Bearer .."])
@pytest.mark.parametrize("plane", URLS)
def test_a_header_that_holds_no_token_is_refused(sandbox: Running, plane: str, header: str) -> None:
    answer = sandbox.send("GET", URLS[plane], headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_pushed_calendar_does_not_age_tokens(sandbox: Running) -> None:
    token = sandbox.token()
    sandbox.advance(10 * 365 * 86400)
    assert ask(sandbox, "arm", token)[0] == 200


def test_who_is_not_in_the_directory_cannot_be_acted_as(sandbox: Running) -> None:
    with pytest.raises(AzureError, match="AADSTS700016"):
        entra.caller_for(sandbox.world, estate.ONE)
    worker = entra.caller_for(sandbox.world, sandbox.principal("worker")["object_id"])
    assert (worker.name, worker.trusted) == ("worker", True)
    assert not entra.caller_for(sandbox.world, sandbox.principal("reader")["object_id"]).trusted


def test_two_identities_of_one_name_are_told_apart_by_their_groups(sandbox: Running) -> None:
    sandbox.do(lambda world: make_identity(world, subscription=estate.ONE, group="other", name="worker"))
    named = connection.principals(sandbox.world)
    assert {"worker", "other/worker"} <= set(named)
    assert named["worker"]["objectId"] != named["other/worker"]["objectId"]
