"""A session to a real cloud, as far as it differs from a sandbox's: way there, trust, sign-in. The sandbox is that cloud,
reached by its proxy under Azure's own names."""

import asyncio
import contextlib
import http.server
import json
import ssl
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from cmk_admin.cloud.inventory import read_estate
from cmk_admin.cloud.live import Door, open_live
from cmk_admin.cloud.names import CLOUDS
from cmk_admin.cloud.reach import reach
from cmk_admin.cloud.session import Session
from cmk_admin.domain import mapping
from cmk_admin.domain.errors import AzureFailure, BadInput, FailureKind
from cmk_admin.domain.index import Index
from cmk_admin.domain.sign_in import SignInNews
from tests.live import enter, program_called_az, service_principal, way_there

from .conftest import Azure, Run
from .recording_proxy import RecordingProxy

ENVIRONMENT = Door(way="environment")


@pytest.fixture
def described(shared: Azure) -> dict[str, Any]:
    """The connection file's content, of which a live session knows nothing but what its environment says."""
    connection = shared.connection
    principals = {
        name: {"client_id": one.client_id, "secret": one.secret, "object_id": one.object_id}
        for name, one in connection.principals.items()
    }
    return {
        "proxy": connection.proxy,
        "ca_file": str(connection.ca_file),
        "tenant_id": connection.tenant_id,
        "principals": principals,
        "control": connection.control,
    }


def failure(run: Run[Any], door: Door, **options: Any) -> AzureFailure:
    with pytest.raises(AzureFailure) as caught:
        run(open_live(door, **options))
    return caught.value


@contextlib.contextmanager
def opened(run: Run[Any], door: Door, **options: Any) -> Iterator[Session]:
    session: Session = run(open_live(door, **options))
    try:
        yield session
    finally:
        run(session.close())


