"""The way in: TLS by the real names through the proxy, tokens, and the order of what stands before a handler."""

import asyncio
import base64
import json
import socket
import ssl
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
import requests
from aiohttp.abc import AbstractResolver, ResolveResult
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from azure.identity.aio import ClientSecretCredential as AsyncCredential

from cmk_admin.sandbox.services.authorization.model import make_assignment

from . import estate
from .running import ARM, Client, Running

pytestmark = pytest.mark.scenario("small")
READ = f"/subscriptions/{estate.ONE}/resourceGroups/keys"


def code(answer: requests.Response) -> str:
    return str(answer.json()["error"]["code"])


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


class Loopback(AbstractResolver):
    """Every name is the sandbox's listener, as a client in Python reaches it without the proxy."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=self._port, family=socket.AF_INET, proto=0, flags=0)
        ]

    async def close(self) -> None:
        pass


def aio(sandbox: Client, work: Callable[[aiohttp.ClientSession], Any]) -> Any:
    """Run a coroutine with a session that dials the listener directly and trusts the sandbox's CA only."""

    async def run() -> Any:
        trust = ssl.create_default_context(cafile=sandbox.connection["ca_file"])
        connector = aiohttp.TCPConnector(
            resolver=Loopback(sandbox.connection["tls_port"]), use_dns_cache=False, ssl=trust
        )
        async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
            return await work(session)

    return asyncio.run(run())


def test_the_real_credential_gets_a_token_that_arm_takes(sandbox: Running) -> None:
    token = sandbox.credential().get_token("https://management.core.windows.net//.default")
    answer = sandbox.send(
        "GET", f"{ARM}{READ}?api-version=2022-12-01", headers={"Authorization": f"Bearer {token.token}"}
    )
    assert answer.status_code == 200
    assert answer.json()["id"] == READ


def test_a_client_that_dials_the_listener_itself_is_served_under_the_same_names(sandbox: Running) -> None:
    async def work(session: aiohttp.ClientSession) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        async with session.get(f"{ARM}{READ}", params={"api-version": "2022-12-01"}, headers=headers) as answer:
            return answer.status

    token = sandbox.token()
    assert aio(sandbox, work) == 200


def test_the_asynchronous_credential_signs_in_without_the_proxy(sandbox: Running) -> None:
    async def work(session: aiohttp.ClientSession) -> str:
        from azure.core.pipeline.transport import AioHttpTransport

        principal = sandbox.principal("reader")
        transport = AioHttpTransport(session=session, session_owner=False, use_env_settings=False)
        credential = AsyncCredential(
            sandbox.connection["tenant_id"], principal["client_id"], principal["secret"], transport=transport
        )
        return (await credential.get_token("https://vault.azure.net/.default")).token

    claims = json.loads(base64.urlsafe_b64decode(aio(sandbox, work).split(".")[1] + "=="))
    assert claims["aud"] == "https://vault.azure.net"
    assert claims["oid"] == sandbox.principal("reader")["object_id"]


def test_a_client_without_the_ca_fails_closed(sandbox: Running) -> None:
    session = sandbox.session()
    session.verify = True
    with pytest.raises(requests.exceptions.SSLError):
        session.get(ARM, timeout=10)


def test_the_proxy_refuses_hosts_and_ports_outside_its_list(sandbox: Running) -> None:
    for url in ("https://example.org/", "https://management.azure.com:8443/", "https://a.b.vault.azure.net/"):
        with pytest.raises(requests.exceptions.ProxyError, match="403"):
            sandbox.session().get(url, timeout=10)


def test_a_vault_that_does_not_exist_has_no_address(sandbox: Running) -> None:
    with pytest.raises(requests.exceptions.ProxyError, match="502"):
        sandbox.session().get("https://nowhere.vault.azure.net/keys", timeout=10)

    async def work(session: aiohttp.ClientSession) -> None:
        await session.get("https://nowhere.vault.azure.net/keys")

    with pytest.raises(aiohttp.ClientConnectorError):
        aio(sandbox, work)


def test_a_plain_request_to_the_proxy_is_refused(sandbox: Running) -> None:
    answer = requests.get(sandbox.connection["proxy"], timeout=10)
    assert answer.status_code == 405
    session = sandbox.session()
    session.proxies = {"http": sandbox.connection["proxy"]}
    assert session.get("http://management.azure.com/", timeout=10).status_code == 405
    for url in ("http://example.org/", "http://169.254.169.254/metadata/identity", "http://[::1]:1/"):
        assert session.get(url, timeout=10).status_code == 403


def test_a_call_without_a_token_is_told_where_to_get_one(sandbox: Running) -> None:
    answer = sandbox.send("GET", f"{ARM}{READ}?api-version=2022-12-01")
    assert (answer.status_code, code(answer)) == (401, "AuthenticationFailed")
    assert sandbox.connection["tenant_id"] in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("spoil", ["not.a.token", "signature", "claims", "none"])
def test_a_token_that_was_not_minted_here_is_refused_and_leaves_no_trace(sandbox: Running, spoil: str) -> None:
    header, claims, signature = sandbox.token().split(".")
    if spoil == "signature":
        spoil = f"{header}.{claims}.{'A' * len(signature)}"
    elif spoil == "claims":
        forged = json.loads(base64.urlsafe_b64decode(claims + "==")) | {"oid": estate.ONE}
        spoil = f"{header}.{encoded(forged)}.{signature}"
    elif spoil == "none":
        spoil = f"{encoded({'alg': 'none'})}.{claims}."
    answer = sandbox.send("GET", f"{ARM}{READ}?api-version=2022-12-01", headers={"Authorization": f"Bearer {spoil}"})
    assert (answer.status_code, code(answer)) == (401, "InvalidAuthenticationToken")
    assert spoil not in answer.text
    assert spoil not in json.dumps(sandbox.control("GET", "requests"))


@pytest.mark.parametrize("length", [20_000, 70_000])
def test_a_long_token_is_refused_and_leaves_no_trace(
    sandbox: Running, length: int, caplog: pytest.LogCaptureFixture
) -> None:
    token = "live-" * (length // 5)
    answer = sandbox.send("GET", f"{ARM}{READ}?api-version=2022-12-01", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == (401 if length == 20_000 else 400)
    assert "live-live" not in answer.text
    assert "live-live" not in caplog.text


def test_a_header_that_is_none_leaves_no_trace(sandbox: Running, caplog: pytest.LogCaptureFixture) -> None:
    trust = ssl.create_default_context(cafile=sandbox.connection["ca_file"])
    with (
        socket.create_connection(("127.0.0.1", sandbox.connection["tls_port"]), timeout=10) as plain,
        trust.wrap_socket(plain, server_hostname="management.azure.com") as connection,
    ):
        connection.sendall(
            b"GET / HTTP/1.1\r\nHost: management.azure.com\r\nAuthorization: Bearer live-\x00-live\r\n\r\n"
        )
        answer = connection.recv(4096)
    assert answer.split(b" ", 2)[1] == b"400"
    assert b"live-" not in answer
    assert "live-" not in caplog.text


def test_a_token_for_another_audience_is_refused(sandbox: Running) -> None:
    wrong = sandbox.token(audience="https://vault.azure.net")
    answer = sandbox.send("GET", f"{ARM}{READ}?api-version=2022-12-01", headers={"Authorization": f"Bearer {wrong}"})
    assert (answer.status_code, code(answer)) == (401, "InvalidAuthenticationTokenAudience")


def test_a_vault_answers_a_bare_call_with_its_challenge(sandbox: Running) -> None:
    answer = sandbox.send("GET", "https://small.vault.azure.net/keys?api-version=7.4")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "Unauthorized"
    assert answer.json()["error"]["message"].startswith("AKV10000")
    assert answer.headers["WWW-Authenticate"] == (
        f'Bearer authorization="https://login.microsoftonline.com/{estate.TENANT}", resource="https://vault.azure.net"'
    )


def test_a_principal_that_is_gone_is_refused_though_its_token_has_not_expired(sandbox: Running) -> None:
    sandbox.token("worker")
    sandbox.do(lambda world: world.delete("principal", sandbox.principal("worker")["object_id"]))
    answer = sandbox.arm("GET", READ, as_="worker")
    assert (answer.status_code, code(answer)) == (401, "InvalidAuthenticationToken")


def test_a_refused_action_is_told_in_arm_s_words(sandbox: Running) -> None:
    reader = sandbox.principal("reader")
    answer = sandbox.arm(
        "PUT", f"{READ}/providers/Microsoft.Authorization/locks/keep", "2020-05-01", as_="reader", json={}
    )
    assert answer.status_code == 403
    assert answer.json()["error"] == {
        "code": "AuthorizationFailed",
        "message": f"The client '{reader['client_id']}' with object id '{reader['object_id']}' does not have authorization "
        "to perform action 'Microsoft.Authorization/locks/write' over scope "
        f"'{READ}/providers/Microsoft.Authorization/locks/keep' or the scope is invalid. If access was recently granted, "
        "please refresh your credentials.",
    }


def test_ids_are_compared_without_case_and_a_doubled_slash_is_one(sandbox: Running) -> None:
    answer = sandbox.arm("GET", "/" + READ.upper().replace("RESOURCEGROUPS", "resourcegroups"))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "version", "status", "expected"),
    [
        (READ, None, 400, "MissingApiVersionParameter"),
        (READ, "yesterday", 400, "InvalidApiVersionParameter"),
        (f"{READ}/providers/Microsoft.Authorization/locks", "1999-01-01", 400, "NoRegisteredProviderFound"),
        (f"{READ}/providers/Microsoft.Nothing/things", "2022-12-01", 404, "InvalidResourceNamespace"),
        (f"{READ}/providers/Microsoft.Authorization/things", "2022-12-01", 404, "InvalidResourceType"),
        ("/nothing", "2022-12-01", 404, "MissingSubscription"),
        ("/subscriptions/none", "2022-12-01", 400, "InvalidSubscriptionId"),
        (f"/subscriptions/{estate.TENANT}/resources", "2022-12-01", 404, "SubscriptionNotFound"),
        (f"/subscriptions/{estate.ONE}/resourceGroups/none/resources", "2022-12-01", 404, "ResourceGroupNotFound"),
        (f"/subscriptions/{estate.ONE}/resourceGroups/none", "2022-12-01", 404, "ResourceGroupNotFound"),
    ],
)
def test_what_nothing_answers_gets_arm_s_error(
    sandbox: Running, path: str, version: str | None, status: int, expected: str
) -> None:
    answer = sandbox.arm("GET", path, version)
    assert (answer.status_code, code(answer)) == (status, expected)