def test_a_real_cloud_is_read_through_the_systems_proxy_and_trust_store(
    described: dict[str, Any], looking: Session, run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with RecordingProxy(described["proxy"]) as proxy:
        enter(monkeypatch, way_there(described, proxy.url), service_principal(described))
        with opened(run, ENVIRONMENT) as session:
            live = run(read_estate(session))
            assert session.clock.speed == 1
            assert session.signed_in_by == "environment"
    assert mapping.rows(Index(live)) == mapping.rows(Index(run(read_estate(looking))))
    vaults = {vault.host for vault in live.vaults}
    assert proxy.hosts == vaults | {"login.microsoftonline.com", "management.azure.com", "graph.microsoft.com"}
    assert {one.rpartition(":")[2] for one in proxy.asked} == {"443"}


def test_a_proxys_name_and_password_go_to_the_proxy(
    described: dict[str, Any], run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with RecordingProxy(described["proxy"]) as proxy:
        named = proxy.url.replace("http://", "http://jo:p%40ss@")
        enter(monkeypatch, way_there(described, named), service_principal(described))
        with opened(run, ENVIRONMENT):
            pass
    assert set(proxy.logins) == {"jo:p@ss"}


def test_without_the_authority_in_the_trust_store_nothing_is_sent(
    described: dict[str, Any], run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(monkeypatch, {"HTTPS_PROXY": described["proxy"]}, service_principal(described))
    refused = failure(run, ENVIRONMENT)
    assert refused.kind is FailureKind.UNREACHABLE
    assert "certificate" in refused.message
    assert "SSL_CERT_FILE" in (refused.next or "")


def test_an_authority_that_az_trusts_is_trusted_too(
    described: dict[str, Any], run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    way = {"HTTPS_PROXY": described["proxy"], "REQUESTS_CA_BUNDLE": described["ca_file"]}
    enter(monkeypatch, way, service_principal(described))
    with opened(run, ENVIRONMENT) as session:
        assert session.account.tenant_id == described["tenant_id"]


def test_who_is_excepted_from_the_proxy_is_asked_directly(
    described: dict[str, Any], run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with RecordingProxy(described["proxy"]) as proxy:
        excepted = {"NO_PROXY": "login.microsoftonline.com"}
        enter(monkeypatch, way_there(described, proxy.url), excepted, service_principal(described))
        assert failure(run, ENVIRONMENT).kind is FailureKind.UNREACHABLE
    assert proxy.asked == []


@pytest.mark.parametrize("cloud", sorted(CLOUDS))
@pytest.mark.parametrize("way", ["environment", "device"])
def test_each_cloud_signs_in_at_its_own_authority(
    cloud: str, way: str, described: dict[str, Any], run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with RecordingProxy() as proxy:
        enter(monkeypatch, way_there(described, proxy.url), service_principal(described))
        # Named by the environment and still not asked: the cloud that was chosen counts
        monkeypatch.setenv("AZURE_AUTHORITY_HOST", "login.evil.example")
        refused = failure(run, Door(cloud=cloud, way=way, tenant=described["tenant_id"]))
    assert refused.kind is FailureKind.UNREACHABLE
    assert proxy.hosts == {CLOUDS[cloud].authority}
    assert CLOUDS[cloud].authority in refused.message


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"AZURE_CLIENT_SECRET": "not-the-secret"}, "the client secret is wrong (AADSTS7000215)"),
        ({"AZURE_CLIENT_ID": "11111111-1111-4111-8111-111111111111"}, "the application is not in the tenant"),
        ({"AZURE_TENANT_ID": "22222222-2222-4222-8222-222222222222"}, "the tenant does not exist in this cloud"),
    ],
)
def test_what_entra_refuses_is_told_without_the_secret(  # noqa: PLR0917
    environment: dict[str, str],
    message: str,
    described: dict[str, Any],
    run: Run[Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    enter(monkeypatch, way_there(described), service_principal(described), environment)
    refused = failure(run, ENVIRONMENT)
    assert refused.kind is FailureKind.SIGN_IN
    assert message in refused.message
    assert "AZURE_CLIENT_ID" in (refused.next or "")
    for secret in ("not-the-secret", service_principal(described)["AZURE_CLIENT_SECRET"]):
        assert secret not in f"{refused.message}{refused.next}{refused!r}{caplog.text}"


@pytest.mark.parametrize(
    "environment",
    [
        {"AZURE_CLIENT_SECRET": "", "AZURE_CLIENT_CERTIFICATE_PATH": "/nowhere/at/all.pem"},
        {"AZURE_TENANT_ID": "no tenant/at all"},
    ],
)
def test_an_environment_that_cannot_be_used_is_told_and_nothing_is_sent(
    environment: dict[str, str], described: dict[str, Any], run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with RecordingProxy() as proxy:
        enter(monkeypatch, way_there(described, proxy.url), service_principal(described), environment)
        if not environment.get("AZURE_CLIENT_SECRET", "kept"):
            monkeypatch.delenv("AZURE_CLIENT_SECRET")
        refused = failure(run, ENVIRONMENT)
    assert refused.kind is FailureKind.SIGN_IN
    assert "cannot be used" in refused.message
    assert proxy.asked == []


def test_where_nobody_is_signed_in_both_ways_are_named(
    described: dict[str, Any], run: Run[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    enter(monkeypatch, way_there(described))
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = failure(run, Door(tenant="contoso.example"))
    assert refused.kind is FailureKind.SIGN_IN
    assert "there is no “az” on the path" in refused.message
    assert "The environment names no service principal" in refused.message
    assert "az login --tenant contoso.example" in (refused.next or "")


def test_azure_cli_is_asked_for_the_tenants_token_first(
    described: dict[str, Any], run: Run[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    enter(monkeypatch, way_there(described), service_principal(described, "reader"))
    monkeypatch.setenv("PATH", str(program_called_az(tmp_path, *_minting(described))), prepend=":")
    said: list[SignInNews] = []
    with opened(run, Door(tenant=described["tenant_id"]), say=said.append) as session:
        # az is signed in as the administrator, the environment as the reader
        assert session.account.object_id == described["principals"]["administrator"]["object_id"]
        assert session.signed_in_by == "cli"
        assert all(host.failure is None for host in run(reach(session, ["dcc-premium.vault.azure.net"])))
    assert [one.words for one in said] == [f"Signing in to tenant {described['tenant_id']} through Azure CLI…"]


def _minting(described: dict[str, Any]) -> list[str]:
    """What an az does that is signed in as the administrator."""
    who = described["principals"]["administrator"]
    return [
        "import os, ssl, urllib.parse, urllib.request",
        "resource = sys.argv[sys.argv.index('--resource') + 1]",
        f"form = {{'grant_type': 'client_credentials', 'client_id': {who['client_id']!r},",
        f"        'client_secret': {who['secret']!r}, 'scope': resource + '/.default'}}",
        f"url = 'https://login.microsoftonline.com/{described['tenant_id']}/oauth2/v2.0/token'",
        "answer = json.load(urllib.request.urlopen(url, urllib.parse.urlencode(form).encode()))",
        "print(json.dumps({'accessToken': answer['access_token'], 'expiresOn': '2099-01-01 00:00:00.000000',",
        "                  'expires_on': 4070908800, 'tokenType': 'Bearer'}))",
    ]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("sys.exit('ERROR: Please run az login to setup account.')",), "Azure CLI is not signed in."),
        (("sys.exit('ERROR: AADSTS700082: expired. Run az login.')",), "the refresh token has expired (AADSTS700082)"),
        (("print('no JSON')",), "Azure CLI could not give a token."),
    ],
)
def test_what_az_says_becomes_one_sentence(
    lines: tuple[str, ...], message: str, run: Run[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    enter(monkeypatch)
    monkeypatch.setenv("PATH", str(program_called_az(tmp_path, *lines)))
    refused = failure(run, Door(way="cli", cloud="usgov", tenant="contoso.example"))
    assert refused.kind is FailureKind.SIGN_IN
    assert message in refused.message
    assert "az cloud set --name AzureUSGovernment" in (refused.next or "")
    assert "az login --tenant contoso.example" in (refused.next or "")


def test_a_sign_in_for_another_tenant_is_not_taken(
    described: dict[str, Any], run: Run[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = "22222222-2222-4222-8222-222222222222"
    enter(monkeypatch, way_there(described), service_principal(described))
    assert f"not for tenant {other}" in failure(run, Door(way="environment", tenant=other)).message
    monkeypatch.setenv("PATH", str(program_called_az(tmp_path, *_minting(described))), prepend=":")
    assert f"not for tenant {other}" in failure(run, Door(way="cli", tenant=other)).message


def entered(described: dict[str, Any], code: str, principal: str | None) -> None:
    """Somebody enters the code; without a principal: declines."""
    body = json.dumps({"user_code": code, "principal": principal}).encode()
    request = urllib.request.Request(f"{described['control'].rstrip('/')}/device", data=body, method="POST")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        assert answer.status == 200


def test_a_device_code_names_tenant_address_and_code_and_signs_the_person_in(
    described: dict[str, Any], run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(monkeypatch, way_there(described))
    said: list[SignInNews] = []

    def say(news: SignInNews) -> None:
        said.append(news)
        if news.code is not None:
            asyncio.get_running_loop().run_in_executor(None, entered, described, news.code, "administrator")

    with opened(run, Door(way="device", tenant=described["tenant_id"]), say=say) as session:
        assert session.account.name == "administrator@dcc.example"
        assert session.account.object_id == described["principals"]["administrator"]["object_id"]
        # Vaults and Graph without another question: the refresh token of the sign-in serves them
        assert all(host.failure is None for host in run(reach(session, ["dcc-premium.vault.azure.net"])))
        if session.record is None:
            assert "lasts until the program ends" in session.notes[0]
        else:
            assert "refresh" not in session.record
    prompt = said[-1]
    assert prompt.code is not None
    assert prompt.address == "https://microsoft.com/devicelogin"
    for word in (described["tenant_id"], prompt.code, prompt.address):
        assert word in prompt.words
    assert prompt.expires_at is not None


def test_a_device_code_that_is_declined_is_a_refused_sign_in(
    described: dict[str, Any], run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(monkeypatch, way_there(described))

    def say(news: SignInNews) -> None:
        if news.code is not None:
            asyncio.get_running_loop().run_in_executor(None, entered, described, news.code, None)

    refused = failure(run, Door(way="device"), say=say)
    assert refused.kind is FailureKind.SIGN_IN
    assert "Microsoft Entra refused the sign-in" in refused.message


def test_a_machines_identity_is_asked_directly_and_for_the_clouds_scope(
    described: dict[str, Any], run: Run[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    who = described["principals"]["dcc-mysql-id"]
    asked: list[tuple[str, str | None]] = []

    class Endpoint(http.server.BaseHTTPRequestHandler):
        """The endpoint that App Service gives a machine: its tokens are the sandbox's own."""

        def do_GET(self) -> None:
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
            asked.append((query["resource"][0], self.headers["X-IDENTITY-HEADER"]))
            token = run(_token(described, who, query["resource"][0]))
            answer = json.dumps(
                {"access_token": token, "expires_on": "4070908800", "resource": query["resource"][0]}
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}/token"
        machine = {"IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": "proof"}
        # A proxy for plain HTTP stands in the environment, and is not asked for a token
        enter(monkeypatch, way_there(described), {"HTTP_PROXY": "http://127.0.0.1:9"}, machine)
        with opened(run, Door(way="managed")) as session:
            assert session.account.object_id == who["object_id"]
        server.shutdown()
    assert asked == [("https://management.azure.com", "proof")]


async def _token(described: dict[str, Any], who: dict[str, str], resource: str) -> str:
    """A token of a principal, minted by the sandbox."""
    form = {"grant_type": "client_credentials", "client_id": who["client_id"], "client_secret": who["secret"]}
    url = f"https://login.microsoftonline.com/{described['tenant_id']}/oauth2/v2.0/token"
    context = ssl.create_default_context(cafile=described["ca_file"])
    form["scope"] = resource + "/.default"
    async with (
        aiohttp.ClientSession() as client,
        client.post(url, data=form, proxy=described["proxy"], ssl=context) as answer,
    ):
        return str((await answer.json())["access_token"])


@pytest.mark.parametrize("way", ["device", "browser"])
def test_a_cancel_ends_the_waiting_for_the_person_at_once(  # noqa: PLR0917
    way: str,
    shared: Azure,
    described: dict[str, Any],
    run: Run[Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    browser = tmp_path / "browser"
    browser.write_text("#!/bin/sh\nexit 0\n")
    browser.chmod(0o700)
    enter(monkeypatch, way_there(described), {"BROWSER": str(browser)})

    async def given_up() -> float:
        opening = asyncio.create_task(open_live(Door(way=way)))
        await asyncio.sleep(1.5)
        assert not opening.done()
        began = asyncio.get_running_loop().time()
        opening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await opening
        assert opening.cancelled()
        return asyncio.get_running_loop().time() - began

    assert run(given_up()) < 3
    before = len(shared.requests("POST", "/token"))
    run(asyncio.sleep(1.5))
    assert len(shared.requests("POST", "/token")) <= before + 1


def test_a_tenant_that_is_none_is_refused_before_anything_is_sent(run: Run[Any]) -> None:
    for tenant in ("", "a/b", "https://evil.example", "..", "-x", "x\n"):
        with pytest.raises(BadInput) as refused:
            run(open_live(Door(way="device", tenant=tenant)))
        assert refused.value.code == "bad-tenant"


def test_each_host_is_asked_for_itself(
    lent: Azure, run: Run[Any], monkeypatch: pytest.MonkeyPatch, described: dict[str, Any]
) -> None:
    mine = {**described, "proxy": lent.connection.proxy, "ca_file": str(lent.connection.ca_file)}
    mine["principals"] = {
        name: {"client_id": one.client_id, "secret": one.secret} for name, one in lent.connection.principals.items()
    }
    enter(monkeypatch, way_there(mine), service_principal(mine))
    with opened(run, ENVIRONMENT) as session:
        lent.fault("POST graph.microsoft.com* status:403")
        lent.fault("GET dcc-premium.vault.azure.net* reset")
        hosts = {one.name: one for one in run(reach(session, ["dcc-premium.vault.azure.net"]))}
        assert {name for name, one in hosts.items() if one.failure is not None} == {"vault", "graph"}
        assert hosts["arm"].words == "3 subscriptions can be seen."
        lent.calm()
        # A closed vault says nothing of the next one
        tried = run(reach(session, ["dcc-closed.vault.azure.net", "dcc-premium.vault.azure.net"]))
        assert all(one.failure is None for one in tried)
        lent.fault("GET management.azure.com/subscriptions* status:503")
        lent.fault("GET login.microsoftonline.com* status:503")
        down = {one.name for one in run(reach(session, [])) if one.failure is not None}
        assert down == {"sign-in", "arm", "vault"}