def test_a_path_that_knows_other_methods_says_so(sandbox: Running) -> None:
    answer = sandbox.arm("POST", "/subscriptions")
    assert (answer.status_code, code(answer)) == (405, "MethodNotAllowed")


def test_an_unknown_route_is_logged_as_unknown(sandbox: Running) -> None:
    sandbox.arm("GET", f"{READ}/providers/Microsoft.Nothing/things", params={"secret": "hidden"})
    entry = sandbox.control("GET", "requests")[-1]
    assert entry["unknown"] is True
    assert set(entry) == {"n", "time", "host", "method", "path", "status", "principal", "unknown"}
    assert (entry["host"], entry["status"], entry["principal"]) == ("management.azure.com", 404, "administrator")
    assert "hidden" not in json.dumps(entry)


def test_a_grant_counts_once_azure_s_delay_is_over(sandbox: Running) -> None:
    nobody = sandbox.principal("nobody")["object_id"]
    sandbox.do(lambda world: make_assignment(world, scope=READ, role="Reader", principal_id=nobody))
    assert sandbox.arm("GET", READ, as_="nobody").status_code == 403
    sandbox.advance(300)
    assert sandbox.arm("GET", READ, as_="nobody").status_code == 200


class TestTokens:
    """The token endpoints' refusals, by number."""

    def ask(self, sandbox: Running, tenant: str = estate.TENANT, path: str = "oauth2/v2.0/token", **form: str) -> Any:
        principal = sandbox.principal("reader")
        whole = {
            "grant_type": "client_credentials",
            "client_id": principal["client_id"],
            "client_secret": principal["secret"],
            "scope": "https://vault.azure.net/.default",
            **form,
        }
        answer = sandbox.send(
            "POST",
            f"https://login.microsoftonline.com/{tenant}/{path}",
            data={name: value for name, value in whole.items() if value},
        )
        return answer.status_code, answer.json()

    @pytest.mark.parametrize(
        ("form", "status", "error", "number"),
        [
            ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
            ({"client_secret": ""}, 401, "invalid_client", 7000218),
            ({"client_id": estate.ONE}, 400, "unauthorized_client", 700016),
            ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
            ({"grant_type": ""}, 400, "invalid_request", 900144),
            ({"scope": ""}, 400, "invalid_request", 900144),
            ({"scope": "https://vault.azure.net/keys"}, 400, "invalid_scope", 1002012),
            ({"scope": "https://example.org/.default"}, 400, "invalid_scope", 500011),
        ],
    )
    def test_a_bad_request_gets_entra_s_error(
        self, sandbox: Running, form: dict[str, str], status: int, error: str, number: int
    ) -> None:
        answered, body = self.ask(sandbox, **form)
        assert (answered, body["error"], body["error_codes"]) == (status, error, [number])
        assert body["error_description"].startswith(f"AADSTS{number}")
        assert sandbox.principal("reader")["secret"] not in json.dumps(body)

    def test_another_tenant_is_not_found(self, sandbox: Running) -> None:
        status, body = self.ask(sandbox, tenant=estate.ONE)
        assert (status, body["error_codes"]) == (400, [90002])

    def test_the_old_endpoint_answers_with_texts(self, sandbox: Running) -> None:
        status, body = self.ask(sandbox, path="oauth2/token", scope="", resource="https://management.azure.com/")
        assert (status, body["expires_in"], body["resource"]) == (200, "3599", "https://management.azure.com/")

    def test_the_real_credential_reports_a_wrong_secret(self, sandbox: Running) -> None:
        principal = sandbox.principal("reader")
        credential = ClientSecretCredential(estate.TENANT, principal["client_id"], "wrong", **sandbox.options)
        with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
            credential.get_token("https://vault.azure.net/.default")

    def test_discovery_names_the_tenant_s_issuer_and_a_key_that_its_tokens_are_signed_with(
        self, sandbox: Running
    ) -> None:
        base = f"https://login.windows.net/{estate.TENANT}"
        document = sandbox.send("GET", f"{base}/.well-known/openid-configuration").json()
        assert document["issuer"] == f"https://sts.windows.net/{estate.TENANT}/"
        keys = sandbox.send("GET", document["jwks_uri"]).json()["keys"]
        header = json.loads(base64.urlsafe_b64decode(sandbox.token().split(".")[0] + "=="))
        assert [key["kid"] for key in keys] == [header["kid"]]
        v2 = sandbox.send("GET", f"{base}/v2.0/.well-known/openid-configuration").json()
        assert v2["issuer"] == f"https://login.microsoftonline.com/{estate.TENANT}/v2.0"
